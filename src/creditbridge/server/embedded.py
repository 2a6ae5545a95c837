"""The embedded database: any number of processes use it, one of them keeps it alive.

    supervisor.lock   held by the one that starts the database, and starts it again when it dies
    users.lock        shared by all that use it; whoever can take it alone is the last: it stops it

When the supervisor ends or is killed the kernel drops its lock, and the next process that runs
`supervise` takes it. A database whose gateways were all killed goes on running, and is taken over
by the next start.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from creditbridge.foundation.logging import get_logger
from creditbridge.server.cluster import (
    find_cluster,
    find_postmaster,
    is_taking_connections,
    make_cluster,
    start_cluster,
    stop_cluster,
)
from creditbridge.server.locks import FileLock
from creditbridge.server.programs import DatabaseNotStarted

log = get_logger("database")

POLL_SECONDS = 0.2
RETRY_SECONDS_MAX = 5.0
START_SECONDS_MAX = 90.0


class EmbeddedDatabase:
    """The database of one data folder, as one process sees it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._cluster = find_cluster(folder)
        self._supervisor = FileLock(folder / "supervisor.lock")
        self._users = FileLock(folder / "users.lock")
        self._supervises = False

    @property
    def url(self) -> str:
        """The address for `open_database`, over a socket that only this user may open."""
        return self._cluster.url

    @property
    def supervises(self) -> bool:
        """Whether this process is the one that keeps the database alive."""
        return self._supervises

    async def start(self) -> None:
        """Return when the database takes connections, started by us or by another process.

        Raises:
            DatabaseNotStarted: PostgreSQL refused, or nobody brought it up in time.
        """
        # Before anything is started: whoever leaves meanwhile sees a user, and stops nothing.
        await _poll(self._users.share)
        loop = asyncio.get_running_loop()
        end = loop.time() + START_SECONDS_MAX
        while not is_taking_connections(self._cluster):
            if self._try_to_supervise() and find_postmaster(self._cluster) is None:
                await asyncio.to_thread(make_cluster, self._cluster.folder)
                await asyncio.to_thread(start_cluster, self._cluster)
            elif loop.time() > end:
                raise DatabaseNotStarted(detail="another process holds it and did not start it")
            else:
                await asyncio.sleep(POLL_SECONDS)

    async def supervise(self) -> None:
        """Keep the database alive, for ever; stand by while another process does it."""
        pause = POLL_SECONDS
        while True:
            try:
                if self._try_to_supervise() and find_postmaster(self._cluster) is None:
                    log.warning("database.died")
                    await asyncio.to_thread(start_cluster, self._cluster)
                    log.warning("database.restarted")
                pause = POLL_SECONDS
            except DatabaseNotStarted:
                # Orphans of a killed postmaster hold its memory for a moment; a full disk longer.
                log.exception("database.not_restarted")
                pause = min(2 * pause, RETRY_SECONDS_MAX)
            await asyncio.sleep(pause)

    async def leave(self) -> None:
        """Use it no longer; the last of all stops it.

        Raises:
            DatabaseNotStarted: it would not stop.
        """
        try:
            # Alone on the lock means that nobody else uses it; a share of another process refuses
            # this.
            if self._users.take():
                await _poll(self._try_to_supervise)
                await asyncio.to_thread(stop_cluster, self._cluster)
        finally:
            self._users.close()
            self._supervisor.close()
            self._supervises = False

    def _try_to_supervise(self) -> bool:
        self._supervises = self._supervises or self._supervisor.take()
        return self._supervises


@asynccontextmanager
async def embedded_database(folder: Path) -> AsyncGenerator[EmbeddedDatabase]:
    """Lend the database of a data folder, made on first use; run its `supervise` beside.

    Raises:
        DatabaseNotStarted: it could not be made, started or stopped.
    """
    database = EmbeddedDatabase(folder)
    try:
        await database.start()
        yield database
    finally:
        # Also when cancelled: a database that nobody stops outlives its gateway.
        await asyncio.shield(database.leave())


async def _poll(attempt: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS_MAX
    while not attempt():
        if loop.time() > end:
            raise DatabaseNotStarted(detail="another process holds it for too long")
        await asyncio.sleep(POLL_SECONDS)
