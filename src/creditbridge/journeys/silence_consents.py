"""A withdrawn consent falls silent: nothing runs under it on any node any more (law 8).

    ledger -> consents -> ledger

1. Withdrawn consents without an open intent are taken; a lost node's intents are closed by then.
2. The ledger holds `consent.silenced` with the time between the two, measured.
"""

from datetime import timedelta
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import silence_record
from creditbridge.ledger.model import Silence
from creditbridge.ledger.port import Recorder

MILLISECOND = timedelta(milliseconds=1)


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def take_silences(self, tx: Transaction) -> list[Silence]:
        """Take out the withdrawn consents that have fallen silent, once."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def get_consent(self, tx: Transaction, consent_id: str) -> Consent:
        """Return a consent, whatever its state."""
        ...


class SilenceConsents(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Ledger
    consents: Consents

    async def __call__(self) -> int:
        """Walk the steps above once; return how many consents fell silent."""
        async with self.database.transaction() as tx:
            silences = await self.ledger.take_silences(tx)  # 1
            for silence in silences:
                consent = await self.consents.get_consent(tx, silence.consent_id)
                waited = (tx.now - silence.withdrawn_at) // MILLISECOND
                record = silence_record(consent, withdrawn=silence.event_id, waited=waited)
                await self.ledger.record(tx, record)  # 2
        return len(silences)
