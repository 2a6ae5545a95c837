"""What this process has under way under which consent, and how it is stopped. No journey.

A report is under way from the transaction that decides on it until the last byte of its answer is
handed over; so is the repetition of an answer that was kept. Who ends a consent waits for its row,
so whatever was decided before is in this list when the end commits, and nothing comes after.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from creditbridge.foundation.channels import notify
from creditbridge.foundation.database import Transaction

CHANNEL = "creditbridge_consents"


class BrokenOff(Exception):
    """The consent ended or was paused before a report under it was done.

    `sent` is False where provably no platform had been asked, and else True.
    """

    def __init__(self, *, sent: bool) -> None:
        super().__init__(sent)
        self.sent = sent


class Look:
    """One report or repetition under way, in the task that answers it."""

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self._task = task
        self._is_asking = False
        self._is_stopped = False

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._is_stopped

    def stop(self) -> None:
        """Break off what is asked, at once or as soon as it is to begin."""
        if self._is_asking and not self._is_stopped:
            self._task.cancel()
        self._is_stopped = True

    @contextmanager
    def asking(self) -> Generator[None]:
        """Let the block be broken off; outside of it, who was decided on goes on to a record.

        Raises:
            BrokenOff: it was.
        """
        if self.is_stopped:
            raise BrokenOff(sent=False)
        self._is_asking = True
        try:
            yield
        except asyncio.CancelledError:
            if self._takes_back_cancel():
                raise BrokenOff(sent=True) from None
            raise
        finally:
            self._is_asking = False

    def _takes_back_cancel(self) -> bool:
        # As `asyncio.timeout` does it: another's cancellation is not ours to end.
        return self._is_stopped and self._task.uncancel() == 0


class UnderWay:
    """What is under way in this process, by consent."""

    def __init__(self) -> None:
        self._looks: dict[str, set[Look]] = {}
        self._changed = asyncio.Event()

    def enter(self, *consent_ids: str) -> Look:
        """Note that the present task answers under these consents, until that task is done.

        To be called in the transaction that decides, while it holds the consent's row.
        """
        task = asyncio.current_task()
        if task is None:  # pragma: no cover -- whoever awaits has a task
            raise RuntimeError
        look = Look(task)
        for consent_id in consent_ids:
            self._looks.setdefault(consent_id, set()).add(look)
        task.add_done_callback(lambda _: self._leave(consent_ids, look))
        return look

    def list_consents(self) -> list[str]:
        """Return the consents under which something is under way here."""
        return list(self._looks)

    def is_quiet(self, consent_id: str) -> bool:
        """Tell whether nothing is under way here under a consent."""
        return consent_id not in self._looks

    def stop(self, consent_id: str) -> None:
        """Break off what is asked under a consent that stands no more."""
        for look in self._looks.get(consent_id, ()):
            look.stop()

    def wake(self) -> None:
        """Let whoever waits for a change look at once."""
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Return when something changed that concerns a consent's end, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _leave(self, consent_ids: Sequence[str], look: Look) -> None:
        for consent_id in consent_ids:
            looks = self._looks[consent_id]
            looks.discard(look)
            if not looks:
                del self._looks[consent_id]
                if look.is_stopped:
                    self.wake()


async def tell_nodes(tx: Transaction, consent_id: str) -> None:
    """Let every node look at once at what it runs under a consent, when this commits."""
    await notify(tx, CHANNEL, consent_id)
