"""An enterprise disputes a record that a bank was shown.

    ledger -> platforms -> disputes -> ledger

1. The look is one that was delivered about this very enterprise.
2. Our id of the record and its number at the source belong together: that tells whose it is.
3. The dispute is kept with its words sealed; a record is disputed once at a time.
4. The ledger holds that it was filed and by whom, with a salted digest of the words.

It is on its way to the platform from then on. The same person's review of an answer takes the last
two steps alone.
"""

from typing import Protocol

import msgspec

from creditbridge.disputes.model import Dispute, Draft, Filing, Ground, Words
from creditbridge.disputes.service import Disputes
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.journeys.records.disputes import filed_record
from creditbridge.journeys.records.people import name_person
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.model import EnterpriseName, PersonName
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import was_delivered
from creditbridge.parties.service import find_enterprise, find_representative, get_person
from creditbridge.platforms.model import RecordPlace


class LookUnknown(Refused):
    """No delivered report about this enterprise: another's, a failed one, or none at all."""

    code = "look-unknown"
    message = "No look at this enterprise has this report id."


class RecordUnmatched(Malformed):
    """The id and the number are not those of one record that a platform of ours supplies."""

    code = "record-unmatched"
    message = "Record id and number do not belong to one record."


class DisputeUnknown(Refused):
    """No such dispute, or another enterprise's: nobody learns which."""

    code = "dispute-unknown"
    message = "There is no such dispute of this enterprise."


class Platforms(Protocol):
    """What this journey needs of the platforms: nothing is sent here."""

    def find_record(self, record_id: str, number: str) -> RecordPlace | None:
        """Return where a record of this number has this id of ours."""
        ...


class Plaintiff(msgspec.Struct, frozen=True, kw_only=True):
    """Who disputes, and for which enterprise."""

    person_id: str
    uscc: str


class FileDispute(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    platforms: Platforms
    disputes: Disputes
    ledger: Recorder

    async def __call__(self, plaintiff: Plaintiff, draft: Draft, *, report_id: str) -> Dispute:
        """Walk the steps above with a draft that has no slips.

        Raises:
            LookUnknown, RecordUnmatched: what the enterprise names is not there.
            DisputeOpen, DisputesTooMany: not now.
            VoiceMissing: nobody who speaks for the enterprise.
        """
        async with self.database.transaction() as tx:
            enterprise, person = await _name_both(tx, plaintiff)
            if not await was_delivered(tx, report_id=report_id, uscc=plaintiff.uscc):  # 1
                raise LookUnknown
            place = self.platforms.find_record(draft.record_id, draft.number)  # 2
            if place is None:
                raise RecordUnmatched
            words = Words(number=draft.number, text=draft.text)
            filing = Filing(
                uscc=plaintiff.uscc,
                person_id=plaintiff.person_id,
                report_id=report_id,
                record_id=draft.record_id,
                platform=place.platform,
                section=place.section,
                ground=Ground(draft.ground),
                words=words,
            )
            dispute = await self.disputes.file(tx, filing)  # 3
            await self.ledger.record(tx, filed_record(dispute, enterprise, person, words))  # 4
        return dispute

    async def ask_review(self, plaintiff: Plaintiff, dispute_id: str) -> Dispute:
        """Ask the platform to look again at what it answered first.

        Raises:
            DisputeUnknown: none of this enterprise.
            ReviewMissing: no first answer yet, or a review before.
            VoiceMissing: nobody who speaks for the enterprise.
        """
        async with self.database.transaction() as tx:
            enterprise, person = await _name_both(tx, plaintiff)
            found = await self.disputes.find_own(tx, dispute_id, uscc=plaintiff.uscc)
            if found is None:
                raise DisputeUnknown
            dispute = await self.disputes.ask_review(tx, found)  # 3
            await self.ledger.record(tx, filed_record(dispute, enterprise, person))  # 4
        return dispute


async def _name_both(tx: Transaction, plaintiff: Plaintiff) -> tuple[EnterpriseName, PersonName]:
    """Return both as the ledger names them; whoever may speak may also object."""
    representative = await find_representative(
        tx, person_id=plaintiff.person_id, uscc=plaintiff.uscc
    )
    enterprise = await find_enterprise(tx, plaintiff.uscc)
    if representative is None or enterprise is None:
        raise VoiceMissing
    person = await get_person(tx, plaintiff.person_id)
    return (
        EnterpriseName(uscc=enterprise.uscc, name=enterprise.name),
        name_person(person, representative),
    )
