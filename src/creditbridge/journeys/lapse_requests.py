"""A request for consent that nobody answers in time ends by itself.

    consents -> ledger

1. Requests past their time end as LAPSED.
2. The ledger holds each end as a link of its consent's chain.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import lapse_record
from creditbridge.ledger.port import Recorder


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def lapse_overdue(self, tx: Transaction) -> list[Consent]:
        """End what is overdue, and return it."""
        ...


class LapseRequests(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    ledger: Recorder

    async def __call__(self) -> int:
        """Walk the steps above once; return how many requests lapsed."""
        async with self.database.transaction() as tx:
            lapsed = await self.consents.lapse_overdue(tx)  # 1
            for consent in lapsed:
                await self.ledger.record(tx, lapse_record(consent))  # 2
        return len(lapsed)
