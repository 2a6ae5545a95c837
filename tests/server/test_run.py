"""Tests of one process from start to drained."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol

import pytest
from tests.waiting import PATIENCE_SECONDS, eventually
from typing_extensions import override

from creditbridge.foundation.clock import SystemClock
from creditbridge.server.doors import Door, bind_door
from creditbridge.server.run import (
    DrainSettings,
    Lifecycle,
    Phase,
    run,
    run_on_uvloop,
    signals_drain,
)
from creditbridge.server.tls import DoorMisconfigured, people_context

Message = MutableMapping[str, object]
Send = Callable[[Message], Awaitable[None]]
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Pki(Protocol):
    """What these tests need of the authority."""

    ca_file: Path

    def issue(self, name: str) -> tuple[Path, Path]: ...


class House:
    """An application whose answers wait at a gate."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.gate = asyncio.Event()
        self.waiting = 0
        self.cancelled = 0

    async def __call__(self, scope: Message, receive: object, send: Send) -> None:
        if scope["path"] == "/readyz":
            await answer(send, 200 if self.lifecycle.is_ready else 503)
            return
        self.waiting += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        await answer(send, 200)


async def answer(send: Send, status: int) -> None:
    """Answer with nothing but a status."""
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class Running:
    """A process's work, running beside the test."""

    def __init__(self, house: House, work: "asyncio.Task[None]", client: ssl.SSLContext) -> None:
        self.house = house
        self.lifecycle = house.lifecycle
        self.work = work
        self.client = client

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the people's door."""
        address = self.lifecycle.addresses["people"]
        return await asyncio.open_connection(*address, ssl=self.client)

    async def ask_readiness(self) -> bytes:
        """Return the status line of the plain door's readiness."""
        reader, writer = await asyncio.open_connection(*self.lifecycle.addresses["operations"])
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        line = await reader.readline()
        writer.close()
        return line.strip()

    async def ask_date(self) -> datetime:
        """Return the date of an answer of the plain door."""
        reader, writer = await asyncio.open_connection(*self.lifecycle.addresses["operations"])
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        lines = (await reader.read()).decode("ascii").split("\r\n")
        writer.close()
        (date,) = (line.removeprefix("date: ") for line in lines if line.startswith("date: "))
        return parsedate_to_datetime(date)


@asynccontextmanager
async def running(
    pki: Pki,
    settings: DrainSettings | None = None,
    tasks: dict[str, Callable[[], Coroutine[object, object, None]]] | None = None,
) -> AsyncIterator[Running]:
    """Run two doors, people's and operations', until the block ends."""
    lifecycle = Lifecycle()
    house = House(lifecycle)
    certificate, key = pki.issue("gateway")
    tls = people_context(certificate_file=certificate, key_file=key)
    doors = [
        Door(name="people", app=house, host="127.0.0.1", port=0, tls=tls),
        Door(name="operations", app=house, host="127.0.0.1", port=0, tls=None),
    ]
    work = asyncio.create_task(run(doors, tasks or {}, lifecycle=lifecycle, settings=settings))
    try:
        await lifecycle.wait_until_serving()
        yield Running(house, work, ssl.create_default_context(cafile=pki.ca_file))
    finally:
        lifecycle.drain()
        lifecycle.drain()
        await asyncio.wait({work}, timeout=PATIENCE_SECONDS)


QUICK = DrainSettings(notice_seconds=0.1, finish_seconds=PATIENCE_SECONDS)
ENDLESS = 3_600.0


async def test_a_process_serves_until_it_is_asked_to_end(pki: Pki) -> None:
    """Ready from the moment that every door is open."""
    async with running(pki, QUICK) as process:
        assert await process.ask_readiness() == b"HTTP/1.1 200 OK"
        assert process.lifecycle.is_ready
        process.lifecycle.drain()
        await process.work
        assert process.lifecycle.phase is Phase.ENDED
        with pytest.raises(OSError, match="refused"):
            await process.connect()


async def test_a_drain_finishes_what_is_in_flight(pki: Pki) -> None:
    """200 in flight: 200 answers, each closing its connection; readiness is gone first."""
    async with running(pki, QUICK) as process:
        connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        for _ in range(200):
            connections.append(await process.connect())
            connections[-1][1].write(GET)
        await eventually(lambda: process.house.waiting == 200)

        process.lifecycle.drain()
        await eventually(lambda: process.lifecycle.phase is Phase.DRAINING)
        readiness = await process.ask_readiness()
        process.house.gate.set()
        answers = [await reader.read() for reader, _ in connections]
        await process.work

    assert readiness == b"HTTP/1.1 503 Service Unavailable"
    assert all(raw.startswith(b"HTTP/1.1 200 OK\r\n") for raw in answers)
    assert all(b"\r\nconnection: close\r\n" in raw for raw in answers)


async def test_requests_during_the_notice_are_still_answered(pki: Pki) -> None:
    """On old connections and on new ones; the answer says that the connection closes."""
    async with running(pki, DrainSettings(notice_seconds=ENDLESS)) as process:
        process.house.gate.set()
        old = await process.connect()
        old[1].write(GET)
        assert b"connection: close" not in await old[0].readuntil(b"\r\n\r\n")
        process.lifecycle.drain()
        await eventually(lambda: process.lifecycle.phase is Phase.DRAINING)
        new = await process.connect()
        for reader, writer in (old, new):
            writer.write(GET)
            raw = await reader.read()
            assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\nconnection: close\r\n" in raw
            writer.close()
        process.lifecycle.drain()
        await process.work


