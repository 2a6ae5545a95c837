"""The one place that asks the time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the house needs of time.

    Decisions take `Transaction.now`, the database's instant; windows of tokens and messages take
    `now`; deadlines and breakers take `monotonic`, which no administrator can move.
    """

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        # With its zone: a naive one means another instant on each machine.
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()
