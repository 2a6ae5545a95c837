"""Consents that are over are called so.

    consents -> access -> ledger -> consents -> ledger -> notices

1. Consents past their term end as EXPIRED.
2. So do consents that no new legal representative confirmed in time, with the grants that rest on
   them.
3. Consents whose uses are all taken are held; the ledger tells of which a use may still come back.
4. The others end as EXHAUSTED.
5. The ledger holds each end as a link of its consent's chain.
6. Everybody who speaks for the enterprise is told.

Nobody waits for this: the instant and the count have decided before, at each use. A use comes back
where its query is proven not to have been sent; while one under way or of unknown outcome is left,
the consent stays ACTIVE, so that what came back can be used, and an end is never taken back.
"""

from typing import Protocol

import msgspec

from creditbridge.access.granted.service import revoke_grants
from creditbridge.consents.confirmations.service import end_unconfirmed
from creditbridge.consents.model import Consent
from creditbridge.consents.moves.service import FindReturnable
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import house_record
from creditbridge.journeys.records.grants import GrantEnd, ended_grant_record
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
                await self.ledger.record(tx, house_record(EventKind.CONSENT_EXPIRED, consent))  # 5
                await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_EXPIRED, consent))  # 6
        unconfirmed = await self._end_unconfirmed()
        async with self.database.transaction() as tx:
            exhausted = await self.moves.end_used_up(tx, self.ledger.find_returnable)  # 3, 4
            for consent in exhausted:
                record = house_record(EventKind.CONSENT_EXHAUSTED, consent)
                await self.ledger.record(tx, record)  # 5
                news = consent_news(NoticeKind.CONSENT_EXHAUSTED, consent)
                await self.notices.tell(tx, news)  # 6
        return len(expired) + unconfirmed + len(exhausted)

    async def _end_unconfirmed(self) -> int:
        async with self.database.transaction() as tx:
            ended = await end_unconfirmed(tx)  # 2
            for consent in ended:
                grants = await revoke_grants(tx, consent.consent_id)  # 2
                await self.ledger.record(tx, house_record(EventKind.CONSENT_EXPIRED, consent))  # 5
                for grant in grants:
                    record = ended_grant_record(grant, GrantEnd.UNCONFIRMED, consent)
                    await self.ledger.record(tx, record)  # 5
                await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_EXPIRED, consent))  # 6
        return len(ended)
