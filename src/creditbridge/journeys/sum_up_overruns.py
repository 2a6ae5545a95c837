"""What a client asked beyond its limits reaches the ledger summed up (law 1).

    (doors) -> ledger

1. Each request of a known client beyond a quota is counted, per minute, client, door and policy;
   so is each refusal that could come without end, behind the first few of a minute.
2. Every minute that has ended becomes one entry for each of these.

A client in a loop must not fill a log that is kept ten years. The counts live in the process, as
those of strangers do: a crash loses the running minute.
"""

from datetime import datetime

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.foundation.tally import Sum, Tally
from creditbridge.ledger.model import BankName, CallerLimited, EventKind, Record
from creditbridge.ledger.port import Recorder

RULE = "client-limits"
RULE_VERSION = "1"
LINES_MAX = 10_000
FULL_MAX = 5  # Refusals of a line in a minute that each node records one by one.


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked too often, where, and beyond which quota; or under which code it was refused."""

    bank: BankName
    client_id: str
    door: str
    policy: str


class Overruns:
    """Counts what clients asked beyond their limits, in memory."""

    def __init__(self) -> None:
        self._tally: Tally[Overrun] = Tally(lines_max=LINES_MAX)
        self._minute: datetime | None = None
        self._full = dict[Overrun, int]()  # Of the running minute: as many as lines, never more.

    def is_beyond_full(self, overrun: Overrun, *, now: datetime) -> bool:
        """Tell whether a refusal is one too many to be recorded by itself in its minute."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._full.clear()
        seen = self._full.get(overrun, 0)
        if seen >= FULL_MAX or (seen == 0 and len(self._full) >= LINES_MAX):
            return True
        self._full[overrun] = seen + 1
        return False

    def count(self, overrun: Overrun, *, now: datetime) -> None:
        """Count one request."""
        self._tally.count(overrun, now=now)  # 1

    def take_until(self, instant: datetime) -> list[Sum[Overrun]]:
        """Take out every minute that began before the instant."""
        return self._tally.take_until(instant)

    def put_back(self, sums: list[Sum[Overrun]]) -> None:
        """Count again what could not be recorded."""
        self._tally.put_back(sums)


class SumUpOverruns(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    overruns: Overruns

    async def __call__(self, *, until: datetime) -> int:
        """Record every minute that began before `until`; return how many entries were written.

        Raises:
            DatabaseUnavailable: nothing was recorded, and nothing is lost.
        """
        sums = self.overruns.take_until(until)
        is_recorded = False
        try:
            async with self.database.transaction() as tx:
                for one in sums:
                    await self.ledger.record(tx, _record(one))  # 2
            is_recorded = True
        finally:
            if not is_recorded:
                self.overruns.put_back(sums)
        return len(sums)


def _record(counted: Sum[Overrun]) -> Record:
    overrun = counted.line
    return Record(
        kind=EventKind.CALLER_LIMITED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=CallerLimited(
            client=overrun.client_id,
            door=overrun.door,
            policy=overrun.policy,
            minute=counted.minute,
            count=counted.count,
        ),
        bank=overrun.bank,
    )
