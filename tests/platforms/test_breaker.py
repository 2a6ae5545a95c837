"""The breaker, the bulkhead and the retry budget."""

import asyncio
from contextlib import ExitStack
from typing import Protocol

import pytest
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.platforms.breaker import (
    Attempt,
    Breaker,
    BreakerState,
    Bulkhead,
    RetryBudget,
    Verdict,
)
from creditbridge.platforms.model import PlatformUnavailable
from creditbridge.platforms.settings import PlatformSettings


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    def advance(self, seconds: float) -> None:
        """Move on."""
        ...


class WentWrong(Exception):
    """Something that happened inside an attempt."""


@pytest.fixture
def breaker(platform_settings: PlatformSettings, clock: HandClock) -> Breaker:
    """A closed breaker: 5 failures, 30 s, 300 s at most."""
    settings = replace(platform_settings, breaker_open_seconds=30.0, breaker_open_seconds_max=300.0)
    return Breaker(settings, clock)


def state_of(breaker: Breaker) -> BreakerState:
    """The state now; a property that a type checker would take for constant."""
    return breaker.state


def fail(breaker: Breaker, times: int = 1) -> None:
    """Fail in a row."""
    for _ in range(times):
        with pytest.raises(WentWrong), breaker.attempt():
            raise WentWrong


def succeed(breaker: Breaker) -> None:
    """Succeed once."""
    with breaker.attempt() as attempt:
        attempt.verdict = Verdict.WELL


def require_refused(breaker: Breaker) -> None:
    """No attempt passes, and nothing was sent."""
    with ExitStack() as stack, pytest.raises(PlatformUnavailable) as caught:
        stack.enter_context(breaker.attempt())
    assert not caught.value.sent


def test_an_attempt_is_a_failure_unless_it_says_otherwise() -> None:
    """Whoever forgets to tell does not close the breaker."""
    assert Attempt().verdict is Verdict.FAILED


def test_it_opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    """A success in between begins the count anew."""
    fail(breaker, 4)
    succeed(breaker)
    fail(breaker, 4)
    assert state_of(breaker) is BreakerState.CLOSED

    fail(breaker)

    assert state_of(breaker) is BreakerState.OPEN
    require_refused(breaker)


def test_one_probe_passes_after_the_time(breaker: Breaker, clock: HandClock) -> None:
    """At 30 s to the second, and only one at a time; its success closes."""
    fail(breaker, 5)
    clock.advance(29.9)
    require_refused(breaker)
    clock.advance(0.1)

    with breaker.attempt() as probe:
        assert state_of(breaker) is BreakerState.HALF_OPEN
        require_refused(breaker)
        probe.verdict = Verdict.WELL

    assert state_of(breaker) is BreakerState.CLOSED


def test_a_failed_probe_doubles_the_time_up_to_300_seconds(
    breaker: Breaker, clock: HandClock
) -> None:
    """30, 60, 120, 240, 300, 300; a success begins at 30 again."""
    fail(breaker, 5)

    for seconds in (30, 60, 120, 240, 300, 300):
        clock.advance(seconds - 1)
        require_refused(breaker)
        clock.advance(1)
        fail(breaker)

    clock.advance(300)
    succeed(breaker)
    fail(breaker, 5)
    clock.advance(30)
    succeed(breaker)


async def test_a_cancelled_attempt_says_nothing(breaker: Breaker, clock: HandClock) -> None:
    """The bank went away: no failure counted, and an unfinished probe leaves its place."""
    fail(breaker, 4)
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert state_of(breaker) is BreakerState.CLOSED

    fail(breaker)
    clock.advance(30)
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert state_of(breaker) is BreakerState.OPEN

    succeed(breaker)


def test_the_bulkhead_sheds_at_once_and_frees_its_places() -> None:
    """Two places: the third is refused, until one ends, however it ends."""
    bulkhead = Bulkhead(2)

    with bulkhead.hold():
        with ExitStack() as stack:
            stack.enter_context(bulkhead.hold())
            with pytest.raises(PlatformUnavailable) as caught:
                stack.enter_context(bulkhead.hold())
        with pytest.raises(WentWrong), bulkhead.hold():
            raise WentWrong
        with bulkhead.hold():
            pass

    assert not caught.value.sent


def test_the_budget_allows_one_retry_in_five_requests() -> None:
    """Two at the start, then a fifth per request; never more than ten saved."""
    budget = RetryBudget()
    assert [budget.spend() for _ in range(3)] == [True, True, False]

    for _ in range(5):
        budget.earn()
    assert [budget.spend() for _ in range(2)] == [True, False]

    for _ in range(1_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(20)) == 10


def test_settings_name_the_limits(platform_settings: PlatformSettings, clock: HandClock) -> None:
    """One failure opens where the operator says so."""
    breaker = Breaker(replace(platform_settings, breaker_failures=1), clock)

    fail(breaker)

    assert state_of(breaker) is BreakerState.OPEN
