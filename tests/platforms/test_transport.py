"""One deadline, few repetitions, and the truth about what was sent."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import (
    HttpAnswerUnfit,
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
)
from creditbridge.platforms.breaker import BreakerState
from creditbridge.platforms.model import (
    AnswerUnreadable,
    DeadlineExceeded,
    PlatformUnavailable,
    PlatformUntrusted,
)
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Exchanged, Transport

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
JSON_TYPE = ("content-type", "application/json; charset=utf-8")
WELL = HttpResponse(status=200, headers=(JSON_TYPE,), body=b"{}")
REFUSED = HttpUnavailable(sent=False, detail="connection refused")
LOST = HttpUnavailable(sent=True, detail="connection reset")
Step = HttpResponse | BaseException | float


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
    """A request with a number of its own."""

    number: int

    @property
    def http(self) -> HttpRequest:
        return HttpRequest(method="POST", url=f"https://platform.example/{self.number}")


class ScriptedHttp:
    """Answers by script; a number is a time that passes before the answer is lost."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.script: list[Step] = []
        self.timeouts: list[float] = []
        self.urls: list[str] = []

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        self.timeouts.append(timeout_seconds)
        self.urls.append(request.url)
        step = self.script.pop(0)
        if isinstance(step, float):
            self.clock.advance(min(step, timeout_seconds))
            raise HttpUnavailable(sent=True, detail="the deadline passed")
        if isinstance(step, BaseException):
            raise step
        return step


class Way:
    """A transport over the script, with its clock."""

    def __init__(self, settings: PlatformSettings, clock: HandClock) -> None:
        self.clock = clock
        self.http = ScriptedHttp(clock)
        self.transport = Transport(settings, self.http, clock, sleep=clock.sleep)
        self.built = 0

    def build(self) -> Ping:
        self.built += 1
        return Ping(self.built)

    async def ask(
        self, *script: Step, seconds: float = 8.0, idempotent: bool = True
    ) -> Exchanged[Ping]:
        self.http.script = list(script)
        deadline = self.clock.monotonic() + seconds
        return await self.transport.exchange(self.build, deadline=deadline, idempotent=idempotent)


@pytest.fixture
def way(platform_settings: PlatformSettings, clock: HandClock) -> Way:
    """A way to the platform."""
    return Way(platform_settings, clock)


def status_of(status: int, **headers: str) -> HttpResponse:
    """An answer of this status."""
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=fields, body=b"")


async def test_an_answer_comes_back_with_its_instants(way: Way) -> None:
    """When it left, when it came, and which attempt it answers."""
    exchanged = await way.ask(WELL)

    assert exchanged == Exchanged(outgoing=Ping(1), response=WELL, out_at=NOW, in_at=NOW)


async def test_each_attempt_is_built_anew(way: Way) -> None:
    """A nonce serves once; the answer names the attempt that got it."""
    exchanged = await way.ask(LOST, status_of(503), WELL)

    assert way.http.urls == [f"https://platform.example/{number}" for number in (1, 2, 3)]
    assert exchanged.outgoing == Ping(3)
    assert exchanged.out_at == NOW < exchanged.in_at


@pytest.mark.parametrize(
    ("script", "idempotent", "attempts", "sent"),
    [
        pytest.param((REFUSED, REFUSED, REFUSED), False, 3, False, id="never-sent"),
        pytest.param((REFUSED, LOST), False, 2, True, id="lost-and-not-repeatable"),
        pytest.param((LOST,), False, 1, True, id="lost-at-once"),
        pytest.param((LOST, LOST, LOST), True, 3, True, id="lost-and-repeatable"),
        pytest.param((LOST, REFUSED, REFUSED), True, 3, True, id="sent-once-then-refused"),
        pytest.param((status_of(500),) * 3, True, 3, True, id="burst-of-500"),
        pytest.param((status_of(503),), False, 1, True, id="503-and-not-repeatable"),
    ],
)
async def test_what_was_sent_is_told_over_all_attempts(
    way: Way, script: tuple[Step, ...], attempts: int, *, idempotent: bool, sent: bool
) -> None:
    """Refused before sending, or done but the reply lost: only the first may give the use back."""
    with pytest.raises(PlatformUnavailable) as caught:
        await way.ask(*script, idempotent=idempotent)

    assert (len(way.http.urls), caught.value.sent) == (attempts, sent)


async def test_one_deadline_holds_for_everything(way: Way) -> None:
    """Each attempt gets what is left, at most its own limit; then it is over."""
    with pytest.raises(DeadlineExceeded) as caught:
        await way.ask(60.0, 60.0, seconds=8.0)

    assert way.http.timeouts[0] == 5.0
    assert way.http.timeouts[1] < 3.0
    assert way.clock.passed == pytest.approx(8.0)
    assert caught.value.sent


async def test_without_time_nothing_is_sent(way: Way) -> None:
    """A deadline that has passed already."""
    with pytest.raises(DeadlineExceeded) as caught:
        await way.ask(WELL, seconds=0.0)

    assert (way.http.urls, caught.value.sent) == ([], False)


async def test_no_wait_goes_past_the_deadline(way: Way) -> None:
    """A platform that asks for 5 s of the 4 that are left is not waited for."""
    with pytest.raises(PlatformUnavailable) as caught:
        await way.ask(status_of(429, retry_after="5"), seconds=4.0)

    assert caught.value.retry_after == 5.0
    assert way.clock.passed == 0.0


