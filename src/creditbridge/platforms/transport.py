"""The one way to a platform: one deadline, few repetitions, and no storm.

A report has one deadline; what is left of it bounds every attempt, wait and token. An attempt is
repeated only where nothing was sent, or where the dialect promises that a query id is counted
once however often it is sent. Whatever went wrong, `sent` tells the truth over all attempts.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Generic, Protocol, TypeVar

import msgspec
from tenacity import AsyncRetrying, RetryCallState

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import (
    HttpAnswerUnfit,
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
)
from creditbridge.platforms.breaker import Breaker, Bulkhead, RetryBudget, Verdict
from creditbridge.platforms.model import (
    AnswerUnreadable,
    DeadlineExceeded,
    PlatformUnavailable,
    PlatformUntrusted,
)
from creditbridge.platforms.settings import PlatformSettings

RETRY_AFTER_SECONDS_MAX = 300.0
WAIT_SECONDS = 0.1
CAUSES_MAX = 8
RETRY_AFTER_DIGITS_MAX = 9
UNAUTHORIZED_STATUS = 401
TOO_MANY_STATUS = 429
SERVER_ERROR_STATUS = 500
REDIRECT_STATUSES = range(300, 400)
_RANDOM = SystemRandom()


class HttpDoor(Protocol):
    """What the transport needs of `foundation.http`: send once, and say whether it left."""

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        """Send once and return the whole answer within the time; never repeat, never follow."""
        ...


class Outgoing(Protocol):
    """A request made for one attempt: signed anew each time, as a nonce serves once."""

    @property
    def http(self) -> HttpRequest:
        """What leaves."""
        ...


Sent = TypeVar("Sent", bound=Outgoing)


class Exchanged(msgspec.Struct, Generic[Sent], frozen=True, kw_only=True):
    """An answer, the attempt that it answers, and when the first attempt left and this came in."""

    outgoing: Sent
    response: HttpResponse
    out_at: datetime
    in_at: datetime


class Course(msgspec.Struct, kw_only=True):
    """What is true of an exchange over all its attempts; changes as they are made."""

    deadline: float
    is_idempotent: bool
    sent: bool = False
    out_at: datetime | None = None


class AttemptFailed(PlatformUnavailable):
    """One attempt failed in a way that another might not."""


class Transport:
    """The way to one platform. Shared by all reports of a process."""

    def __init__(
        self,
        settings: PlatformSettings,
        http: HttpDoor,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._sleep = sleep
        self._bulkhead = Bulkhead(settings.in_flight_max)
        self._budget = RetryBudget()
        self.breaker = Breaker(settings, clock)

    async def exchange(
        self, build: Callable[[], Sent], *, deadline: float, idempotent: bool
    ) -> Exchanged[Sent]:
        """Return the first answer that says anything: any status below 500 except 429 and 3xx.

        `deadline` is on the monotonic clock. `build` makes each attempt's own request.
        `idempotent` promises that the platform counts a repeated request once.

        Raises:
            PlatformUnavailable: no answer, breaker open, bulkhead full, or "later".
            DeadlineExceeded: the time ran out.
            PlatformUntrusted: its certificate; nothing was sent.
            AnswerUnreadable: a redirect, no JSON, or over the limit.
        """
        course = Course(deadline=deadline, is_idempotent=idempotent)
        retrying = AsyncRetrying(
            retry=lambda state: _may_repeat(state, course),
            wait=self._wait,
            stop=lambda state: self._must_stop(state, course),
            sleep=self._sleep,
            reraise=True,
        )
        with self._bulkhead.hold():
            # Once per request and not per attempt: retries must not earn further retries.
            self._budget.earn()
            try:
                return await retrying(self._attempt, build, course)
            except (PlatformUnavailable, DeadlineExceeded) as error:
                # An earlier attempt may have arrived, though this one did not leave.
                error.sent = error.sent or course.sent
                raise

    async def _attempt(self, build: Callable[[], Sent], course: Course) -> Exchanged[Sent]:
        timeout_seconds = self._time_for_attempt(course)
        with self.breaker.attempt() as attempt:
            outgoing = build()
            # The first attempt's: it may be the one that was counted.
            out_at = course.out_at = course.out_at or self._clock.now()
            response = await self._send(outgoing.http, course, timeout_seconds)
            in_at = self._clock.now()
            # Whatever else it says, who answers is alive; a refusal must not open the breaker.
            if response.status < SERVER_ERROR_STATUS:
                attempt.verdict = Verdict.WELL
            self._require_answer(response)
            return Exchanged(outgoing=outgoing, response=response, out_at=out_at, in_at=in_at)

    def _time_for_attempt(self, course: Course) -> float:
        left = course.deadline - self._clock.monotonic()
        if left <= 0:
            raise DeadlineExceeded(sent=False, detail="no time was left for an attempt")
        return min(left, self._settings.attempt_seconds)

    async def _send(
        self, request: HttpRequest, course: Course, timeout_seconds: float
    ) -> HttpResponse:
        try:
            response = await self._http.send(request, timeout_seconds=timeout_seconds)
        except HttpUnavailable as error:
            course.sent = course.sent or error.sent
            # Only where no attempt left before: else the honest word is "perhaps counted" (law 10).
            if not course.sent and _is_certificate_fault(error):
                raise PlatformUntrusted(detail=error.detail) from error
            # The time that ran out may be the report's or the attempt's; only the second is worth
            # another.
            if self._clock.monotonic() >= course.deadline:
                raise DeadlineExceeded(sent=error.sent, detail=error.detail) from error
            raise AttemptFailed(sent=error.sent, detail=error.detail) from error
        except (HttpTooLarge, HttpAnswerUnfit) as error:
            raise AnswerUnreadable(detail=error.detail) from error
        course.sent = True
        return response

    def _require_answer(self, response: HttpResponse) -> None:
        if response.status >= SERVER_ERROR_STATUS or response.status == TOO_MANY_STATUS:
            seconds = read_retry_after(find_header(response, "retry-after"), self._clock.now())
            detail = f"status {response.status}"
            raise AttemptFailed(sent=True, detail=detail, retry_after=seconds)
        # The token may have run out: for the dialect to renew, in whatever form the refusal comes.
        if response.status == UNAUTHORIZED_STATUS:
            return
        if response.status in REDIRECT_STATUSES:
            raise AnswerUnreadable(detail=f"status {response.status}: redirects are not followed")
        content_type = find_header(response, "content-type") or ""
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise AnswerUnreadable(detail="the answer is not application/json")
        if len(response.body) > self._settings.answer_bytes_max:
            raise AnswerUnreadable(detail=f"an answer of {len(response.body)} bytes")

    def _wait(self, state: RetryCallState) -> float:
        """Return the seconds that the platform asked for, else a growing wait with jitter."""
        error = _error_of(state)
        if isinstance(error, PlatformUnavailable) and error.retry_after is not None:
            return error.retry_after
        return WAIT_SECONDS * 2.0**state.attempt_number * _RANDOM.uniform(0.5, 1.0)

    def _must_stop(self, state: RetryCallState, course: Course) -> bool:
        if state.attempt_number >= self._settings.attempts_max:
            return True
        # To wait past the deadline only to fail then would keep the bank waiting for nothing.
        if self._clock.monotonic() + state.upcoming_sleep >= course.deadline:
            return True
        # Asked last: a retry that time forbids must not use up the budget.
        return not self._budget.spend()


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, section 10.2.3), at most 300.

    None where there is none, or nothing that means a wait: a negative number, a past date.
    """
    if text is None:
        return None
    seconds: float
    if text.isascii() and text.isdigit():
        # So many digits that they overflow only mean "very long".
        seconds = float(text[:RETRY_AFTER_DIGITS_MAX])
    else:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(seconds, RETRY_AFTER_SECONDS_MAX) if seconds >= 0 else None


def find_header(response: HttpResponse, name: str) -> str | None:
    """Return the first field of a name in lower case, or None."""
    return next((value for field, value in response.headers if field == name), None)


def _may_repeat(state: RetryCallState, course: Course) -> bool:
    # Sent once, a query may have been counted: only a dialect that counts ids, not messages,
    # may be asked again (law 10 of the house).
    return isinstance(_error_of(state), AttemptFailed) and (course.is_idempotent or not course.sent)


def _error_of(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _is_certificate_fault(error: BaseException) -> bool:
    cause: BaseException | None = error
    # Libraries wrap what TLS said, some in a circle.
    for _ in range(CAUSES_MAX):
        if cause is None or isinstance(cause, ssl.SSLCertVerificationError):
            return cause is not None
        cause = cause.__cause__ or cause.__context__
    return False
