"""What is counted per minute, in memory, until somebody writes the sums down."""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

Line = TypeVar("Line", bound=Hashable)


class Sum(msgspec.Struct, Generic[Line], frozen=True, kw_only=True):
    """How often a line was counted in the minute that began at `minute`."""

    minute: datetime
    line: Line
    count: int


class Tally(Generic[Line]):
    """Counts of lines by minute; at most `lines_max` at a time, further ones are not counted."""

    def __init__(self, *, lines_max: int) -> None:
        self._lines_max = lines_max
        self._counts: Counter[tuple[datetime, Line]] = Counter()

    def count(self, line: Line, *, now: datetime) -> None:
        """Count a line once."""
        named = (now.replace(second=0, microsecond=0), line)
        # Lines are words of ours, so the limit only stops a defect from growing without end.
        if named in self._counts or len(self._counts) < self._lines_max:
            self._counts[named] += 1

    def take_until(self, instant: datetime) -> list[Sum[Line]]:
        """Take out every minute that began before the instant, the oldest first."""
        ended = [named for named in self._counts if named[0] < instant]
        taken = [
            Sum(minute=minute, line=line, count=self._counts.pop((minute, line)))
            for minute, line in ended
        ]
        return sorted(taken, key=lambda one: one.minute)

    def put_back(self, sums: Iterable[Sum[Line]]) -> None:
        """Count again what could not be written down."""
        for one in sums:
            self._counts[one.minute, one.line] += one.count
