"""Strangers' refusals reach the ledger summed up, so that nobody can fill a ten-year log.

    (doors) -> ledger

1. Each refusal of a caller whom nobody knows is counted, per minute, door and rule.
2. Every minute that has ended becomes one entry per door and rule.

The counts live in the process: a crash loses the running minute, never a known caller's refusal.
"""

from datetime import datetime

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.foundation.tally import Sum, Tally
from creditbridge.ledger.model import EventKind, Record, StrangersRefused
from creditbridge.ledger.port import Recorder

RULE = "strangers"
RULE_VERSION = "1"
LINES_MAX = 1_000


class Strangers:
    """Counts refusals of callers whom nobody knows, in memory."""

    def __init__(self) -> None:
        self._tally: Tally[tuple[str, str]] = Tally(lines_max=LINES_MAX)

    def count(self, door: str, code: str, *, now: datetime) -> None:
        """Count one refusal at a door, under the rule's code."""
        self._tally.count((door, code), now=now)

    def take_until(self, instant: datetime) -> list[StrangersRefused]:
        """Take out every minute that began before the instant."""
        return [
            StrangersRefused(minute=one.minute, door=door, code=code, count=one.count)
            for one in self._tally.take_until(instant)
            for door, code in [one.line]
        ]

    def put_back(self, lines: list[StrangersRefused]) -> None:
        """Count again what could not be recorded."""
        self._tally.put_back(
            Sum(minute=one.minute, line=(one.door, one.code), count=one.count) for one in lines
        )


class SumUpStrangers(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    strangers: Strangers

    async def __call__(self, *, until: datetime) -> int:
        """Record every minute that began before `until`; return how many entries were written.

        Raises:
            DatabaseUnavailable: nothing was recorded, and nothing is lost.
        """
        lines = self.strangers.take_until(until)  # 1
        is_recorded = False
        try:
            async with self.database.transaction() as tx:
                for line in lines:
                    await self.ledger.record(tx, _record(line))  # 2
            is_recorded = True
        finally:
            if not is_recorded:
                self.strangers.put_back(lines)
        return len(lines)


def _record(terms: StrangersRefused) -> Record:
    return Record(
        kind=EventKind.STRANGERS_REFUSED, rule=RULE, rule_version=RULE_VERSION, terms=terms
    )