async def test_retry_after_is_honoured(way: Way) -> None:
    """Two seconds asked for, two seconds waited."""
    await way.ask(status_of(429, retry_after="2"), WELL)

    assert way.clock.passed == 2.0


async def test_the_breaker_opens_and_sends_nothing_more(way: Way) -> None:
    """After five failures; the next request does not leave."""
    for _ in range(5):
        with pytest.raises(PlatformUnavailable):
            await way.ask(LOST, idempotent=False)
    assert way.transport.breaker.state is BreakerState.OPEN

    with pytest.raises(PlatformUnavailable) as caught:
        await way.ask(WELL)

    assert (len(way.http.urls), caught.value.sent) == (5, False)


async def test_a_platform_that_refuses_work_is_well(way: Way) -> None:
    """429 is an answer: it does not open the breaker."""
    for _ in range(6):
        with pytest.raises(PlatformUnavailable):
            await way.ask(status_of(429), idempotent=False)

    assert way.transport.breaker.state is BreakerState.CLOSED


async def test_an_outage_is_no_storm(platform_settings: PlatformSettings, clock: HandClock) -> None:
    """A thousand requests into an outage: at most 20 % more attempts, breaker or not."""
    patient = replace(platform_settings, breaker_failures=1_000_000)
    way = Way(patient, clock)

    for _ in range(1_000):
        with pytest.raises(PlatformUnavailable):
            await way.ask(*(LOST,) * 3)

    assert len(way.http.urls) <= 1_202


async def test_the_bulkhead_holds_while_the_platform_hangs(
    platform_settings: PlatformSettings, clock: HandClock
) -> None:
    """All places taken: the next is told at once, and nothing was sent for it."""
    started, ended = asyncio.Event(), asyncio.Event()

    class HangingHttp:
        async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
            started.set()
            await ended.wait()
            return WELL

    transport = Transport(replace(platform_settings, in_flight_max=1), HangingHttp(), clock)
    build: Callable[[], Ping] = lambda: Ping(1)  # noqa: E731 - typed, and used twice
    async with asyncio.TaskGroup() as group:
        task = group.create_task(transport.exchange(build, deadline=2_000.0, idempotent=True))
        await started.wait()
        with pytest.raises(PlatformUnavailable) as caught:
            await transport.exchange(build, deadline=2_000.0, idempotent=True)
        ended.set()

    assert not caught.value.sent
    assert task.result().response == WELL


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(status_of(302, location="https://169.254.0.1/"), id="redirect"),
        pytest.param(
            HttpResponse(status=200, headers=(("content-type", "text/html"),), body=b"<p>"),
            id="html",
        ),
        pytest.param(status_of(200), id="no-content-type"),
        pytest.param(HttpTooLarge(detail="over"), id="too-large"),
        pytest.param(HttpAnswerUnfit(detail="gzip"), id="content-coding"),
        pytest.param(
            HttpResponse(status=200, headers=(JSON_TYPE,), body=b"x" * 2_097_153), id="over-2-mib"
        ),
    ],
)
async def test_what_is_no_agreed_answer_is_not_read(way: Way, step: Step) -> None:
    """Sent, and not repeated: the platform answered."""
    with pytest.raises(AnswerUnreadable) as caught:
        await way.ask(step)

    assert caught.value.sent
    assert len(way.http.urls) == 1


async def test_a_401_is_for_the_dialect_to_answer(way: Way) -> None:
    """Whatever its body is."""
    assert (await way.ask(status_of(401))).response.status == 401


def certificate_fault(*, sent: bool = False) -> HttpUnavailable:
    """A connection that ended in the handshake, as the library tells of it."""
    middle = OSError("cannot connect")
    middle.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    fault = HttpUnavailable(sent=sent, detail="ConnectError")
    fault.__cause__ = middle
    return fault


async def test_T4_a_wrong_certificate_gets_no_query(way: Way) -> None:
    """Not repeated, and nothing was sent."""
    with pytest.raises(PlatformUntrusted) as caught:
        await way.ask(certificate_fault())

    assert not caught.value.sent


async def test_a_long_chain_of_causes_is_not_followed_for_ever(way: Way) -> None:
    """Nine causes deep: an outage like any other."""
    fault = certificate_fault()
    for _ in range(8):
        outer = HttpUnavailable(sent=False, detail="ConnectError")
        outer.__cause__ = fault
        fault = outer

    with pytest.raises(PlatformUnavailable):
        await way.ask(*(fault,) * 3)


async def test_a_certificate_that_changed_after_a_query_hides_nothing(way: Way) -> None:
    """The first attempt may have been counted: `sent` stays true."""
    with pytest.raises(PlatformUnavailable) as caught:
        await way.ask(LOST, certificate_fault(), certificate_fault())

    assert caught.value.sent


async def test_a_cancelled_exchange_frees_its_place(
    platform_settings: PlatformSettings, clock: HandClock
) -> None:
    """The bank went away: no failure for the breaker, no place lost."""
    way = Way(replace(platform_settings, in_flight_max=1, breaker_failures=1), clock)
    with pytest.raises(asyncio.CancelledError):
        await way.ask(asyncio.CancelledError())

    assert way.transport.breaker.state is BreakerState.CLOSED
    assert (await way.ask(WELL)).response == WELL


async def test_instants_are_the_clocks(way: Way) -> None:
    """A wait of two seconds lies between the first attempt and the answer."""
    exchanged = await way.ask(status_of(503, retry_after="2"), WELL)

    assert exchanged.in_at - exchanged.out_at == timedelta(seconds=2)
