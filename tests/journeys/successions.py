"""Another legal representative: the journey that follows the change, and what tests say of it."""

from typing import Protocol

from msgspec.structs import replace
from tests.journeys.voices import enrolment_of

import creditbridge.consents.confirmations.service as confirmations
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database
from creditbridge.journeys.confirm_consent import Confirmation
from creditbridge.journeys.follow_representative import FollowRepresentative, Passkeys
from creditbridge.journeys.records.consents import TextShown
from creditbridge.journeys.records.people import person_record
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.login.passkeys.service import Passkeys as KeptPasskeys
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Role
from creditbridge.parties.service import enrol_person, get_person, note_entry
from creditbridge.protocols.webauthn_assertion import RelyingParty

CONFIRM_DAYS = 30
PARTY = RelyingParty(rp_id="gateway.example", origins=("https://gateway.example",))


class House(Protocol):
    """What this needs of the house of `conftest`."""

    database: Database
    ledger: Ledger
    notices: Notices


def follow_in(
    house: House,
    *,
    ledger: Recorder | None = None,
    database: Database | None = None,
    passkeys: Passkeys | None = None,
) -> FollowRepresentative:
    """Return the journey, with one room put in the place of another."""
    return FollowRepresentative(
        database=database or house.database,
        confirmations=confirmations,
        passkeys=passkeys or KeptPasskeys(PARTY, cooling_hours=24),
        ledger=ledger or house.ledger,
        notices=house.notices,
        confirm_days=CONFIRM_DAYS,
    )


async def succeed(
    house: House,
    number: int,
    *,
    database: Database | None = None,
    ledger: Recorder | None = None,
) -> str:
    """Let the provider name another legal representative, as a sign-in does; return their id."""
    database, ledger = database or house.database, ledger or house.ledger
    enrolment = enrolment_of(number, role=Role.LEGAL_REP)
    async with database.transaction() as tx:
        new, _ = await enrol_person(tx, enrolment)
        person = await get_person(tx, new.person_id)
        recorded = await ledger.record(tx, person_record(person, new, enrolment))
        await note_entry(tx, new, recorded.event_id)
        follow = follow_in(house, ledger=ledger)
        await follow.hear_provider(tx, replace(new, entry=recorded.event_id))
    return new.person_id


def confirmation_of(consent: Consent, person_id: str) -> Confirmation:
    """Return somebody's yes to a consent that waits, as it is."""
    return Confirmation(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id=person_id,
        shown=TextShown(
            template_id="portal-confirmation", template_version="1", text_digest=bytes(32)
        ),
    )
