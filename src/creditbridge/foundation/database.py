"""PostgreSQL, and nothing else: transactions, their instant, rows straight into structs.

Whatever must be decided once is one atomic statement; a process never holds a lock for it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from importlib import resources
from typing import TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from creditbridge.foundation.errors import CreditbridgeError, Unavailable

T = TypeVar("T")
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

POOL_CONNECTIONS_MAX = 16
ACQUIRE_SECONDS = 5.0
STATEMENT_SECONDS = 10
LOCK_SECONDS = 5
MIGRATION_LOCK = 0x63726564_62726964  # "credbrid": one migrator at a time, on any number of nodes.

# The present instant, never below the last one that the ledger has put in order: a database whose
# clock goes back stands still instead of deciding in the past.
READ_NOW = "SELECT greatest(clock_timestamp(), floor_at) FROM house_clock"

RAISE_FLOOR = "UPDATE house_clock SET floor_at = $1 WHERE floor_at < $1"


class DatabaseUnavailable(Unavailable):
    """The database refused, lost or never answered a statement."""

    code = "database-unavailable"
    message = "The gateway cannot reach its database; try again shortly."


class SchemaUnknown(CreditbridgeError):
    """The database holds a migration that this version does not know, or another text of one."""

    code = "schema-unknown"
    message = "The database was made by another version; start is refused."


class Transaction:
    """One transaction and the instant it decides at."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    @property
    def now(self) -> datetime:
        """The instant of this decision, read from the database, in UTC."""
        return self._now

    async def renew_now(self) -> datetime:
        """Read the instant anew, after a lock was waited for, and return it."""
        self._now = await _read_now(self._connection)
        return self._now

    async def fetch_row(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the one row as a struct, or None."""
        row = await self._connection.fetchrow(statement, *arguments)
        return None if row is None else msgspec.convert(dict(row), kind)

    async def fetch_rows(self, kind: type[T], statement: str, *arguments: object) -> list[T]:
        """Return the rows as structs; the statement names its own limit."""
        rows = await self._connection.fetch(statement, *arguments)
        return [msgspec.convert(dict(row), kind) for row in rows]

    async def fetch_value(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the first column of the one row, or None."""
        value = await self._connection.fetchval(statement, *arguments)
        return None if value is None else msgspec.convert(value, kind)

    async def execute(self, statement: str, *arguments: object) -> int:
        """Run a statement and return how many rows it touched."""
        status = await self._connection.execute(statement, *arguments)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, statement: str, arguments: Sequence[Sequence[object]]) -> None:
        """Run a statement once per tuple of arguments, in one round trip."""
        await self._connection.executemany(statement, arguments)


class Database:
    """A pool of connections to one PostgreSQL. Shared by a process; closed by whoever opened it."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(
        self, *, commit_on: type[CreditbridgeError] | tuple[type[CreditbridgeError], ...] = ()
    ) -> AsyncIterator[Transaction]:
        """Open a transaction: durable when the block ends, undone when it raises.

        An error of `commit_on` is an outcome, not an accident: what was written commits, and the
        error goes on.

        Raises:
            DatabaseUnavailable: the database could not be reached or did not answer; after a lost
                answer to COMMIT nobody knows, so the caller reads again by id.
        """
        with _database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                outcome: CreditbridgeError | None = None
                async with connection.transaction():
                    try:
                        yield Transaction(connection, await _read_now(connection))
                    except commit_on as error:
                        outcome = error
                if outcome is not None:
                    raise outcome

    async def raise_floor(self, instant: datetime) -> None:
        """Keep every later `Transaction.now` at or above this instant."""
        async with self.transaction() as tx:
            await tx.execute(RAISE_FLOOR, instant)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for what is bound to one: an advisory lock held by a leader."""
        with _database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection, waiting for those at work."""
        await self._pool.close()


async def open_database(url: str, *, connections_max: int = POOL_CONNECTIONS_MAX) -> Database:
    """Return a database whose schema is up to date.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaUnknown: another version's schema.
    """
    with _database_errors():
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections_max,
            command_timeout=STATEMENT_SECONDS,
            server_settings={
                "application_name": "creditbridge",
                "lock_timeout": f"{LOCK_SECONDS}s",
                "statement_timeout": f"{STATEMENT_SECONDS}s",
                "search_path": "public",
                "timezone": "UTC",
            },
        )
        async with pool.acquire() as connection:
            await _migrate(connection)
    return Database(pool)


async def _migrate(connection: Connection) -> None:
    # Whoever comes second waits here, then finds nothing left to do.
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS house_migrations (name text PRIMARY KEY, body text NOT NULL)"
        )
        rows = await connection.fetch("SELECT name, body FROM house_migrations")
        applied = {str(row["name"]): str(row["body"]) for row in rows}
        known = _read_migrations()
        if changed := sorted(name for name, body in applied.items() if known.get(name) != body):
            raise SchemaUnknown(detail=f"migrations unknown here: {', '.join(changed)}")
        for name, body in known.items():
            if name not in applied:
                await connection.execute(body)
                await connection.execute("INSERT INTO house_migrations VALUES ($1, $2)", name, body)


def _read_migrations() -> dict[str, str]:
    folder = resources.files("creditbridge") / "migrations"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return {file.name: file.read_text(encoding="utf-8") for file in files}


async def _read_now(connection: Connection) -> datetime:
    now = await connection.fetchval(READ_NOW)
    if not isinstance(now, datetime):
        raise DatabaseUnavailable(detail="house_clock has no row")
    return now


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InsufficientResourcesError,
        asyncpg.OperatorInterventionError,
        asyncpg.QueryCanceledError,
        asyncpg.LockNotAvailableError,
        asyncpg.DeadlockDetectedError,
        asyncpg.SerializationError,
        asyncpg.ReadOnlySQLTransactionError,
        OSError,
        TimeoutError,
    ) as error:
        raise DatabaseUnavailable(detail=f"{type(error).__name__}: {error}") from error
