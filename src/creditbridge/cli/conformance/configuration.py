"""The suite's configuration: a JSON file for each variant, with keys that are thrown away."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from creditbridge.cli.conformance.browser import (
    APPROVE,
    Pages,
    describe_request,
    list_overrides,
)
from creditbridge.cli.conformance.cast import BANKS, OPENID, SCOPES, Asking, Jwk, Variant
from creditbridge.cli.demo.stage import USCC

FILE = "stand.json"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """A stand that is up: its addresses, and its clients' private keys by client id."""

    alias: str
    suite_url: str
    bank_url: str
    people_url: str
    identity_url: str
    approver_url: str
    keys: dict[str, Jwk]


def write_stand(folder: Path, stand: Stand) -> None:
    """Keep what the configurations are made of, for its owner only."""
    path = folder / FILE
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(stand))


def read_stand(folder: Path) -> Stand:
    """Return the stand that was built in a folder.

    Raises:
        OSError: none was.
    """
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Stand)


def configure(stand: Stand, variant: Variant, *, openid: bool, pki: Path) -> dict[str, object]:
    """Return the configuration of a test plan, as the suite reads it; `openid` as its variant."""
    first, second = BANKS
    pages = Pages(
        authorization=f"{stand.people_url}/oauth/authorize*",
        log_in=f"{stand.identity_url}/authorize*",
        callback=f"{stand.suite_url}/test/a/{stand.alias}/callback*",
    )
    # CIBA is an extension of OpenID Connect.
    openid = openid or variant.asking is Asking.CIBA
    scopes = (OPENID, *SCOPES) if openid else SCOPES
    document = "openid-configuration" if openid else "oauth-authorization-server"
    return {
        "alias": stand.alias,
        "description": f"Creditbridge, {variant.name}{', openid' if openid else ''}",
        "server": {"discoveryUrl": f"{stand.people_url}/.well-known/{document}"},
        "client": _client(stand, variant.client_id(first), scopes),
        "client2": _client(stand, variant.client_id(second), scopes),
        "mtls": _certificate(pki, variant.client_id(first)),
        "mtls2": _certificate(pki, variant.client_id(second)),
        "resource": {
            "resourceUrl": f"{stand.bank_url}/v1/consents",
            "richAuthorizationRequest": describe_request(),
        },
        "automated_ciba_approval_url": (
            f"{stand.approver_url}/?auth_req_id={{auth_req_id}}&action={{action}}"
        ),
        "browser": pages.browse(pages.answer(APPROVE)),
        "override": {
            module: {"browser": browser} for module, browser in list_overrides(pages).items()
        },
    }


def _client(stand: Stand, client_id: str, scopes: Sequence[str]) -> dict[str, object]:
    return {
        "client_id": client_id,
        "scope": " ".join(scopes),
        "jwks": {"keys": [stand.keys[client_id]]},
        # Whom CIBA asks: the enterprise, by its code.
        "hint_type": "login_hint",
        "hint_value": USCC,
    }


def _certificate(pki: Path, client_id: str) -> dict[str, str]:
    return {
        "cert": (pki / "clients" / f"{client_id}.pem").read_text("ascii"),
        "key": (pki / "clients" / f"{client_id}.key").read_text("ascii"),
        "ca": (pki / "ca" / "banks.pem").read_text("ascii"),
    }
