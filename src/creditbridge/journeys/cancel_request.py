"""A bank takes back a request that the enterprise has not answered.

    consents -> ledger -> notices

1. The bank's own request, unanswered, ends as LAPSED.
2. The ledger holds it as a link of the consent's chain, with the reason.
3. Everybody who speaks for the enterprise is told.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.consents import house_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Moves(Protocol):
    """What this journey needs of the consents."""

    async def cancel(self, tx: Transaction, *, consent_id: str, bank_id: str) -> Consent:
        """End the bank's own request."""
        ...


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    moves: Moves
    ledger: Recorder
    notices: Herald

    async def __call__(self, caller: Caller, consent_id: str) -> Consent:
        """Walk the steps above, in order.

        Raises:
            Refused: no such request of this bank, answered, or lapsed.
        """
        bank_id = caller.bank.bank_id
        async with self.database.transaction(reads_now=False) as tx:
            consent = await self.moves.cancel(tx, consent_id=consent_id, bank_id=bank_id)  # 1
            record = house_record(EventKind.CONSENT_CANCELLED, consent)
            await self.ledger.record(tx, record)  # 2
            await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_CANCELLED, consent))  # 3
        return consent