async def test_idle_connections_do_not_hold_a_drain_up(pki: Pki) -> None:
    """Used once, never used, or with half a request: they are closed."""
    settings = DrainSettings(notice_seconds=0.05, finish_seconds=0.3)
    async with running(pki, settings) as process:
        process.house.gate.set()
        connections = [await process.connect() for _ in range(3)]
        connections[0][1].write(GET)
        await connections[0][0].readuntil(b"\r\n\r\n")
        connections[2][1].write(b"GET / HT")
        process.lifecycle.drain()
        for reader, writer in connections:
            assert await reader.read() == b""
            writer.close()
        await process.work


async def test_what_does_not_finish_in_time_is_cut_off(pki: Pki) -> None:
    """The end has an end."""
    settings = DrainSettings(notice_seconds=0, finish_seconds=0.1)
    async with running(pki, settings) as process:
        reader, writer = await process.connect()
        writer.write(GET)
        await eventually(lambda: process.house.waiting == 1)
        process.lifecycle.drain()
        await process.work
        assert await reader.read() == b""
        writer.close()

    assert process.house.cancelled == 1


@pytest.mark.parametrize("notice", [0, ENDLESS])
async def test_asked_twice_it_ends_at_once(pki: Pki, notice: float) -> None:
    """During the notice and while finishing."""
    settings = DrainSettings(notice_seconds=notice, finish_seconds=ENDLESS)
    async with running(pki, settings) as process:
        _, writer = await process.connect()
        writer.write(GET)
        await eventually(lambda: process.house.waiting == 1)
        process.lifecycle.drain()
        await eventually(lambda: process.lifecycle.phase is Phase.DRAINING)
        process.lifecycle.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await process.work
        writer.close()

    assert process.house.cancelled == 1


async def test_background_tasks_run_beside_the_doors_and_end_last(pki: Pki) -> None:
    """The sequencer works until the last answer is out."""
    told: list[str] = []

    async def task() -> None:
        told.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    async with running(pki, QUICK, {"sequencer": task}) as process:
        process.lifecycle.drain()
        await eventually(lambda: process.lifecycle.phase is Phase.DRAINING)
        assert told == ["began"]
        await process.work

    assert told == ["began", "ended"]


async def test_a_background_task_that_fails_ends_the_process(pki: Pki) -> None:
    """Half a house is not served."""
    failed = asyncio.Event()

    async def task() -> None:
        await failed.wait()
        message = "the sequencer broke"
        raise RuntimeError(message)

    async with running(pki, QUICK, {"sequencer": task}) as process:
        failed.set()
        with pytest.raises(ExceptionGroup):
            await process.work
        with pytest.raises(OSError, match="refused"):
            await process.connect()

    assert process.lifecycle.phase is Phase.ENDED


async def test_a_door_that_cannot_open_closes_the_others() -> None:
    """Start is refused as a whole."""
    lifecycle = Lifecycle()
    good = Door(name="a", app=House(lifecycle), host="127.0.0.1", port=0, tls=None)
    listener = bind_door(good)
    address = listener.getsockname()
    bad = Door(name="b", app=House(lifecycle), host="192.0.2.1", port=0, tls=None)

    with pytest.raises(DoorMisconfigured):
        await run([good, bad], {}, lifecycle=lifecycle, listeners={"a": listener})

    assert lifecycle.phase is Phase.ENDED
    with pytest.raises(OSError, match="refused"):
        await asyncio.open_connection(*address)


class Leaping(SystemClock):
    """A clock that is a day further each time that it is looked at."""

    def __init__(self) -> None:
        self.looks = 0

    @override
    def now(self) -> datetime:
        self.looks += 1
        return super().now() + timedelta(days=self.looks)


async def test_the_date_of_answers_is_kept(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Date header each, renewed in the background."""
    clock = Leaping()
    monkeypatch.setattr("creditbridge.server.run.DATE_SECONDS", 0.01)
    monkeypatch.setattr("creditbridge.server.run.SystemClock", lambda: clock)
    async with running(pki, QUICK) as process:
        first = await process.ask_date()
        looks = clock.looks + 2  # One for each door.
        await eventually(lambda: clock.looks >= looks)
        second = await process.ask_date()

    assert first < second


def test_signals_ask_for_the_end_inside_the_block() -> None:
    """The first drains, the second hurries; a terminal's interrupt counts as well."""
    told: list[bool] = []

    async def main() -> None:
        lifecycle = Lifecycle()
        with signals_drain(lifecycle):
            os.kill(os.getpid(), signal.SIGTERM)
            await lifecycle.wait_for_drain()
            told.append(await lifecycle.wait_for_hurry(0.01))
            os.kill(os.getpid(), signal.SIGINT)
            told.append(await lifecycle.wait_for_hurry(PATIENCE_SECONDS))
            told.append(lifecycle.is_draining)

    run_on_uvloop(main)

    assert told == [False, True, True]
