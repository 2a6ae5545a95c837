"""Tests of several workers behind one door: real processes."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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

async def app(scope, receive, send):
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listener", action="append")
    parser.add_argument("--lifeline", type=int)
    options = parser.parse_args()
    lifecycle = Lifecycle()
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


async def ask(address: tuple[str, int], path: str = "/") -> int:
    """Return the process id that a worker answers with."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return int((await reader.read()).rpartition(b"\r\n")[2])
    finally:
        writer.close()


async def find_workers(address: tuple[str, int], count: int) -> set[int]:
    """Ask until so many different workers have answered."""
    found: set[int] = set()
    async with asyncio.timeout(20):
        while len(found) < count:
            answers = [asyncio.create_task(ask(address)) for _ in range(20)]
            found |= {await answer for answer in answers}
    return found


async def eventually(happened: Callable[[], bool]) -> None:
    """Wait until something is seen to have happened."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 -- seen from outside only
            await asyncio.sleep(0.01)


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

        slow = asyncio.create_task(ask(address, "/slow"))
        await asyncio.sleep(0.1)
        lifecycle.drain()
        assert await slow in second
        await work

    assert victim not in second
    assert not any(is_alive(process) for process in first | second)


async def test_a_crash_loop_is_slowed_down(listener: socket.socket, tmp_path: Path) -> None:
    """The pause doubles up to its limit; a drain during a pause ends at once."""
    file = tmp_path / "starts"
    command = ["/bin/sh", "-c", f"echo x >> {file}; exit 3"]
    settings = WorkerSettings(count=1, pause_seconds=0.05, pause_seconds_max=0.1)
    async with supervised(command, listener, settings):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await eventually(lambda: file.exists() and len(file.read_text().split()) == 4)
        lasted = loop.time() - began

    assert lasted >= 0.05 + 0.1 + 0.1


async def test_an_end_does_not_wait_for_the_pause_after_a_crash(listener: socket.socket) -> None:
    """A crashed worker is not started again only to be ended."""
    settings = WorkerSettings(count=1, pause_seconds=60)
    async with supervised(["/bin/false"], listener, settings) as (lifecycle, work):
        await asyncio.sleep(0.3)
        lifecycle.drain()
        async with asyncio.timeout(3):
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
    listener: socket.socket, tmp_path: Path
) -> None:
    """The pause of an old crash is forgotten."""
    file = tmp_path / "starts"
    command = ["/bin/sh", "-c", f"echo x >> {file}; exit 3"]
    settings = WorkerSettings(count=1, pause_seconds=0.01, pause_seconds_max=60, healthy_seconds=0)
    async with supervised(command, listener, settings):
        await eventually(lambda: file.exists() and len(file.read_text().split()) == 12)


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
        async with asyncio.timeout(5):
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
        async with asyncio.timeout(10):
            assert await worker.wait() == 0


async def test_the_lifeline_is_watched_without_a_process() -> None:
    """The watching task ends when the pipe's other end closes, and asks for the end."""
    reading, writing = os.pipe()
    lifecycle = Lifecycle()
    watching = asyncio.create_task(watch_lifeline(reading, lifecycle))
    await asyncio.sleep(0)
    assert not lifecycle.is_draining
    os.close(writing)
    async with asyncio.timeout(3):
        await watching
    os.close(reading)

    assert lifecycle.is_draining
