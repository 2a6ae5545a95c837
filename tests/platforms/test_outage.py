"""A platform is away for a minute: what reaches it meanwhile, and how soon it is used again."""

from collections.abc import Callable
from typing import Protocol

import msgspec
import pytest

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import HttpRequest, HttpResponse, HttpUnavailable
from creditbridge.platforms.model import DeadlineExceeded, PlatformUnavailable
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport

WELL = HttpResponse(status=200, headers=(("content-type", "application/json"),), body=b"{}")
BUSY = HttpResponse(status=503, headers=(), body=b"")
BEGIN, END, WHOLE = 30.0, 90.0, 150.0
REPORT_SECONDS = 8.0
PER_SECOND = 20
MORE_MAX, RECOVERY_SECONDS_MAX = 1.2, 15.0


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    passed: float

    def advance(self, seconds: float) -> None:
        """Move on."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Move on instead of waiting."""
        ...


class Ping(msgspec.Struct, frozen=True):
    """A request."""

    @property
    def http(self) -> HttpRequest:
        return HttpRequest(method="POST", url="https://platform.example/reports")


def refuse() -> HttpResponse:
    """No process listens."""
    raise HttpUnavailable(sent=False, detail="connection refused")


def reset() -> HttpResponse:
    """It takes the query and says nothing."""
    raise HttpUnavailable(sent=True, detail="connection reset")


class AwayForAMinute:
    """Answers, but from `BEGIN` to `END`; keeps when it was asked, and when it answered."""

    def __init__(self, clock: HandClock, fault: Callable[[], HttpResponse]) -> None:
        self.clock = clock
        self.fault = fault
        self.asked: list[float] = []
        self.answered: list[float] = []

    @property
    def is_away(self) -> bool:
        return BEGIN <= self.clock.passed < END

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        self.asked.append(self.clock.passed)
        if self.is_away:
            return self.fault()
        self.answered.append(self.clock.passed)
        return WELL


@pytest.mark.parametrize("fault", [refuse, reset, lambda: BUSY], ids=["refused", "reset", "busy"])
async def test_an_outage_of_a_minute_is_no_storm_and_ends_soon(
    fault: Callable[[], HttpResponse], platform_settings: PlatformSettings, clock: HandClock
) -> None:
    """At most 1.2 times the normal load goes there; it is used again within 15 seconds."""
    platform = AwayForAMinute(clock, fault)
    transport = Transport(platform_settings, platform, clock, sleep=clock.sleep)
    reports = list[float]()

    while clock.passed < WHOLE:
        reports.append(clock.passed)
        deadline = clock.monotonic() + REPORT_SECONDS
        try:
            await transport.exchange(Ping, deadline=deadline, idempotent=True)
        except (PlatformUnavailable, DeadlineExceeded):
            assert platform.is_away or clock.passed < END + RECOVERY_SECONDS_MAX
        clock.advance(1 / PER_SECOND)

    meant = [one for one in reports if BEGIN <= one < END]
    reached = [one for one in platform.asked if BEGIN <= one < END]
    assert len(reached) <= MORE_MAX * len(meant)
    assert min(one for one in platform.answered if one >= END) - END <= RECOVERY_SECONDS_MAX
    # Before and after, every report is one request.
    assert platform.answered.count(reports[0]) == 1
    assert len(platform.asked) <= MORE_MAX * len(reports)


async def test_a_platform_that_is_back_gets_one_probe_first(
    platform_settings: PlatformSettings, clock: HandClock
) -> None:
    """And while the outage lasts, one probe for each time that the breaker stays open."""
    platform = AwayForAMinute(clock, refuse)
    transport = Transport(platform_settings, platform, clock, sleep=clock.sleep)
    clock.advance(BEGIN)

    while clock.passed < END:
        deadline = clock.monotonic() + REPORT_SECONDS
        with pytest.raises((PlatformUnavailable, DeadlineExceeded)):
            await transport.exchange(Ping, deadline=deadline, idempotent=True)
        clock.advance(1 / PER_SECOND)

    # Five to open it; then after 2, 4, 8 and each 10 seconds.
    assert 5 <= len(platform.asked) <= 5 + 8
