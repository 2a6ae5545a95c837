"""PostgreSQL, and nothing else: transactions, their instant, rows straight into structs.

Whatever must be decided once is one atomic statement; a process never holds a lock for it.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from creditbridge.foundation.database_errors import (
    DATABASE_ERRORS,
    UNAVAILABLE,
    DatabaseUnavailable,
)
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.schema import migrate, require_safe
from creditbridge.foundation.transaction import Connection, InstantUnread, Transaction

__all__ = [
    "POOL_CONNECTIONS_MAX",
    "RAISE_FLOOR",
    "UNAVAILABLE",
    "Connection",
    "Database",
    "DatabaseUnavailable",
    "InstantUnread",
    "Transaction",
    "open_database",
]


POOL_CONNECTIONS_MAX = 16
ACQUIRE_SECONDS = 5.0
STATEMENT_SECONDS = 10
LOCK_SECONDS = 5
MIGRATION_SECONDS = 600
SESSION = {"application_name": "creditbridge", "search_path": "public", "timezone": "UTC"}

DROP_LOCKS = "SELECT pg_advisory_unlock_all()"

RAISE_FLOOR = "UPDATE house_clock SET floor_at = $1 WHERE floor_at < $1"


class Database:
    """A pool of connections to one PostgreSQL. Shared by a process; closed by whoever opened it."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(
        self,
        *,
        commit_on: type[CreditbridgeError] | tuple[type[CreditbridgeError], ...] = (),
        reads_now: bool = True,
    ) -> AsyncGenerator[Transaction]:
        """Open a transaction: durable when the block ends, undone when it raises.

        An error of `commit_on` is an outcome, not an accident: what was written commits, and the
        error goes on. Without `reads_now` the first statement must bring the instant, and saves a
        round trip (`Transaction.fetch_row_now`).

        Raises:
            DatabaseUnavailable: the database could not be reached, did not answer, or did not
                commit; after a lost answer to COMMIT nobody knows: the caller reads again by id.
        """
        async with self._lend() as connection:
            commits, tx = False, Transaction(connection)
            try:
                if reads_now:
                    await tx.renew_now()
                try:
                    yield tx
                # A refusal must be recorded (law 1), and what refused it must still be told.
                except commit_on:
                    await tx.write_put_off()
                    commits = True
                    raise
                await tx.write_put_off()
                commits = True
            finally:
                if tx.has_begun:
                    await _end(connection, commits=commits)

    async def raise_floor(self, instant: datetime) -> None:
        """Keep every later `Transaction.now` at or above this instant."""
        async with self.transaction() as tx:
            await tx.execute(RAISE_FLOOR, instant)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection for what is bound to one: an advisory lock held by a leader.

        Its locks end with the block.

        Raises:
            DatabaseUnavailable: none could be had in time.
        """
        async with self._lend() as connection:
            try:
                yield connection
            finally:
                await _drop_locks(connection)

    @asynccontextmanager
    async def _lend(self) -> AsyncGenerator[Connection]:
        lease = self._pool.acquire(timeout=ACQUIRE_SECONDS)
        with DATABASE_ERRORS:
            connection = await lease
        try:
            yield connection
        except DatabaseUnavailable as error:
            # A demoted primary: its connections are of no use, the next ones find the new one.
            if isinstance(error.__cause__, asyncpg.ReadOnlySQLTransactionError):
                await self._pool.expire_connections()
            raise
        finally:
            with suppress(DatabaseUnavailable), DATABASE_ERRORS:
                await self._pool.release(connection)

    async def close(self) -> None:
        """Close every connection, waiting for those at work."""
        await self._pool.close()


async def open_database(url: str, *, connections_max: int = POOL_CONNECTIONS_MAX) -> Database:
    """Return a database whose settings keep the house's promises and whose schema is up to date.

    Raises:
        DatabaseUnavailable: no connection, or only to a server that does not write.
        DatabaseUnsafe: its settings would lose acknowledged records.
        SchemaUnknown: another version's schema.
    """
    with DATABASE_ERRORS:
        await _prepare(url)
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections_max,
            command_timeout=STATEMENT_SECONDS,
            reset=_leave,
            target_session_attrs=SessionAttribute.read_write,
            server_settings={
                **SESSION,
                # Shorter than a statement: a row that never comes free is "try again", not a
                # hanging request.
                "lock_timeout": f"{LOCK_SECONDS}s",
                "statement_timeout": f"{STATEMENT_SECONDS}s",
            },
        )
    return Database(pool)


async def _prepare(url: str) -> None:
    # A connection apart: a migration may take longer than any statement of a request.
    connection = await asyncpg.connect(
        url,
        command_timeout=MIGRATION_SECONDS,
        target_session_attrs=SessionAttribute.read_write,
        server_settings=SESSION,
    )
    try:
        await require_safe(connection)
        async with connection.transaction():
            await migrate(connection)
    finally:
        await connection.close()


async def _leave(_connection: object) -> None:
    # The driver's own reset costs a round trip per transaction, for state that ours never leave:
    # settings are LOCAL, locks end with the transaction or with `Database.connection`.
    return


async def _end(connection: Connection, *, commits: bool) -> None:
    if not commits:
        # Nobody may mistake a failed rollback for the reason; the pool drops what is left.
        with suppress(DatabaseUnavailable), DATABASE_ERRORS:
            await connection.execute("ROLLBACK")
        return
    with DATABASE_ERRORS:
        status = await connection.execute("COMMIT")
    # PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
    if status != "COMMIT":
        raise DatabaseUnavailable(detail=f"COMMIT was answered with {status}")


async def _drop_locks(connection: Connection) -> None:
    try:
        await connection.execute(DROP_LOCKS)
    except UNAVAILABLE:
        # A connection that died is back in the pool already, and cannot be ended twice.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
