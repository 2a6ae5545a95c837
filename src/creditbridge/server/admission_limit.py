"""How many requests one worker takes at a time.

Beyond its peak, more requests in flight only make each slower: the next one is told at once to
come again (RELIABILITY, promise 17).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias

from creditbridge.protocols.problem import MEDIA_TYPE, Problem

IN_FLIGHT_MAX = 32
RETRY_AFTER_SECONDS = 1

Scope: TypeAlias = MutableMapping[str, object]
Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class AdmissionLimit:
    """ASGI middleware: at most so many HTTP requests inside `app` at once; 503 to the others."""

    def __init__(
        self, app: Callable[..., Awaitable[None]], *, in_flight_max: int = IN_FLIGHT_MAX
    ) -> None:
        self._app = app
        self._in_flight_max = in_flight_max
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or shed it."""
        # Refused at once: a queue would only move the wait to where no deadline sees it.
        if self.in_flight >= self._in_flight_max:
            await _shed(send)
            return
        self.in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.in_flight -= 1


async def _shed(send: Send) -> None:
    detail = "The gateway has as many requests in hand as it can serve well; try again shortly."
    problem = Problem(status=503, code="overloaded", detail=detail)
    body = problem.encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
