"""Consents that are over are called so.

    consents -> ledger -> consents -> ledger -> notices

1. Consents past their term end as EXPIRED.
2. Consents whose uses are all taken are held; the ledger tells of which a use may still come back.
3. The others end as EXHAUSTED.
4. The ledger holds each end as a link of its consent's chain.
5. Everybody who speaks for the enterprise is told.

Nobody waits for this: the instant and the count have decided before, at each use. A use comes back
where its query is proven not to have been sent; while one under way or of unknown outcome is left,
the consent stays ACTIVE, so that what came back can be used, and an end is never taken back.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.consents.moves.service import FindReturnable
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import house_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Moves(Protocol):
    """What this journey needs of the consents."""

    async def end_over(self, tx: Transaction) -> list[Consent]:
        """End what is past its term."""
        ...

    async def end_used_up(self, tx: Transaction, find_returnable: FindReturnable) -> list[Consent]:
        """End what is used up for good."""
        ...


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def find_returnable(self, tx: Transaction, consent_ids: list[str]) -> set[str]:
        """Return of which consents a use may still come back."""
        ...


class EndConsents(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    moves: Moves
    ledger: Ledger
    notices: Herald

    async def __call__(self) -> int:
        """Walk the steps above once; return how many consents ended."""
        async with self.database.transaction() as tx:
            expired = await self.moves.end_over(tx)  # 1
            for consent in expired:
                await self.ledger.record(tx, house_record(EventKind.CONSENT_EXPIRED, consent))  # 4
                await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_EXPIRED, consent))  # 5
        async with self.database.transaction() as tx:
            exhausted = await self.moves.end_used_up(tx, self.ledger.find_returnable)  # 2, 3
            for consent in exhausted:
                record = house_record(EventKind.CONSENT_EXHAUSTED, consent)
                await self.ledger.record(tx, record)  # 4
                news = consent_news(NoticeKind.CONSENT_EXHAUSTED, consent)
                await self.notices.tell(tx, news)  # 5
        return len(expired) + len(exhausted)
