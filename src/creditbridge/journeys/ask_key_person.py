"""A bank asks a natural person, by their position in an enterprise, for a consent of their own.

    parties -> consents -> ledger -> notices

1. The request is within the bank's licence, for a purpose of the personal table alone; it is lodged
   for whoever holds the position, whom the bank need not know.
2. The ledger holds it.
3. Whoever holds the position now is told, and nobody else of the enterprise.
"""

import msgspec

from creditbridge.consents.persons.model import PersonConsent, PersonRequest
from creditbridge.consents.persons.service import POSITIONS, ask, note_asked
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.persons import asked_record
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import News, NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.licence import require_licensed
from creditbridge.parties.service import list_representatives


class AskKeyPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    notices: Herald

    async def __call__(self, caller: Caller, request: PersonRequest) -> PersonConsent:
        """Walk the steps above, in order.

        Raises:
            Refused: beyond the licence, a purpose of the enterprise table, other sections, a term,
                a position; or the bank's authorization number is taken.
        """
        async with self.database.transaction() as tx:
            require_licensed(caller.bank, purposes=request.purposes, sections=request.sections)  # 1
            consent = await ask(tx, request)  # 1
            recorded = await self.ledger.record(tx, asked_record(caller, consent))  # 2
            await note_asked(tx, consent, recorded.event_id)
            for person_id in await _list_holders(tx, consent):
                await self.notices.tell(tx, _news_of(consent, person_id))  # 3
        return consent


async def _list_holders(tx: Transaction, consent: PersonConsent) -> list[str]:
    representatives = await list_representatives(tx, consent.uscc)
    return [
        one.person_id
        for one in representatives
        if one.ended_at is None and consent.position in POSITIONS[one.role]
    ]


def _news_of(consent: PersonConsent, person_id: str) -> News:
    return News(
        kind=NoticeKind.PERSON_ASKED,
        uscc=consent.uscc,
        about=consent.person_consent_id,
        bank_name=consent.bank_name,
        purposes=consent.purposes,
        person_id=person_id,
    )
