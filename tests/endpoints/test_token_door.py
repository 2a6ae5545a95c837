"""Token requests that go past the framework are answered as the framework answers them."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.endpoints.stage import FORM, Machine, Stage
from tests.endpoints.wire import Answer, Mapping, send

from creditbridge.access.model import ClientRequest
from creditbridge.endpoints.applications import BODY_BYTES_MAX, bank_application
from creditbridge.foundation.database import DatabaseUnavailable

GRANT = b"grant_type=client_credentials&client_id=north-core&scope="


class Wire:
    """An ASGI exchange of which the test says how the body comes."""

    def __init__(self, stage: Stage, machine: Machine, parts: Sequence[Mapping]) -> None:
        self._stage, self._machine, self._parts = stage, machine, list(parts)
        self.sent: list[Mapping] = []

    async def run(self, *headers: tuple[bytes, bytes]) -> "Wire":
        """Send the request, with these headers beside its content type."""
        scope: Mapping = {
            "type": "http",
            "method": "POST",
            "path": "/oauth/token",
            "raw_path": b"/oauth/token",
            "root_path": "",
            "query_string": b"",
            "headers": [(FORM[0].encode(), FORM[1].encode()), *headers],
            "client": ("127.0.0.1", 50_000),
            "state": {},
            "extensions": {"tls": {"client_certificate": self._machine.certificate}},
        }
        await self._stage.bank(scope, self._receive, self._take)
        return self

    async def _receive(self) -> Mapping:
        return self._parts.pop(0) if self._parts else {"type": "http.disconnect"}

    async def _take(self, message: Mapping) -> None:
        self.sent.append(message)


def part(body: bytes, *, more: bool) -> Mapping:
    """Return a piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


HALVES = [part(GRANT, more=True), part(b"reports", more=False)]
LENGTH = (b"content-length", str(len(GRANT) + len(b"reports")).encode())


@pytest.mark.parametrize("headers", [(LENGTH,), ()])
async def test_a_body_in_pieces_is_one_form(
    stage: Stage, north: Machine, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    """Where its length is said, and where only its end is: the framework reads that one."""
    wire = await Wire(stage, north, HALVES).run(*headers)

    assert wire.sent[0]["status"] == 200
    assert b"access_token" in b"".join(bytes(str(one.get("body")), "latin-1") for one in wire.sent)


async def test_who_leaves_before_the_body_is_whole_gets_nothing(
    stage: Stage, north: Machine
) -> None:
    """Nothing is decided about half a form."""
    wire = await Wire(stage, north, HALVES[:1]).run(LENGTH)

    assert wire.sent == []


async def ask(stage: Stage, machine: Machine, method: str, body: bytes) -> Answer:
    """Send a request to the token endpoint."""
    certificate = machine.certificate
    return await send(
        stage.bank, method, "/oauth/token", headers=[FORM], body=body, certificate=certificate
    )


async def test_what_is_no_plain_request_is_the_frameworks(stage: Stage, north: Machine) -> None:
    """A body that is too large, another method: its own words for them."""
    assert (await ask(stage, north, "POST", b"a" * (BODY_BYTES_MAX + 1))).code == "body-too-large"
    assert (await ask(stage, north, "PUT", GRANT)).code == "method-not-allowed"


async def test_an_error_that_is_none_of_oauth_is_a_problem(stage: Stage, north: Machine) -> None:
    """The database is away: 503, and when to come again."""

    async def fail(request: ClientRequest) -> None:
        raise DatabaseUnavailable(detail=str(len(request.form)))

    failing = replace(stage.house.machines, issue_token=fail)
    stage.bank = bank_application(replace(stage.house, machines=failing))

    answer = await ask(stage, north, "POST", GRANT + b"reports")

    assert (answer.status, answer.code) == (503, "database-unavailable")
    assert answer.header("retry-after") == "1"
