"""One process: its doors and its background tasks in one task group, from start to drained.

The first SIGTERM drains: readiness goes, every answer says `Connection: close`; after a notice
nothing new is taken, what is in flight is finished; the plain door, where readiness is asked,
closes last. The second SIGTERM ends at once. Either way the ledger is as durable as ever.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum

import msgspec
import uvloop

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.logging import get_logger
from creditbridge.server.doors import Door, OpenDoor, open_door

log = get_logger("server")

DATE_SECONDS = 1.0
POLL_SECONDS = 0.05
CUT_SECONDS = 2.0


class Phase(StrEnum):
    """Where in its life a process stands; ready is SERVING only."""

    STARTING = "STARTING"
    SERVING = "SERVING"
    DRAINING = "DRAINING"
    ENDED = "ENDED"


class DrainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an end may take: together well under 30 seconds.

    `notice_seconds`: readiness is gone, requests are still taken; a balancer needs as long to see
    it. `finish_seconds`: what is in flight may go on.
    """

    notice_seconds: float = 1.0
    finish_seconds: float = 22.0


class Lifecycle:
    """The phase of this process, where its doors are, and the wish that it end."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.addresses: Mapping[str, tuple[str, int]] = {}
        self._serving = asyncio.Event()
        self._drain = asyncio.Event()
        self._hurry = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether new requests are welcome."""
        return self.phase is Phase.SERVING

    @property
    def is_draining(self) -> bool:
        """Whether the end was asked for."""
        return self._drain.is_set()

    def serve(self, addresses: Mapping[str, tuple[str, int]]) -> None:
        """Say that every door is open, and where."""
        self.addresses = addresses
        self.phase = Phase.SERVING
        self._serving.set()

    async def wait_until_serving(self) -> None:
        """Return when every door is open."""
        await self._serving.wait()

    def drain(self) -> None:
        """Ask for the end: gracefully the first time, at once the second."""
        if self._drain.is_set():
            self._hurry.set()
        self._drain.set()

    async def wait_for_drain(self) -> None:
        """Return when the end was asked for."""
        await self._drain.wait()

    async def wait_for_drain_within(self, seconds: float) -> bool:
        """Return True as soon as the end was asked for, False after so many seconds."""
        return await _within(self._drain, seconds)

    async def wait_for_hurry(self, seconds: float) -> bool:
        """Return True as soon as the end must be at once, False after so many seconds."""
        return await _within(self._hurry, seconds)


async def run(
    doors: Sequence[Door],
    tasks: Mapping[str, Callable[[], Coroutine[object, object, None]]],
    *,
    lifecycle: Lifecycle,
    settings: DrainSettings | None = None,
    listeners: Mapping[str, socket.socket] | None = None,
) -> None:
    """Serve until asked to end; `listeners` by door name where a parent bound them.

    A background task that fails ends the process: half a house is not served. Tasks are cancelled
    after the last answer.

    Raises:
        DoorMisconfigured, OSError: a door could not be opened.
        ExceptionGroup: a background task failed.
    """
    house: list[OpenDoor] = []
    try:
        for door in doors:
            # One by one: where a later one fails, those that are open are closed below.
            opened = await open_door(door, (listeners or {}).get(door.name))
            house.append(opened)
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(task(), name=name) for name, task in tasks.items()]
            background.append(group.create_task(_show_date(house)))
            lifecycle.serve({door.name: door.address for door in house})
            await lifecycle.wait_for_drain()
            await _drain(house, lifecycle, settings or DrainSettings())
            # After the last answer: a delivery still needs the lease of this node.
            for task in background:
                task.cancel()
    finally:
        await _cut(house)
        lifecycle.phase = Phase.ENDED


@contextmanager
def signals_drain(lifecycle: Lifecycle) -> Generator[None]:
    """Let SIGTERM and SIGINT ask for the end, inside the block; the main thread only."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, lifecycle.drain)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def run_on_uvloop(main: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run a coroutine to its end on the loop that the doors are measured on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def _drain(house: list[OpenDoor], lifecycle: Lifecycle, settings: DrainSettings) -> None:
    lifecycle.phase = Phase.DRAINING
    log.info("house.draining")
    public = [door for door in house if not door.is_plain]
    for door in public:
        door.announce_end()
    # A balancer needs a moment to see that readiness is gone; until then requests still come.
    if await lifecycle.wait_for_hurry(settings.notice_seconds):
        return
    end = asyncio.get_running_loop().time() + settings.finish_seconds
    # The plain door last: whoever asks for readiness must get an answer until the end.
    for doors in (public, house):
        for door in doors:
            door.stop_listening()
        await _wait_until_idle(doors, lifecycle, end)
    log.info("house.drained")


async def _wait_until_idle(doors: list[OpenDoor], lifecycle: Lifecycle, end: float) -> None:
    loop = asyncio.get_running_loop()
    while not all(door.is_idle for door in doors):
        if loop.time() >= end or await lifecycle.wait_for_hurry(POLL_SECONDS):
            log.warning("house.cut_off", doors=[door.name for door in doors if not door.is_idle])
            return


async def _cut(house: list[OpenDoor]) -> None:
    left = {task for door in house for task in door.abort()}
    if left:
        await asyncio.wait(left, timeout=CUT_SECONDS)


async def _show_date(house: list[OpenDoor]) -> None:
    clock = SystemClock()
    while True:
        for door in house:
            door.show_date(clock)
        await asyncio.sleep(DATE_SECONDS)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
    return event.is_set()
