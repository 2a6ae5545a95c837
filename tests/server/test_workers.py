"""Tests of several workers behind one door: real processes."""

import asyncio
import io
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest
from tests.waiting import PATIENCE_SECONDS, eventually
from tests.working import answer_process_id, end, fail, ignore_the_end

from creditbridge.server.run import Lifecycle
from creditbridge.server.workers import (
    Work,
    WorkerSettings,
    supervise_workers,
    watch_lifeline,
)

PARENT = """
import asyncio, socket
from creditbridge.server.run import Lifecycle
from creditbridge.server.workers import WorkerSettings, supervise_workers
from tests.working import answer_process_id

listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(0)
print(listener.getsockname()[1], flush=True)
asyncio.run(supervise_workers(answer_process_id, listeners={"operations": listener},
    lifecycle=Lifecycle(), settings=WorkerSettings(count=2)))
"""


@pytest.fixture
def listener() -> socket.socket:
    """A listening socket, as the parent binds it."""
    bound = socket.create_server(("127.0.0.1", 0))
    bound.settimeout(0)
    return bound


@asynccontextmanager
async def supervised(
    work: Work, listener: socket.socket, settings: WorkerSettings
) -> AsyncIterator[tuple[Lifecycle, "asyncio.Task[None]"]]:
    """Supervise workers until the block ends."""
    lifecycle = Lifecycle()
    with listener:
        supervision = asyncio.create_task(
            supervise_workers(
                work,
                listeners={"operations": listener},
                lifecycle=lifecycle,
                settings=settings,
                preload=("tests.working",),
            )
        )
        try:
            yield lifecycle, supervision
        finally:
            lifecycle.drain()
            await supervision


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


def parent_of(process: int) -> int:
    """Return the id of the process that forked this one (proc(5): the second after the name)."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


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
    async with supervised(answer_process_id, listener, settings) as (lifecycle, supervision):
        first = await find_workers(address, 2)
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        await eventually(lambda: not is_alive(victim))
        second = await find_workers(address, 2)

        async with asking(address, "/last") as answer:
            lifecycle.drain()
            assert int(await answer.read()) in second
        await supervision

    assert victim not in second
    assert not any(is_alive(process) for process in first | second)


async def test_a_crash_loop_is_slowed_down(listener: socket.socket, log_lines: io.StringIO) -> None:
    """The pause doubles up to its limit."""
    settings = WorkerSettings(count=1, pause_seconds=0.02, pause_seconds_max=0.05)
    async with supervised(fail, listener, settings):
        await eventually(lambda: len(pauses_in(log_lines)) >= 4)

    assert pauses_in(log_lines)[:4] == [0.02, 0.04, 0.05, 0.05]


async def test_an_end_does_not_wait_for_the_pause_after_a_crash(
    listener: socket.socket, log_lines: io.StringIO
) -> None:
    """A crashed worker is not started again only to be ended."""
    settings = WorkerSettings(count=1, pause_seconds=3_600)
    async with supervised(fail, listener, settings) as (lifecycle, supervision):
        await eventually(lambda: pauses_in(log_lines) == [3_600])
        lifecycle.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await supervision


async def test_a_worker_that_lived_long_begins_anew(
    listener: socket.socket, log_lines: io.StringIO
) -> None:
    """The pause of an old crash is forgotten."""
    settings = WorkerSettings(count=1, pause_seconds=0.01, healthy_seconds=0)
    async with supervised(fail, listener, settings):
        await eventually(lambda: len(pauses_in(log_lines)) >= 3)

    assert pauses_in(log_lines)[:3] == [0.01, 0.01, 0.01]


@pytest.mark.parametrize("hurry", [True, False])
async def test_a_worker_that_does_not_end_is_killed(
    listener: socket.socket, tmp_path: Path, *, hurry: bool
) -> None:
    """After its time, whether the parent was asked once or twice."""
    file = tmp_path / "up"
    settings = WorkerSettings(count=1, end_seconds=0.2)
    work = partial(ignore_the_end, file)
    async with supervised(work, listener, settings) as (lifecycle, supervision):
        await eventually(file.exists)
        lifecycle.drain()
        if hurry:
            lifecycle.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await supervision


async def test_a_worker_that_ended_by_itself_meanwhile_is_no_matter(
    listener: socket.socket,
) -> None:
    """It is gone before it could be told."""
    async with supervised(end, listener, WorkerSettings(count=1)) as (lifecycle, _):
        lifecycle.drain()


async def test_workers_without_parent_drain() -> None:
    """It is killed, and with it their lifeline breaks."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    address = "127.0.0.1", int(await parent.stdout.readline())
    workers = await find_workers(address, 2)

    parent.kill()
    await parent.wait()

    await eventually(lambda: not any(is_alive(process) for process in workers))


async def test_a_worker_shares_what_the_template_has_loaded(listener: socket.socket) -> None:
    """Its parent is the template, and neither the supervisor nor init."""
    settings = WorkerSettings(count=2)
    async with supervised(answer_process_id, listener, settings):
        workers = await find_workers(listener.getsockname(), 2)
        parents = {parent_of(process) for process in workers}

    assert len(parents) == 1
    assert os.getpid() not in parents


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
