"""Who may speak for an enterprise, at this very moment, and how far."""

from datetime import timedelta

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.records.people import name_person
from creditbridge.ledger.model import PersonName
from creditbridge.parties.service import find_representative, get_person, hold_representatives
from creditbridge.parties.voices.model import Reach
from creditbridge.parties.voices.rules import require_within

DAY = timedelta(days=1)


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


async def require_approver(tx: Transaction, person_id: str, uscc: str) -> PersonName:
    """Return how the ledger names a person who is about to approve something.

    Whoever would end or limit a voice of the enterprise waits for this transaction: what is decided
    by them is decided by those who could.

    Raises:
        VoiceMissing: they may not speak for the enterprise.
    """
    # The people before the consent: in this order everybody locks them.
    await hold_representatives(tx, uscc)
    return await require_voice(tx, person_id, uscc)


async def require_reach(tx: Transaction, person_id: str, consent: Consent) -> None:
    """Accept a consent, as it would be given, that the person may give.

    Raises:
        VoiceMissing: they may not speak for the enterprise.
        VoiceRefused: an agent, beyond a limit that the refusal names.
    """
    representative = await find_representative(tx, person_id=person_id, uscc=consent.uscc)
    if representative is None:
        raise VoiceMissing
    require_within(representative, reach_of(consent), now=tx.now)


def reach_of(consent: Consent) -> Reach:
    """Return how far a consent goes."""
    term = consent.valid_to - consent.valid_from
    return Reach(
        purposes=consent.purposes,
        sections=consent.sections,
        # Begun days count: a limit of thirty days does not cover thirty and an hour.
        days=-(-term // DAY),
        queries=consent.max_queries,
    )
