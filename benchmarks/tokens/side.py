"""The sides of the comparison of tokens, and ours among them."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from benchmarks.fixed import FixedRequest
from benchmarks.sides import DATABASE, GATEWAY, Side, ignore
from creditbridge.cli.demo.layout import Layout
from creditbridge.foundation.http import Http
from creditbridge.foundation.http_messages import HttpRequest

BANK = "north"
CLIENT_ID = "north-lending"
SCOPE = "reports"
FORM = f"grant_type=client_credentials&client_id={CLIENT_ID}&scope={SCOPE}"
CHECKPOINT_SECONDS = 5.0


async def keep_no_log() -> int:
    """Return 0: this side has no log."""
    return 0


class TokenSide(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization server that can be asked for tokens, and the process trees that serve it.

    `workers` is how many of its processes answer; `read_log` returns how many records its
    published log holds; `watch` is told when a measured round begins and ends.
    """

    name: str
    request: FixedRequest
    roots: Mapping[str, tuple[int, ...]]
    workers: int = 1
    read_log: Callable[[], Awaitable[int]] = keep_no_log
    watch: Callable[[bool], None] = ignore


def request_for(layout: Layout, port: int, path: str) -> FixedRequest:
    """Return the one request for a token, as a bank's machine sends it to this address."""
    form = layout.folder / "token.form"
    form.write_text(FORM)
    bank = layout.pki / "banks" / BANK
    return FixedRequest(
        port=port,
        path=path,
        authority_file=layout.pki / "ca/doors.pem",
        certificate_file=bank / "client.pem",
        key_file=bank / "client.key",
        body_file=form,
    )


def our_side(layout: Layout, side: Side, http: Http, *, workers: int) -> TokenSide:
    """Return the gateway, which issues no token without its record; `http` reads its log."""

    async def _read_log() -> int:
        asked = HttpRequest(method="GET", url=f"{layout.people_url}/checkpoint")
        note = (await http.send(asked, timeout_seconds=CHECKPOINT_SECONDS)).body
        # The second line of a checkpoint is the size (C2SP tlog-checkpoint).
        return int(note.split(b"\n")[1])

    return TokenSide(
        name="creditbridge",
        request=request_for(layout, layout.bank_port, "/oauth/token"),
        roots={role: side.roots[role] for role in (GATEWAY, DATABASE)},
        workers=workers,
        read_log=_read_log,
        watch=side.watch,
    )
