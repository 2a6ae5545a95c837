"""Who may speak for an enterprise, at this very moment."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.records.people import name_person
from creditbridge.ledger.model import PersonName
from creditbridge.parties.model import Role
from creditbridge.parties.service import get_person, hold_representative


class VoiceMissing(Refused):
    """The person may not speak for the enterprise, or may no longer."""

    code = "voice-missing"
    message = "You may not decide for this enterprise. Please sign in again."


class ConfirmationNotYours(Refused):
    """Agents do not confirm what rests on a legal representative's word."""

    code = "confirmation-not-yours"
    message = "Only the legal representative confirms consents that the former one gave."


async def require_voice(tx: Transaction, person_id: str, uscc: str) -> PersonName:
    """Return how the ledger names a person who may speak for the enterprise.

    Their right does not end before `tx` does: what they do, they do before.

    Raises:
        VoiceMissing: they may not.
    """
    representative = await hold_representative(tx, person_id=person_id, uscc=uscc)
    if representative is None:
        raise VoiceMissing
    return name_person(await get_person(tx, person_id), representative)


async def require_head(tx: Transaction, person_id: str, uscc: str) -> PersonName:
    """Return how the ledger names the enterprise's legal representative; see `require_voice`.

    Raises:
        VoiceMissing: they may not speak for it.
        ConfirmationNotYours: an agent.
    """
    person = await require_voice(tx, person_id, uscc)
    if person.role != Role.LEGAL_REP:
        raise ConfirmationNotYours
    return person
