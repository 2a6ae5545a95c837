"""Several workers behind the same doors: processes that share the listening sockets, and memory.

    parent -> template -> worker, worker ...

The parent binds each door once. The template is a process that has loaded the whole program and
does nothing but fork: each worker begins as its copy and shares with it what it never writes to. A
worker that ends unasked is started again, later each time. SIGTERM to the parent goes on to the
workers; when the parent is killed the lifeline breaks, and the workers drain by themselves.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import TypeAlias

import msgspec

from creditbridge.foundation.logging import get_logger
from creditbridge.server.run import Lifecycle

log = get_logger("workers")

Listeners: TypeAlias = Mapping[str, socket.socket]
# What a worker does until it ends: it is given the doors' sockets by name, and its lifeline.
Work: TypeAlias = Callable[[Listeners, Connection], None]


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
    work: Work,
    *,
    listeners: Listeners,
    lifecycle: Lifecycle,
    settings: WorkerSettings,
    preload: Sequence[str] = (),
) -> None:
    """Keep the workers running until `lifecycle` drains, then end them; returns when all ended.

    `work` can be pickled; `preload` names the modules that the template loads for all.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([*preload])
    with _lifeline() as lifeline:
        make = partial(context.Process, target=_begin, args=(work, listeners, lifeline))
        async with asyncio.TaskGroup() as group:
            for number in range(settings.count):
                worker = _Worker(number, make, lifecycle, settings)
                group.create_task(worker.keep())


def _begin(work: Work, listeners: Listeners, lifeline: Connection) -> None:
    # A session of its own: an interrupt at the keyboard reaches the parent alone, which passes it
    # on once; a second one would mean "at once".
    os.setsid()
    # The collector would write into every object, and nothing would be shared any more.
    gc.freeze()
    work(listeners, lifeline)


class _Worker:
    """One place in the house: the process that stands there now, and its successors."""

    def __init__(
        self,
        number: int,
        make: Callable[[], ForkServerProcess],
        lifecycle: Lifecycle,
        settings: WorkerSettings,
    ) -> None:
        self._number = number
        self._make = make
        self._lifecycle = lifecycle
        self._settings = settings

    async def keep(self) -> None:
        """Keep a worker running until the end is asked for."""
        pause = self._settings.pause_seconds
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            process = await self._start()
            ended = asyncio.create_task(_wait(process))
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

    async def _start(self) -> ForkServerProcess:
        process = self._make()
        # It waits for the template, which loads the program first.
        await asyncio.to_thread(process.start)
        log.info("worker.started", worker=self._number, process=process.pid)
        return process

    async def _wait_for_end(self, ended: "asyncio.Task[int]") -> bool:
        asked = asyncio.create_task(self._lifecycle.wait_for_drain())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return self._lifecycle.is_draining

    async def _end(self, process: ForkServerProcess, ended: "asyncio.Task[int]") -> None:
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
def _lifeline() -> Generator[Connection]:
    # Nothing is ever written: the workers read the end when the parent's side is closed.
    reading, writing = os.pipe()
    try:
        with Connection(reading, writable=False) as lifeline:
            yield lifeline
    finally:
        os.close(writing)


async def _wait(process: ForkServerProcess) -> int:
    """Return the exit status of a process when it has ended; a signal is a negative number."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    status = process.exitcode
    process.close()
    return 0 if status is None else status


def _send(process: ForkServerProcess, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, ValueError):
        if process.pid is not None:
            os.kill(process.pid, number)
