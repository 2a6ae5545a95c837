"""Who may speak for an enterprise, at this very moment."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.records.people import name_person
from creditbridge.ledger.model import PersonName
from creditbridge.parties.service import find_representative, get_person


class VoiceMissing(Refused):
    """The person may not speak for the enterprise, or may no longer."""

    code = "voice-missing"
    message = "You may not decide for this enterprise. Please sign in again."


async def require_voice(tx: Transaction, person_id: str, uscc: str) -> PersonName:
    """Return how the ledger names a person who may speak for the enterprise.

    Raises:
        VoiceMissing: they may not.
    """
    representative = await find_representative(tx, person_id=person_id, uscc=uscc)
    if representative is None:
        raise VoiceMissing
    return name_person(await get_person(tx, person_id), representative)
