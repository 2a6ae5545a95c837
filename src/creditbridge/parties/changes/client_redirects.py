"""Other addresses count for a client's answers over a browser, and the earlier ones no more."""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import take_client
from creditbridge.parties.code_flow import require_redirects
from creditbridge.parties.model import AUTHORIZATION_CODE, Applied, Change
from creditbridge.parties.store import clients


class RedirectsUnused(Refused):
    """The client asks nobody over a browser."""

    code = "redirects-unused"
    message = "The client is not registered for authorization_code, and has no redirect URIs."


class ClientRedirects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of redirect URIs: all that count from the approval on."""

    client_id: str
    redirect_uris: tuple[str, ...]


def read(body: bytes) -> ClientRedirects:
    """Return the addresses that a body registers.

    Raises:
        Malformed: not the canonical body of this kind, or an address that no answer may go to.
    """
    change = read_body(body, ClientRedirects)
    require_redirects(change.redirect_uris)
    return change


async def apply(tx: Transaction, change: Change) -> Applied:
    """Register the addresses; a request that waits for a person goes to no earlier one either.

    Raises:
        Refused: no such client, or one that is not registered for the code flow.
    """
    asked = read(change.body)
    registration = await take_client(tx, asked.client_id)
    if AUTHORIZATION_CODE not in registration.client.grant_types:
        raise RedirectsUnused
    redirect_uris = frozenset(asked.redirect_uris)
    await clients.set_redirects(tx, asked.client_id, redirect_uris)
    client = replace(registration.client, redirect_uris=redirect_uris)
    return Applied(subject=registration.bank, client=client)
