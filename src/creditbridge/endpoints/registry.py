"""The registry on the operations door: a bank shut out, its clients shown."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.ids import Kind
from creditbridge.ledger.encoding import from_base64url
from creditbridge.parties import service as parties
from creditbridge.parties.acts import SignedSuspension, SuspensionAct
from creditbridge.parties.model import Applied, Bank, Registration
from creditbridge.protocols.strict_json import decode

NO_STORE = {"cache-control": "no-store"}


class SuspensionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed suspension."""

    act: SuspensionAct
    signature: Annotated[str, msgspec.Meta(max_length=86)]


@post("/suspensions", status_code=201)
async def suspend(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Shut a bank out by one operator's signed act."""
    body = decode(await request.body(), SuspensionBody)
    suspension = SignedSuspension(act=body.act, signature=from_base64url(body.signature))
    return _answer(_show_bank(await house.operators.suspend_bank(suspension)), 201)


@get("/banks/{bank_id:str}/clients")
async def list_clients(bank_id: FromPath[str], house: AtHouse) -> Response[bytes]:
    """Show a bank's clients with their keys, ended ones too."""
    async with house.database.transaction() as tx:
        bank = await parties.get_bank(tx, require_id(Kind.BANK, bank_id))
        found = await parties.list_clients(tx, bank.bank_id)
    return _answer({**_show_bank(bank), "clients": list(map(_show_client, found))}, 200)


def show_applied(applied: Applied) -> dict[str, object]:
    """Return what an approved change did, for the operator who approved it."""
    if applied.person is not None:
        return {"changed": "PASSKEY_RECOVERY", "person_id": applied.person.person_id}
    if applied.subject is None:
        # The policy itself is at `/v1/policy`, with its signature and its instant.
        return {"changed": "CONSENT_POLICY"}
    members: dict[str, object] = {**_show_bank(applied.subject)}
    if applied.client is not None:
        members["client_id"] = applied.client.client_id
        members["client_state"] = applied.client.state
    return members


def _show_bank(bank: Bank) -> dict[str, object]:
    return {
        "bank_id": bank.bank_id,
        "uscc": bank.uscc,
        "legal_name": bank.legal_name,
        "state": bank.state,
    }


def _show_client(registration: Registration) -> dict[str, object]:
    client = registration.client
    return {
        "client_id": client.client_id,
        "state": client.state,
        "authentication": client.authentication,
        "matcher": client.matcher,
        "scopes": sorted(client.scopes),
        "requires_signature": client.requires_signature,
        "sender_constraint": client.sender_constraint,
        "grant_types": sorted(client.grant_types),
        "redirect_uris": sorted(client.redirect_uris),
        "response_modes": sorted(client.response_modes),
        "require_signed_request_object": client.requires_request_object,
        "jwks_uri": client.jwks_uri,
        "keys_fetched_at": registration.key_set and registration.key_set.fetched_at,
        "keys": [
            {"key_id": key.key_id, "registered_at": key.registered_at, "ends_at": key.ends_at}
            for key in registration.keys
        ],
        "certificates": [
            {
                "thumbprint": one.thumbprint,
                "registered_at": one.registered_at,
                "ends_at": one.ends_at,
            }
            for one in registration.certificates
        ],
    }


def _answer(members: object, status: int) -> Response[bytes]:
    return Response(
        msgspec.json.encode(members),
        status_code=status,
        media_type="application/json",
        headers=NO_STORE,
    )
