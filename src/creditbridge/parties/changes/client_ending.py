"""A client ends for good: no token, no request, and nobody gets its id, subject or keys again."""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import take_client
from creditbridge.parties.model import Applied, Change, Standing
from creditbridge.parties.rules import is_live
from creditbridge.parties.store import certificates, clients


class ClientEnding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change that ends a client."""

    client_id: str


def read(body: bytes) -> ClientEnding:
    """Return the client that a body ends.

    Raises:
        Malformed: not the canonical body of this kind.
    """
    return read_body(body, ClientEnding)


async def apply(tx: Transaction, change: Change) -> Applied:
    """End the client and its keys at once; what it asked and was given stays as it is.

    Raises:
        ClientUnknown: there is none, or it has ended before.
    """
    registration = await take_client(tx, read(change.body).client_id)
    client = replace(registration.client, state=Standing.ENDED)
    live = [key.key_id for key in registration.keys if is_live(key, now=tx.now)]
    own = [one.thumbprint for one in registration.certificates if is_live(one, now=tx.now)]
    await clients.set_standing(tx, client.client_id, client.state)
    await clients.end_keys(tx, client.client_id, live, at=tx.now)
    await certificates.end(tx, client.client_id, own, at=tx.now)
    return Applied(
        subject=registration.bank,
        client=client,
        keys_ended=frozenset(live),
        keys_end_at=tx.now if live else None,
        certificates_ended=frozenset(own),
        ends_tokens=True,
    )
