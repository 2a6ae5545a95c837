"""The way to a new passkey for a person who lost every one: two operators have seen who it is."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.model import Applied, Change
from creditbridge.parties.store import people


class PasskeyRecovery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change that opens the way; the portal shows a person their id."""

    person_id: str


class PersonMissing(Refused):
    """Nobody has this id."""

    code = "person-unknown"
    message = "There is no such person."


def read(body: bytes) -> PasskeyRecovery:
    """Return the person that a body names.

    Raises:
        Malformed: not the canonical body of this kind.
    """
    return read_body(body, PasskeyRecovery)


async def apply(tx: Transaction, change: Change) -> Applied:
    """Accept a person who is there; the room of the passkeys ends theirs and opens the way.

    Raises:
        PersonMissing: there is none.
    """
    person_id = read(change.body).person_id
    known = is_id(Kind.PERSON, person_id)
    person = await people.find_person(tx, person_id) if known else None
    if person is None:
        raise PersonMissing
    return Applied(subject=None, person=person)
