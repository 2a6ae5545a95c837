"""A person's device in front of a page: it reads what the page asks, and fills in its form."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from urllib.parse import quote

from msgspec.structs import replace
from tests.endpoints.stage import PEOPLE_URL, Stage
from tests.endpoints.wire import Answer
from tests.passkeys import Authenticator, Members, base64url, make_authenticator

FIELD = re.compile(r'<input type="hidden" name="([A-Za-z_]+)" value="([^"]*)">')
NONE: Members = {}


def make_phone(*, synced: bool = False) -> Authenticator:
    """Return an authenticator for this portal."""
    made = make_authenticator(synced=synced)
    return replace(made, rp_id="gateway.example", origin=PEOPLE_URL)


def asked_of(page: Answer, name: str) -> str:
    """Return what the page's form asks under a name."""
    found = re.search(rf'data-{name}="([^"]*)"', page.body.decode())
    assert found is not None, page.body
    return found[1]


def challenge_of(page: Answer) -> bytes:
    """Return the challenge of a page."""
    return urlsafe_b64decode(asked_of(page, "challenge") + "=")


def fields_of(page: Answer) -> dict[str, str]:
    """Return the hidden fields of the page's last form."""
    return dict(FIELD.findall(page.body.decode().rpartition("<form")[2]))


def make_fields(page: Answer, phone: Authenticator, name: str = "phone") -> dict[str, str]:
    """Return what the script fills in when a new credential was made."""
    client_data, attestation = phone.attest(challenge_of(page))
    return {
        **fields_of(page),
        "name": quote(name),
        "client_data": base64url(client_data),
        "attestation": base64url(attestation),
    }


def sign_fields(
    page: Answer, phone: Authenticator, *, handle: bytes = b"", members: Members = NONE
) -> dict[str, str]:
    """Return what the script fills in when a passkey has signed."""
    return {**fields_of(page), **answer_of(phone, challenge_of(page), handle, members)}


def answer_of(
    phone: Authenticator, challenge: bytes, handle: bytes = b"", members: Members = NONE
) -> Mapping[str, str]:
    """Return the fields of an assertion over a challenge."""
    signed = phone.sign(challenge, members=members)
    return {
        "credential_id": base64url(phone.credential_id),
        "client_data": base64url(signed.client_data),
        "authenticator_data": base64url(signed.authenticator_data),
        "signature": base64url(signed.signature),
        "user_handle": base64url(handle),
    }


async def enrol(stage: Stage, session: str, phone: Authenticator) -> None:
    """Add a first passkey in the portal."""
    page = await stage.visit(session, "/portal/passkeys/new")
    done = await stage.visit(session, "/portal/passkeys", form=make_fields(page, phone))
    assert done.status == 303, done.body
