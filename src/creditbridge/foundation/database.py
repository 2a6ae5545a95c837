"""PostgreSQL, and nothing else: transactions, their instant, rows straight into structs.

Whatever must be decided once is one atomic statement; a process never holds a lock for it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from creditbridge.foundation.errors import CreditbridgeError, Unavailable
from creditbridge.foundation.schema import migrate, require_safe

T = TypeVar("T")
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

POOL_CONNECTIONS_MAX = 16
ACQUIRE_SECONDS = 5.0
STATEMENT_SECONDS = 10
LOCK_SECONDS = 5
MIGRATION_SECONDS = 600
SESSION = {"application_name": "creditbridge", "search_path": "public", "timezone": "UTC"}

# The present instant, never below the last one that the ledger has put in order: a database whose
# clock goes back stands still instead of deciding in the past.
READ_NOW = "SELECT house_now()"

DROP_LOCKS = "SELECT pg_advisory_unlock_all()"

RAISE_FLOOR = "UPDATE house_clock SET floor_at = $1 WHERE floor_at < $1"


UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Unavailable):
    """The database refused, lost or never answered a statement."""

    code = "database-unavailable"
    message = "The gateway cannot reach its database; try again shortly."


class InstantUnread(CreditbridgeError):
    """A decision was to be made at an instant that nobody has read: a fault of ours."""

    code = "instant-unread"


class _DatabaseErrors:
    """Tells what the driver raises in our words. One for all: entered for every statement."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # An address that is none is a mistake, not an absence.
        if isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError):
            raise DatabaseUnavailable(detail=f"{type(error).__name__}: {error}") from error


_DATABASE_ERRORS = _DatabaseErrors()


class Transaction:
    """One transaction and the instant it decides at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now: datetime | None = None
        self._put_off: list[Callable[[], Awaitable[None]]] = []

    @property
    def now(self) -> datetime:
        """The instant of this decision, read from the database, in UTC.

        Raises:
            InstantUnread: the transaction was opened without, and none was read yet.
        """
        if self._now is None:
            raise InstantUnread
        return self._now

    async def renew_now(self, statement: str = READ_NOW, *arguments: object) -> datetime:
        """Read the instant anew, after a lock was waited for, and return it.

        A statement of its own waits for the lock itself, and returns `house_now()` behind it.
        """
        with _DATABASE_ERRORS:
            self._now = _instant_of(await self._connection.fetchval(statement, *arguments))
        return self._now

    def put_off(self, write: Callable[[], Awaitable[None]]) -> None:
        """Have this done right before the commit; never where the transaction is undone."""
        self._put_off.append(write)

    async def write_put_off(self) -> None:
        """Do what was put off, in the order in which it was."""
        while self._put_off:
            await self._put_off.pop(0)()

    async def fetch_row(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the one row as a struct, or None."""
        with _DATABASE_ERRORS:
            row = await self._connection.fetchrow(statement, *arguments)
        return None if row is None else msgspec.convert(dict(row), kind)

    async def fetch_row_now(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the one row as a struct, or None, and renew the instant.

        The statement calls `house_now()` under that very name; where it locks, behind its locks.
        """
        with _DATABASE_ERRORS:
            row = await self._connection.fetchrow(statement, *arguments)
        if row is None:
            await self.renew_now()
            return None
        self._now = _instant_of(row["house_now"])
        return msgspec.convert(dict(row), kind)

    async def fetch_rows(self, kind: type[T], statement: str, *arguments: object) -> list[T]:
        """Return the rows as structs; the statement names its own limit."""
        with _DATABASE_ERRORS:
            rows = await self._connection.fetch(statement, *arguments)
        return [msgspec.convert(dict(row), kind) for row in rows]

    async def fetch_value(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the first column of the one row, or None."""
        with _DATABASE_ERRORS:
            value = await self._connection.fetchval(statement, *arguments)
        return None if value is None else msgspec.convert(value, kind)

    async def execute(self, statement: str, *arguments: object) -> int:
        """Run a statement and return how many rows it touched."""
        with _DATABASE_ERRORS:
            status = await self._connection.execute(statement, *arguments)
        # The command tag ends in the number of rows, where there is one.
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, statement: str, arguments: Sequence[Sequence[object]]) -> None:
        """Run a statement once per tuple of arguments, in one round trip."""
        with _DATABASE_ERRORS:
            await self._connection.executemany(statement, arguments)


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
            with _DATABASE_ERRORS:
                await connection.execute("BEGIN")
            commits = False
            try:
                tx = Transaction(connection)
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
        with _DATABASE_ERRORS:
            connection = await lease
        try:
            yield connection
        except DatabaseUnavailable as error:
            # A demoted primary: its connections are of no use, the next ones find the new one.
            if isinstance(error.__cause__, asyncpg.ReadOnlySQLTransactionError):
                await self._pool.expire_connections()
            raise
        finally:
            with suppress(DatabaseUnavailable), _DATABASE_ERRORS:
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
    with _DATABASE_ERRORS:
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


def _instant_of(now: object) -> datetime:
    if not isinstance(now, datetime):
        raise DatabaseUnavailable(detail="house_clock has no row")
    return now


async def _end(connection: Connection, *, commits: bool) -> None:
    if not commits:
        # Nobody may mistake a failed rollback for the reason; the pool drops what is left.
        with suppress(DatabaseUnavailable), _DATABASE_ERRORS:
            await connection.execute("ROLLBACK")
        return
    with _DATABASE_ERRORS:
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
