"""Tests of the embedded database: made, shared, killed, taken over, stopped."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS, eventually

from creditbridge.foundation.database import Database, DatabaseUnavailable, open_database
from creditbridge.server import embedded
from creditbridge.server.cluster import find_cluster, find_postmaster, stop_cluster
from creditbridge.server.embedded import EmbeddedDatabase, embedded_database
from creditbridge.server.locks import FileLock
from creditbridge.server.programs import DatabaseNotStarted

OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from creditbridge.server.embedded import embedded_database

async def main():
    async with embedded_database(Path(sys.argv[1])) as database:
        print("up", database.supervises, flush=True)
        await database.supervise()

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that PostgreSQL's user can reach; stopped and removed whatever happens."""
    made = Path(tempfile.mkdtemp(prefix="creditbridge-embedded-"))
    yield made
    stop_cluster(find_cluster(made))
    shutil.rmtree(made)


@asynccontextmanager
async def supervised(folder: Path) -> AsyncIterator[EmbeddedDatabase]:
    """Use the database of a folder, and keep it alive, until the block ends."""
    async with embedded_database(folder) as database:
        work = asyncio.create_task(database.supervise())
        try:
            yield database
        finally:
            work.cancel()
            await asyncio.wait({work})


def postmaster(folder: Path) -> int | None:
    """Return the running postmaster of a folder."""
    return find_postmaster(find_cluster(folder))


def kill_postmaster(folder: Path) -> int:
    """Kill it as nothing in the house would."""
    process = postmaster(folder)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    return process


async def read_one(database: Database) -> int | None:
    """Ask the database for a number."""
    async with database.transaction() as tx:
        return await tx.fetch_value(int, "SELECT 1")


async def reads_again(database: Database) -> None:
    """Return when the database answers again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                assert await read_one(database) == 1
            except DatabaseUnavailable:
                await asyncio.sleep(0.05)
            else:
                return


async def test_a_killed_postmaster_is_healed(folder: Path) -> None:
    """The pool heals with it; what was committed is there; the clean end stops the database."""
    async with supervised(folder) as house:
        database = await open_database(house.url)
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE kept AS SELECT 7 AS value")
        killed = kill_postmaster(folder)
        # The backends of a dead postmaster may answer for a moment more.
        await eventually(lambda: postmaster(folder) not in {None, killed})

        await reads_again(database)

        async with database.transaction() as tx:
            assert await tx.fetch_value(int, "SELECT value FROM kept") == 7
            assert await tx.fetch_value(str, "SHOW data_checksums") == "on"
            assert await tx.fetch_value(str, "SHOW listen_addresses") == ""
            collation = "SELECT datlocprovider::text || datlocale FROM pg_database"
            where = " WHERE datname = current_database()"
            assert await tx.fetch_value(str, collation + where) == "bC.UTF-8"
        await database.close()
        assert house.supervises

    assert postmaster(folder) is None


async def test_one_of_two_processes_supervises_and_the_other_takes_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor is killed with the database; who stood by heals it, and stops it last."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PROCESS, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"up True\n"
    tried: list[bool] = []
    take = FileLock.take

    def take_and_tell(lock: FileLock) -> bool:
        tried.append(take(lock))
        return tried[-1]

    monkeypatch.setattr(FileLock, "take", take_and_tell)

    async with supervised(folder) as house:
        database = await open_database(house.url)
        await eventually(lambda: len(tried) >= 2)
        stood_by = not any(tried)
        other.kill()
        await other.wait()
        killed = kill_postmaster(folder)
        await eventually(lambda: postmaster(folder) not in {None, killed})
        await reads_again(database)
        await database.close()
        assert stood_by
        assert house.supervises

    assert postmaster(folder) is None


async def test_a_database_in_use_is_left_running(folder: Path) -> None:
    """The first to leave, though it supervised, leaves it to the other, who stops it."""
    async with embedded_database(folder) as second:
        async with embedded_database(folder) as first:
            assert (second.supervises, first.supervises) == (True, False)
        assert postmaster(folder) is not None
        running = postmaster(folder)
        third = EmbeddedDatabase(folder)
        await third.start()
    assert postmaster(folder) == running

    await third.leave()
    assert postmaster(folder) is None


async def test_an_orphaned_database_is_taken_over(folder: Path) -> None:
    """Every gateway was killed, the database went on: the next start uses it as it is."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PROCESS, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    await other.stdout.readline()
    other.kill()
    await other.wait()
    running = postmaster(folder)
    assert running is not None

    async with supervised(folder) as house:
        assert postmaster(folder) == running
        await eventually(lambda: house.supervises)

    assert postmaster(folder) is None


async def test_what_cannot_be_restarted_is_tried_again_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, orphans of a kill: each attempt waits longer, then it works."""
    attempts: list[int] = []
    started = asyncio.Event()

    def start(_cluster: object) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise DatabaseNotStarted(detail="no space left")
        started.set()

    monkeypatch.setattr(embedded, "start_cluster", start)
    monkeypatch.setattr(embedded, "POLL_SECONDS", 0.01)
    database = EmbeddedDatabase(folder)
    work = asyncio.create_task(database.supervise())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await started.wait()
    work.cancel()
    await asyncio.wait({work})
    monkeypatch.undo()
    await database.leave()

    assert len(attempts) >= 3


async def test_a_start_that_nobody_finishes_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the lock and does nothing; or somebody holds the users' lock alone."""
    monkeypatch.setattr(embedded, "START_SECONDS_MAX", 0.1)
    monkeypatch.setattr(embedded, "POLL_SECONDS", 0.02)
    for name in ("supervisor.lock", "users.lock"):
        lock = FileLock(folder / name)
        assert lock.take()
        with pytest.raises(DatabaseNotStarted):
            async with embedded_database(folder):
                pass
        lock.close()
