"""A deadline that is set, moved and dropped, on the event loop's clock."""

import asyncio
from collections.abc import Callable


class Timer:
    """One deadline at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether a deadline is set and has not passed."""
        return self._handle is not None

    def start(self, seconds: float, expired: Callable[[], None]) -> None:
        """Call `expired` after so many seconds, in place of what was set before."""
        self.stop()
        self._handle = self._loop.call_later(seconds, self._expire, expired)

    def stop(self) -> None:
        """Drop the deadline, if one is set."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expire(self, expired: Callable[[], None]) -> None:
        self._handle = None
        expired()
