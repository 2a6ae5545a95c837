"""What keeps a sick platform from making others sick: a breaker, a bulkhead, a retry budget.

All of it is monotonic time and counting, inside one process: a node protects itself.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.platforms.model import PlatformUnavailable
from creditbridge.platforms.settings import PlatformSettings

RETRY_SHARE = 0.2
RETRIES_SAVED_MAX = 10.0
RETRIES_AT_START = 2.0
BACKOFF_FACTOR = 2.0


class BreakerState(StrEnum):
    """CLOSED lets pass; OPEN refuses; HALF_OPEN lets one probe pass."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Verdict(StrEnum):
    """What one attempt says about the platform's health."""

    WELL = "WELL"
    FAILED = "FAILED"
    SILENT = "SILENT"


class Attempt(msgspec.Struct, kw_only=True):
    """An attempt that passed the breaker; FAILED unless its maker says otherwise."""

    verdict: Verdict = Verdict.FAILED


class Breaker:
    """Opens after some failures in a row; then one probe, at growing intervals."""

    def __init__(self, settings: PlatformSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._failures = 0
        self._open_seconds = settings.breaker_open_seconds
        self._opened_at = 0.0
        self._state = BreakerState.CLOSED

    @property
    def state(self) -> BreakerState:
        """The state as it is, for health."""
        return self._state

    @contextmanager
    def attempt(self) -> Generator[Attempt]:
        """Let one attempt pass, and learn from it.

        Raises:
            PlatformUnavailable: open, or a probe is on its way; nothing was sent.
        """
        self._require_pass()
        attempt = Attempt()
        try:
            yield attempt
        except asyncio.CancelledError:
            # Whoever waited has gone: that says nothing about the platform.
            attempt.verdict = Verdict.SILENT
            raise
        finally:
            self._learn(attempt.verdict)

    def _require_pass(self) -> None:
        if self._state is BreakerState.CLOSED:
            return
        waited = self._clock.monotonic() - self._opened_at
        if self._state is BreakerState.HALF_OPEN or waited < self._open_seconds:
            raise PlatformUnavailable(sent=False, detail=f"the breaker is {self._state}")
        # No await since the look above: in one process exactly one caller becomes the probe.
        self._state = BreakerState.HALF_OPEN

    def _learn(self, verdict: Verdict) -> None:
        is_probe = self._state is BreakerState.HALF_OPEN
        if verdict is Verdict.WELL:
            self._failures = 0
            self._open_seconds = self._settings.breaker_open_seconds
            self._state = BreakerState.CLOSED
        elif verdict is Verdict.SILENT:
            # An unfinished probe: the next one may go at once.
            self._state = BreakerState.OPEN if is_probe else self._state
        elif is_probe:
            # A platform that comes back under full load falls again: each failed probe waits
            # longer.
            longer = self._open_seconds * BACKOFF_FACTOR
            self._open(min(longer, self._settings.breaker_open_seconds_max))
        else:
            self._failures += 1
            # In a row: one answer in between shows that the platform lives.
            if self._failures >= self._settings.breaker_failures:
                self._open(self._settings.breaker_open_seconds)

    def _open(self, seconds: float) -> None:
        self._state = BreakerState.OPEN
        self._opened_at = self._clock.monotonic()
        self._open_seconds = seconds


class Bulkhead:
    """At most so many queries on the way at once; who comes too many is told at once."""

    def __init__(self, in_flight_max: int) -> None:
        self._free = in_flight_max

    @contextmanager
    def hold(self) -> Generator[None]:
        """Hold one place inside the block.

        Raises:
            PlatformUnavailable: no place is free; nothing was sent.
        """
        if self._free == 0:
            # To queue here would spend the deadline of reports that other platforms could still
            # answer.
            raise PlatformUnavailable(sent=False, detail="the bulkhead is full")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class RetryBudget:
    """At most one retry in five requests, over time: an outage must not become a storm."""

    def __init__(self) -> None:
        self._saved = RETRIES_AT_START

    def earn(self) -> None:
        """Save a fifth of a retry, for a request that went out the first time."""
        self._saved = min(self._saved + RETRY_SHARE, RETRIES_SAVED_MAX)

    def spend(self) -> bool:
        """Take one retry, or tell that none is left."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
