"""The suite's configuration: a JSON file for each variant, with keys that are thrown away."""

from pathlib import Path

import msgspec

from creditbridge.cli.conformance.browser import (
    APPROVE,
    Pages,
    describe_request,
    list_overrides,
)
from creditbridge.cli.conformance.cast import BANKS, SCOPES, Jwk, Variant

FILE = "stand.json"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """A stand that is up: its addresses, and its clients' private keys by client id."""

    alias: str
    suite_url: str
    bank_url: str
    people_url: str
    identity_url: str
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


def configure(stand: Stand, variant: Variant, *, pki: Path) -> dict[str, object]:
    """Return the configuration of a test plan, as the suite reads it."""
    first, second = BANKS
    pages = Pages(
        authorization=f"{stand.people_url}/oauth/authorize*",
        log_in=f"{stand.identity_url}/authorize*",
        callback=f"{stand.suite_url}/test/a/{stand.alias}/callback*",
    )
    return {
        "alias": stand.alias,
        "description": f"Creditbridge, {variant.name}",
        "server": {
            "discoveryUrl": f"{stand.people_url}/.well-known/oauth-authorization-server",
        },
        "client": _client(stand, variant.client_id(first)),
        "client2": _client(stand, variant.client_id(second)),
        "mtls": _certificate(pki, variant.client_id(first)),
        "mtls2": _certificate(pki, variant.client_id(second)),
        "resource": {
            "resourceUrl": f"{stand.bank_url}/v1/consents",
            "richAuthorizationRequest": describe_request(),
        },
        "browser": pages.browse(pages.answer(APPROVE)),
        "override": {
            module: {"browser": browser} for module, browser in list_overrides(pages).items()
        },
    }


def _client(stand: Stand, client_id: str) -> dict[str, object]:
    return {
        "client_id": client_id,
        "scope": " ".join(SCOPES),
        "jwks": {"keys": [stand.keys[client_id]]},
    }


def _certificate(pki: Path, client_id: str) -> dict[str, str]:
    return {
        "cert": (pki / "clients" / f"{client_id}.pem").read_text("ascii"),
        "key": (pki / "clients" / f"{client_id}.key").read_text("ascii"),
        "ca": (pki / "ca" / "banks.pem").read_text("ascii"),
    }
