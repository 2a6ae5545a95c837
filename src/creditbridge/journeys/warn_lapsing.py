"""An enterprise is told before a request of a bank lapses unanswered.

    consents -> notices

1. Requests in their last day, or in the last quarter of a short life, are looked for.
2. The enterprise is told of each, once, whichever node does it.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.news import consent_news
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.notices.rules import WARNING, warns_from

PAGES_MAX = 100


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def list_lapsing(
        self, tx: Transaction, *, before: datetime, after: Consent | None
    ) -> list[Consent]:
        """Return a page of what lapses before an instant, the soonest first, behind `after`."""
        ...


class WarnLapsing(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    notices: Herald

    async def __call__(self) -> int:
        """Walk the steps above once; return how many notices were new."""
        told, last = 0, None
        for _ in range(PAGES_MAX):
            async with self.database.transaction() as tx:
                page = await self.consents.list_lapsing(  # 1
                    tx, before=tx.now + WARNING, after=last
                )
                for consent in page:
                    told += await self._warn(tx, consent)
            if not page:
                break
            last = page[-1]
        return told

    async def _warn(self, tx: Transaction, consent: Consent) -> bool:
        asked_at, lapses_at = consent.requested_at, consent.lapses_at
        if asked_at is None or lapses_at is None or tx.now < warns_from(asked_at, lapses_at):
            return False
        news = consent_news(NoticeKind.CONSENT_LAPSING, consent, once=consent.consent_id)
        return await self.notices.tell(tx, news)  # 2
