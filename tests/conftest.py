"""What every test may ask for: the vectors of others, and a PostgreSQL of its own.

One embedded PostgreSQL serves a test run and all its xdist workers. The process that began the
run starts a guardian beside itself; when that process ends, however it ends, the guardian stops
the database and deletes its folder. Each test gets a copy of one migrated template.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest

from creditbridge.foundation.database import Database, open_database
from creditbridge.server.cluster import Cluster, find_cluster, make_cluster, start_cluster

T = TypeVar("T")

RUN_VARIABLE = "CREDITBRIDGE_TEST_RUN"
TEMPLATE = "house_template"
GUARDIAN = """
cat > /dev/null
if read -r pid < "$1/postgres/postmaster.pid"; then kill -QUIT "$pid"; fi 2> /dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.1; done
"""
GUARDIANS: list["subprocess.Popen[bytes]"] = []


def pytest_configure() -> None:
    """Begin a run: name its folder, for the workers too, and set the guardian beside it."""
    if RUN_VARIABLE in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="creditbridge-tests-")
    os.environ[RUN_VARIABLE] = folder
    command = ["/bin/sh", "-c", GUARDIAN, "guardian", folder]
    # A session of its own: an interrupt at the keyboard ends the run, then the run ends it.
    GUARDIANS.append(
        subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 -- constant
    )


def pytest_unconfigure() -> None:
    """End the run: the guardian clears up, and is waited for."""
    while GUARDIANS:
        GUARDIANS.pop().communicate()
        del os.environ[RUN_VARIABLE]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of test vectors that others wrote, read where they lie."""
    beside = Path(__file__).parents[1] / ".." / "shared" / "vectors"
    folder = Path(os.environ.get("CREDITBRIDGE_VECTORS", beside)).resolve()
    if not folder.is_dir():
        pytest.skip(f"not run: no vectors at {folder}")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, started by whichever worker asks first, with its template migrated."""
    folder = Path(os.environ[RUN_VARIABLE])
    with locked(folder / "tests.lock"):
        if not (folder / "ready").exists():
            made = make_cluster(folder)
            start_cluster(made)
            run_aside(migrate_template(made))
            (folder / "ready").touch()
    return find_cluster(folder)


@pytest.fixture
async def database_url(cluster: Cluster) -> AsyncIterator[str]:
    """The address of a migrated database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex}"
    await administer(cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield cluster.url_of(name)
    await administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database that is this test's alone, open."""
    database = await open_database(database_url, connections_max=8)
    yield database
    await database.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, against the other workers."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def administer(cluster: Cluster, statement: str) -> None:
    """Run one statement outside any test's database."""
    connection = await asyncpg.connect(cluster.url)
    await connection.execute(statement)
    await connection.close()


async def migrate_template(cluster: Cluster) -> None:
    """Make the template: an empty database, migrated once."""
    await administer(cluster, f"CREATE DATABASE {TEMPLATE}")
    database = await open_database(cluster.url_of(TEMPLATE), connections_max=1)
    await database.close()


def run_aside(work: Awaitable[None]) -> None:
    """Run a coroutine to its end where no loop runs yet."""

    async def run() -> None:
        await work

    with asyncio.Runner() as runner:
        runner.run(run())
