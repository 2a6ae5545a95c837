"""Draws that a seed decides, the same on every machine and under every Python."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

DRAW_BYTES = 4
DRAWS_PER_BLOCK = 16
T = TypeVar("T")
_SPAN = 1 << 8 * DRAW_BYTES


class Draw:
    """One stream of draws, named by its parts: another name gives another stream.

    The stream is BLAKE2b over the name and a counter, not `random`, whose choices changed between
    versions of Python: the population's digest stands in a test.
    """

    def __init__(self, *name: str | int) -> None:
        self._name = "/".join(map(str, name)).encode()
        self._block = b""
        self._taken = 0

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to below the bound; the bound is far below 2^32."""
        offset = self._taken % DRAWS_PER_BLOCK * DRAW_BYTES
        # A block is made when its first draw is taken.
        if offset == 0:
            counter = self._taken.to_bytes(8)
            self._block = blake2b(self._name, key=counter).digest()
        self._taken += 1
        return int.from_bytes(self._block[offset : offset + DRAW_BYTES]) * bound // _SPAN

    def between(self, least: int, most: int) -> int:
        """Return a whole number within both bounds, bounds included."""
        return least + self.below(most - least + 1)

    def chance(self, of_thousand: float) -> bool:
        """Tell whether a thing happens that happens so many times in a thousand."""
        return self.below(1_000_000) < of_thousand * 1000

    def day_of(self, year: int) -> date:
        """Return a day of a year; the last of a leap year never comes."""
        return date(year, 1, 1) + timedelta(days=self.below(365))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely as another."""
        return items[self.below(len(items))]

    def weigh(self, items: Sequence[T], weight: Callable[[T], int]) -> T:
        """Return one of the items, as likely as its weight says; weights are not all zero."""
        bounds = list(accumulate(map(weight, items)))
        drawn = self.below(bounds[-1])
        return next(item for item, bound in zip(items, bounds, strict=True) if drawn < bound)
