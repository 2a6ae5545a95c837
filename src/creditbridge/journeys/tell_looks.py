"""Who wants to be told of each look at an enterprise is told.

    notices -> ledger -> consents -> notices

1. One node takes up where the log was read to.
2. Those who want to be told of looks are listed.
3. The deliveries behind that place, about their enterprises, are read in the log's order.
4. Each of them is told of each, in the commit that keeps how far the log was read.

From the log, and not where a report is delivered: a bank does not wait for the post, and what is
told is what can be proven. The log's order has no gaps, so nothing is passed over.
"""

from collections.abc import Collection
from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.news import consent_news
from creditbridge.ledger.service import Delivered, find_size, list_deliveries
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.port import Herald

TURN_ENTRIES_MAX = 4_096


class Notices(Herald, Protocol):
    """What this journey needs of the notices."""

    async def take_reading(self, tx: Transaction) -> int | None:
        """Return up to which index the log was read; None while another node reads it."""
        ...

    async def list_wanting(self, tx: Transaction) -> list[Reader]:
        """Return who wants to be told of each look."""
        ...

    async def keep_reading(self, tx: Transaction, looks_to: int) -> None:
        """Keep up to which index the log was read."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def get_consent(self, tx: Transaction, consent_id: str) -> Consent:
        """Return a consent, whatever its state."""
        ...


class TellLooks(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    notices: Notices

    async def __call__(self) -> int:
        """Walk the steps above once; return how many notices were new."""
        async with self.database.transaction() as tx:
            first = await self.notices.take_reading(tx)  # 1
            if first is None:
                return 0
            wanting = await self.notices.list_wanting(tx)  # 2
            size = await find_size(tx)
            # Where nobody wants to know, what was delivered until now is never told.
            end = min(size, first + TURN_ENTRIES_MAX) if wanting else size
            told = 0
            if wanting:
                usccs = {reader.uscc for reader in wanting}
                for one in await list_deliveries(tx, first=first, end=end, usccs=usccs):  # 3
                    told += await self._tell(tx, one, wanting)
            await self.notices.keep_reading(tx, end)  # 4
        return told

    async def _tell(self, tx: Transaction, one: Delivered, wanting: Collection[Reader]) -> int:
        consent = await self.consents.get_consent(tx, one.consent_id)
        news = consent_news(NoticeKind.REPORT_DELIVERED, consent)
        told = 0
        for reader in wanting:
            if reader.uscc == one.uscc:
                own = f"{one.event_id} {reader.person_id}"
                told += await self.notices.tell(  # 4
                    tx, replace(news, once=own, person_id=reader.person_id)
                )
        return told
