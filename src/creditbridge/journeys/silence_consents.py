"""A withdrawn consent falls silent: nothing runs under it on any node any more (law 8).

    consents -> ledger -> consents -> ledger

1. Of the consents under which this node has something under way, those that stand no more are
   found, and what is being asked of a platform under them is broken off.
2. Of the withdrawn consents, this node says under which it has nothing under way: for good, for
   nothing begins under them any more.
3. Those of which every node with a live lease has said so are taken, once.
4. The ledger holds `consent.silenced` with the time between the two, measured.

A turn is taken at once when a node is told of an end and when the last report under an ended
consent is over, and else every fifth of a second, in case nobody could tell.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import silence_record
from creditbridge.journeys.under_way import UnderWay
from creditbridge.ledger.model import Silence
from creditbridge.ledger.port import Recorder

MILLISECOND = timedelta(milliseconds=1)


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def list_awaited(self, tx: Transaction) -> list[str]:
        """Return withdrawn consents of which this node has not said that it is quiet."""
        ...

    async def say_quiet(self, tx: Transaction, consent_ids: Sequence[str]) -> None:
        """Say that this node has nothing under way under these."""
        ...

    async def take_silences(self, tx: Transaction) -> list[Silence]:
        """Take out the withdrawn consents that have fallen silent, once."""
        ...


class Moves(Protocol):
    """What this journey needs of the moves of consents."""

    async def find_stopped(self, tx: Transaction, consent_ids: Sequence[str]) -> list[str]:
        """Return which of these do not stand now."""
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
    moves: Moves
    under_way: UnderWay

    async def __call__(self) -> int:
        """Walk the steps above once; return how many consents fell silent."""
        async with self.database.transaction() as tx:
            for stopped in await self.moves.find_stopped(tx, self.under_way.list_consents()):
                self.under_way.stop(stopped)  # 1
            awaited = await self.ledger.list_awaited(tx)
            quiet = [one for one in awaited if self.under_way.is_quiet(one)]
            if quiet:
                await self.ledger.say_quiet(tx, quiet)  # 2
        return await self._take()

    async def _take(self) -> int:
        # In a transaction of its own: of two nodes that say it at once, the second sees the first.
        async with self.database.transaction() as tx:
            silences = await self.ledger.take_silences(tx)  # 3
            for silence in silences:
                consent = await self.consents.get_consent(tx, silence.consent_id)
                waited = (tx.now - silence.withdrawn_at) // MILLISECOND
                record = silence_record(consent, withdrawn=silence.event_id, waited=waited)
                await self.ledger.record(tx, record)  # 4
        return len(silences)
