"""Several workers behind the same doors: processes that share the listening sockets.

The parent binds each door once and runs `command` as many times as asked, each with

    --listener bank=5 --listener people=6 --lifeline 7

where the numbers are inherited descriptors. A worker that ends unasked is started again, later
each time. SIGTERM to the parent goes on to the workers; when the parent is killed the lifeline
breaks, and the workers drain by themselves.
"""

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress

import msgspec

from creditbridge.foundation.logging import get_logger
from creditbridge.server.run import Lifecycle

log = get_logger("workers")


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How crashes and ends are treated.

    The pause after a crash doubles from `pause_seconds` to `pause_seconds_max`; a worker that
    lived `healthy_seconds` begins anew. After `end_seconds` an ending worker is killed.
    """

    count: int = 2
    pause_seconds: float = 0.1
    pause_seconds_max: float = 30.0
    healthy_seconds: float = 60.0
    end_seconds: float = 28.0


async def supervise_workers(
    command: Sequence[str],
    *,
    listeners: Mapping[str, socket.socket],
    lifecycle: Lifecycle,
    settings: WorkerSettings,
) -> None:
    """Keep the workers running until `lifecycle` drains, then end them; returns when all ended."""
    with _lifeline() as lifeline:
        descriptors = {name: listener.fileno() for name, listener in listeners.items()}
        options = [f"--listener={name}={number}" for name, number in descriptors.items()]
        full = [*command, *options, f"--lifeline={lifeline}"]
        passed = (*descriptors.values(), lifeline)
        async with asyncio.TaskGroup() as group:
            for number in range(settings.count):
                worker = _Worker(number, full, passed, lifecycle, settings)
                group.create_task(worker.keep())


class _Worker:
    """One place in the house: the process that stands there now, and its successors."""

    def __init__(
        self,
        number: int,
        command: Sequence[str],
        passed: tuple[int, ...],
        lifecycle: Lifecycle,
        settings: WorkerSettings,
    ) -> None:
        self._number = number
        self._command = command
        self._passed = passed
        self._lifecycle = lifecycle
        self._settings = settings

    async def keep(self) -> None:
        """Keep a worker running until the end is asked for."""
        pause = self._settings.pause_seconds
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            process = await self._start()
            ended = asyncio.create_task(process.wait())
            if await self._wait_for_end(ended):
                await self._end(process, ended)
                return
            # A crash a day is no crash loop: the pause begins anew.
            if loop.time() - began >= self._settings.healthy_seconds:
                pause = self._settings.pause_seconds
            log.error("worker.crashed", worker=self._number, status=ended.result(), pause=pause)
            if await self._lifecycle.wait_for_drain_within(pause):
                return
            pause = min(2 * pause, self._settings.pause_seconds_max)

    async def _start(self) -> Process:
        # A session of its own: an interrupt at the keyboard reaches the parent alone, which
        # passes it on once; a second one would mean "at once".
        process = await asyncio.create_subprocess_exec(
            *self._command, pass_fds=self._passed, start_new_session=True
        )
        log.info("worker.started", worker=self._number, process=process.pid)
        return process

    async def _wait_for_end(self, ended: "asyncio.Task[int]") -> bool:
        asked = asyncio.create_task(self._lifecycle.wait_for_drain())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return self._lifecycle.is_draining

    async def _end(self, process: Process, ended: "asyncio.Task[int]") -> None:
        _send(process, signal.SIGTERM)
        hurried = asyncio.create_task(self._lifecycle.wait_for_hurry(self._settings.end_seconds))
        # SIGKILL only after the drain had its time: what is in flight is finished first.
        await asyncio.wait({ended, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done() and hurried.result():
            _send(process, signal.SIGTERM)
            await asyncio.wait({ended}, timeout=self._settings.end_seconds)
        hurried.cancel()
        if not ended.done():
            log.error("worker.killed", worker=self._number)
            _send(process, signal.SIGKILL)
        await ended


def adopt_listeners(options: Sequence[str]) -> dict[str, socket.socket]:
    """Return the listening sockets by door name, from the values of `--listener`.

    Raises:
        ValueError: not `name=number`.
        OSError: no socket was inherited under that number.
    """
    pairs = (option.partition("=") for option in options)
    return {name: socket.socket(fileno=int(number)) for name, _, number in pairs}


async def watch_lifeline(descriptor: int, lifecycle: Lifecycle) -> None:
    """Drain when the parent is gone: nobody would start this worker again, or end it."""
    loop = asyncio.get_running_loop()
    broken = asyncio.Event()
    loop.add_reader(descriptor, broken.set)
    try:
        await broken.wait()
    finally:
        loop.remove_reader(descriptor)
    log.warning("worker.orphaned")
    lifecycle.drain()


@contextmanager
def _lifeline() -> Generator[int]:
    # Nothing is ever written: the workers read the end when the parent's side is closed.
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(writing)
        os.close(reading)


def _send(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
