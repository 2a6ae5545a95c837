"""What a client's tokens are bound to changes: its certificate, or a key of its own."""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import take_client
from creditbridge.parties.model import Applied, Change, SenderConstraint
from creditbridge.parties.store import clients


class ConstraintUnchanged(Refused):
    """The client's tokens are bound so already."""

    code = "client-constraint-unchanged"
    message = "The tokens of this client are bound so already."


class ClientConstraint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of what a client's tokens are bound to."""

    client_id: str
    sender_constraint: SenderConstraint


def read(body: bytes) -> ClientConstraint:
    """Return what a body binds a client's tokens to.

    Raises:
        Malformed: not the canonical body of this kind.
    """
    return read_body(body, ClientConstraint)


async def apply(tx: Transaction, change: Change) -> Applied:
    """Bind the client's tokens so from now on; those that were bound in the other way end.

    Raises:
        Refused: no such client, or its tokens are bound so already.
    """
    asked = read(change.body)
    registration = await take_client(tx, asked.client_id)
    if registration.client.sender_constraint is asked.sender_constraint:
        raise ConstraintUnchanged
    await clients.set_constraint(tx, asked.client_id, asked.sender_constraint)
    client = replace(registration.client, sender_constraint=asked.sender_constraint)
    return Applied(subject=registration.bank, client=client, ends_tokens=True)
