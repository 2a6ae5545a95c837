"""Strangers' refusals reach the ledger summed up, so that nobody can fill a ten-year log.

    (doors) -> ledger

1. Each refusal of a caller whom nobody knows is counted, per minute, door and rule.
2. Every minute that has ended becomes one entry per door and rule.

The counts live in the process: a crash loses the running minute, never a known caller's refusal.
"""

from collections import Counter
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.ledger.model import EventKind, Record, StrangersRefused
from creditbridge.ledger.port import Recorder

RULE = "strangers"
RULE_VERSION = "1"
# Doors and rules are words of ours, so this only stops a defect from growing without end.
LINES_MAX = 1_000


class Strangers:
    """Counts refusals of callers whom nobody knows, in memory."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[datetime, str, str]] = Counter()

    def count(self, door: str, code: str, *, now: datetime) -> None:
        """Count one refusal at a door, under the rule's code."""
        line = (now.replace(second=0, microsecond=0), door, code)
        if line in self._counts or len(self._counts) < LINES_MAX:
            self._counts[line] += 1

    def take_until(self, instant: datetime) -> list[StrangersRefused]:
        """Take out every minute that began before the instant."""
        ended = sorted(line for line in self._counts if line[0] < instant)
        return [
            StrangersRefused(minute=minute, door=door, code=code, count=self._counts.pop(line))
            for line in ended
            for minute, door, code in [line]
        ]

    def put_back(self, lines: list[StrangersRefused]) -> None:
        """Count again what could not be recorded."""
        for line in lines:
            self._counts[line.minute, line.door, line.code] += line.count


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
