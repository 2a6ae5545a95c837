"""A natural person consents for themselves, says no, or takes their consent back.

    parties -> consents -> ledger

1. Who is signed in speaks for nobody but themselves; the position is what the identity service
   vouches for at this very moment.
2. The answer is to the version that was shown. A yes is signed by the house; a withdrawal holds
   from its commit on: no look shows this person any more.
3. The ledger holds it.
4. Every node is told of a withdrawal: what it is asking a platform under that consent ends at once.

An answer under way is discarded before it is delivered: `deliver_report` holds the consent's row
while it records a delivery, so that a delivery is either durable before the withdrawal, or never
made. Nothing else rests on a person's consent, no grant and no token, and so a withdrawal has no
second record.
"""

import msgspec

from creditbridge.consents.persons.model import PersonAct, PersonConsent, PersonYes
from creditbridge.consents.persons.service import agree, decline, note_entry, withdraw
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.keys import Signers
from creditbridge.journeys.records.people import name_person
from creditbridge.journeys.records.persons import consented_record, ended_record
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.model import EventKind, PersonName
from creditbridge.ledger.port import Recorder
from creditbridge.parties.model import Role
from creditbridge.parties.service import find_representative, get_person


class Oneself(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, and through which enterprise they signed in."""

    person_id: str
    uscc: str


class AnswerForOneself(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    signers: Signers

    async def agree(self, oneself: Oneself, yes: PersonYes) -> PersonConsent:
        """Walk the steps above with a yes.

        Raises:
            Refused: who signed in may no more; unknown, closed, changed, or wider than asked.
        """
        async with self.database.transaction() as tx:
            person, role = await _name(tx, oneself)  # 1
            consent = await agree(tx, yes, self.signers, uscc=oneself.uscc, role=role)  # 2
            record = consented_record(consent, person, text=yes.text)
            recorded = await self.ledger.record(tx, record)  # 3
            await note_entry(tx, consent, recorded.event_id)
        return consent

    async def decline(self, oneself: Oneself, no: PersonAct) -> PersonConsent:
        """Walk the steps above with a no.

        Raises:
            Refused: who signed in may no more; unknown, or closed.
        """
        async with self.database.transaction() as tx:
            person, role = await _name(tx, oneself)  # 1
            consent = await decline(tx, no, uscc=oneself.uscc, role=role)  # 2
            await self.ledger.record(tx, ended_record(EventKind.PERSON_REFUSED, consent, person))
        return consent

    async def withdraw(self, oneself: Oneself, act: PersonAct) -> PersonConsent:
        """Walk the steps above with a withdrawal, wherever the consent was given.

        Raises:
            Refused: who signed in may no more; unknown, never given, or ended before.
        """
        async with self.database.transaction() as tx:
            person, role = await _name(tx, oneself)  # 1
            consent = await withdraw(tx, act, uscc=oneself.uscc, role=role)  # 2
            await self.ledger.record(tx, ended_record(EventKind.PERSON_WITHDRAWN, consent, person))
            await tell_nodes(tx, consent.person_consent_id)  # 4
        return consent


async def _name(tx: Transaction, oneself: Oneself) -> tuple[PersonName, Role]:
    """Return how the ledger names whoever is signed in, and in which role they came.

    Raises:
        VoiceMissing: they may no longer sign in for that enterprise.
    """
    found = await find_representative(tx, person_id=oneself.person_id, uscc=oneself.uscc)
    if found is None:
        raise VoiceMissing
    return name_person(await get_person(tx, oneself.person_id), found), found.role
