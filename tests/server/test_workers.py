"""Tests of several workers behind one door: real processes."""

import asyncio
import io
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tests.waiting import PATIENCE_SECONDS, eventually

from creditbridge.server.run import Lifecycle
from creditbridge.server.workers import (
    WorkerSettings,
    adopt_listeners,
    supervise_workers,
    watch_lifeline,
)

WORKER = """
import argparse, asyncio, os
from functools import partial
from creditbridge.server.doors import Door
from creditbridge.server.run import DrainSettings, Lifecycle, run, run_on_uvloop, signals_drain
from creditbridge.server.workers import adopt_listeners, watch_lifeline

async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listener", action="append")
    parser.add_argument("--lifeline", type=int)
    options = parser.parse_args()
    lifecycle = Lifecycle()

    async def app(scope, receive, send):
        body = str(os.getpid()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/last":
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            await lifecycle.wait_for_drain()
        await send({"type": "http.response.body", "body": body})

    door = Door(name="operations", app=app, host="127.0.0.1", port=0, tls=None)
    tasks = {"lifeline": partial(watch_lifeline, options.lifeline, lifecycle)}
    with signals_drain(lifecycle):
        await run([door], tasks, lifecycle=lifecycle, settings=DrainSettings(notice_seconds=0.05),
                  listeners=adopt_listeners(options.listener))

run_on_uvloop(main)
"""
STUBBORN = "trap '' TERM; echo up > {file}; while true; do sleep 0.05; done"


@pytest.fixture
def listener() -> socket.socket:
    """A listening socket, as the parent binds it."""
    bound = socket.create_server(("127.0.0.1", 0))
    bound.settimeout(0)
    return bound


@asynccontextmanager
async def supervised(
    command: list[str], listener: socket.socket, settings: WorkerSettings
) -> AsyncIterator[tuple[Lifecycle, "asyncio.Task[None]"]]:
    """Supervise workers until the block ends."""
    lifecycle = Lifecycle()
    with listener:
        work = asyncio.create_task(
            supervise_workers(
                command, listeners={"operations": listener}, lifecycle=lifecycle, settings=settings
            )
        )
        try:
            yield lifecycle, work
        finally:
            lifecycle.drain()
            await work


@asynccontextmanager
async def asking(address: tuple[str, int], path: str) -> AsyncIterator[asyncio.StreamReader]:
    """Ask, and lend the answer from behind its head: a worker has it in hand."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        yield reader
    finally:
        writer.close()


async def ask(address: tuple[str, int]) -> int:
    """Return the process id that a worker answers with."""
    async with asking(address, "/") as answer:
        return int(await answer.read())


async def find_workers(address: tuple[str, int], count: int) -> set[int]:
    """Ask until so many different workers have answered."""
    found: set[int] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            answers = [asyncio.create_task(ask(address)) for _ in range(20)]
            found |= {await answer for answer in answers}
    return found


def pauses_in(log: io.StringIO) -> list[float]:
    """Return the seconds that were waited after each crash so far."""
    lines = [
        msgspec.json.decode(line, type=dict[str, object]) for line in log.getvalue().splitlines()
    ]
    crashed = (line for line in lines if line["event"] == "worker.crashed")
    return [msgspec.convert(line["pause"], float) for line in crashed]


def is_alive(process: int) -> bool:
    """Tell whether a process lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_workers_share_a_door_and_a_killed_one_is_replaced(listener: socket.socket) -> None:
    """Two answer; one is killed; two answer again; asked to end, both finish and are gone."""
    settings = WorkerSettings(count=2, pause_seconds=0.05)
    address = listener.getsockname()
    command = [sys.executable, "-c", WORKER]
    async with supervised(command, listener, settings) as (lifecycle, work):
        first = await find_workers(address, 2)
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        await eventually(lambda: not is_alive(victim))
        second = await find_workers(address, 2)

        async with asking(address, "/last") as answer:
            lifecycle.drain()
            assert int(await answer.read()) in second
        await work

    assert victim not in second
    assert not any(is_alive(process) for process in first | second)


async def test_a_crash_loop_is_slowed_down(listener: socket.socket, log_lines: io.StringIO) -> None:
    """The pause doubles up to its limit."""
    settings = WorkerSettings(count=1, pause_seconds=0.02, pause_seconds_max=0.05)
    async with supervised(["/bin/false"], listener, settings):
        await eventually(lambda: len(pauses_in(log_lines)) >= 4)

    assert pauses_in(log_lines)[:4] == [0.02, 0.04, 0.05, 0.05]


async def test_an_end_does_not_wait_for_the_pause_after_a_crash(
    listener: socket.socket, log_lines: io.StringIO
) -> None:
    """A crashed worker is not started again only to be ended."""
    settings = WorkerSettings(count=1, pause_seconds=3_600)
    async with supervised(["/bin/false"], listener, settings) as (lifecycle, work):
        await eventually(lambda: pauses_in(log_lines) == [3_600])
        lifecycle.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work


def test_listeners_are_adopted_by_name(listener: socket.socket) -> None:
    """What the parent wrote on the command line."""
    address = listener.getsockname()
    adopted = adopt_listeners([f"banks={listener.detach()}"])

    with adopted["banks"] as mine:
        assert mine.getsockname() == address
    with pytest.raises(ValueError, match="invalid literal"):
        adopt_listeners(["banks"])


async def test_a_worker_that_lived_long_begins_anew(
    listener: socket.socket, log_lines: io.StringIO
) -> None:
    """The pause of an old crash is forgotten."""
    settings = WorkerSettings(count=1, pause_seconds=0.01, healthy_seconds=0)
    async with supervised(["/bin/false"], listener, settings):
        await eventually(lambda: len(pauses_in(log_lines)) >= 3)

    assert pauses_in(log_lines)[:3] == [0.01, 0.01, 0.01]


@pytest.mark.parametrize("hurry", [True, False])
async def test_a_worker_that_does_not_end_is_killed(
    listener: socket.socket, tmp_path: Path, *, hurry: bool
) -> None:
    """After its time, whether the parent was asked once or twice."""
    file = tmp_path / "up"
    command = ["/bin/sh", "-c", STUBBORN.format(file=file)]
    settings = WorkerSettings(count=1, end_seconds=0.2)
    async with supervised(command, listener, settings) as (lifecycle, work):
        await eventually(file.exists)
        lifecycle.drain()
        if hurry:
            lifecycle.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work


async def test_a_worker_that_ended_by_itself_meanwhile_is_no_matter(
    listener: socket.socket,
) -> None:
    """It is gone before it could be told."""
    async with supervised(["/bin/true"], listener, WorkerSettings(count=1)) as (lifecycle, _):
        lifecycle.drain()


async def test_a_worker_without_parent_drains(listener: socket.socket) -> None:
    """When the lifeline breaks."""
    reading, writing = os.pipe()
    with listener:
        number = listener.fileno()
        options = [f"--listener=operations={number}", f"--lifeline={reading}"]
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, *options, pass_fds=(number, reading)
        )
        os.close(reading)
        assert await ask(listener.getsockname()) == worker.pid
        os.close(writing)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.wait() == 0


async def test_the_lifeline_is_watched_without_a_process() -> None:
    """The watching task ends when the pipe's other end closes, and asks for the end."""
    reading, writing = os.pipe()
    lifecycle = Lifecycle()
    watching = asyncio.create_task(watch_lifeline(reading, lifecycle))
    await asyncio.sleep(0)
    assert not lifecycle.is_draining
    os.close(writing)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await watching
    os.close(reading)

    assert lifecycle.is_draining
