"""One transaction: its statements, its instant, and what is put off to its end."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from creditbridge.foundation.database_errors import DATABASE_ERRORS, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError

T = TypeVar("T")
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

# The present instant, never below the last one that the ledger has put in order: a database whose
# clock goes back stands still instead of deciding in the past.
READ_NOW = "SELECT house_now()"

BEGIN = "BEGIN"

# In one message, in one round trip.
BEGIN_SHARING = "BEGIN; SELECT pg_advisory_xact_lock_shared({lock:d})"

SHARE_LOCK = "SELECT pg_advisory_xact_lock_shared($1)"

_PARAMETER = re.compile(r"\$([0-9]+)")


class InstantUnread(CreditbridgeError):
    """A decision was to be made at an instant that nobody has read: a fault of ours."""

    code = "instant-unread"


class Transaction:
    """One transaction and the instant it decides at; it begins with its first statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_begun = False
        self._now: datetime | None = None
        self._put_off: list[Callable[[], Awaitable[None]]] = []
        self._joined: tuple[str, tuple[object, ...]] | None = None

    @property
    def now(self) -> datetime:
        """The instant of this decision, read from the database, in UTC.

        Raises:
            InstantUnread: the transaction was opened without, and none was read yet.
        """
        if self._now is None:
            raise InstantUnread
        return self._now

    async def renew_now(self) -> datetime:
        """Read the instant anew, after a lock was waited for, and return it."""
        self._now = _instant_of(await self._fetch_value(READ_NOW))
        return self._now

    async def share_lock(self, lock: int) -> None:
        """Hold an advisory lock together with others until the transaction ends.

        An instant from before counts no more. As the first statement it costs no round trip.
        """
        self._now = None
        with DATABASE_ERRORS:
            if self.has_begun:
                await self._connection.execute(SHARE_LOCK, lock)
            else:
                await self._begin(BEGIN_SHARING.format(lock=lock))

    async def _begin(self, statement: str = BEGIN) -> None:
        if not self.has_begun:
            # Before it is sent: what began and then failed is to be undone.
            self.has_begun = True
            await self._connection.execute(statement)

    def put_off(self, write: Callable[[], Awaitable[None]]) -> None:
        """Have this done right before the commit; never where the transaction is undone."""
        self._put_off.append(write)

    async def write_put_off(self) -> None:
        """Do what was put off, in the order in which it was."""
        while self._put_off:
            await self._put_off.pop(0)()
        await self._send_joined()

    async def join_next(self, statement: str, *arguments: object) -> None:
        """Have an INSERT done in the round trip of the next statement, or before the commit.

        To be called by what is put off; the next statement does not see the new rows.
        """
        await self._send_joined()
        self._joined = (statement, arguments)

    async def _send_joined(self) -> None:
        if self._joined is not None:
            (statement, arguments), self._joined = self._joined, None
            await self.execute(statement, *arguments)

    def _join(
        self, statement: str, arguments: tuple[object, ...]
    ) -> tuple[str, tuple[object, ...]]:
        # One that has a WITH of its own goes as it is: the other waits for the one after it.
        if self._joined is None or statement.lstrip().startswith("WITH"):
            return statement, arguments
        (joined, others), self._joined = self._joined, None
        moved = _PARAMETER.sub(lambda found: f"${int(found[1]) + len(arguments)}", joined)
        return f"WITH joined AS ({moved}) {statement}", (*arguments, *others)

    async def fetch_row(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the one row as a struct, or None."""
        with DATABASE_ERRORS:
            await self._begin()
            row = await self._connection.fetchrow(statement, *arguments)
        return None if row is None else msgspec.convert(dict(row), kind)

    async def fetch_row_now(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the one row as a struct, or None, and renew the instant, as `fetch_rows_now`."""
        rows = await self.fetch_rows_now(kind, statement, *arguments)
        return rows[0] if rows else None

    async def fetch_rows_now(self, kind: type[T], statement: str, *arguments: object) -> list[T]:
        """Return the rows as structs, and renew the instant.

        The statement calls `house_now()` under that very name; where it locks, behind its locks.
        """
        rows = await self._fetch(statement, *arguments)
        if rows:
            self._now = _instant_of(rows[0]["house_now"])
        else:
            await self.renew_now()
        return [msgspec.convert(dict(row), kind) for row in rows]

    async def fetch_rows(self, kind: type[T], statement: str, *arguments: object) -> list[T]:
        """Return the rows as structs; the statement names its own limit."""
        rows = await self._fetch(statement, *arguments)
        return [msgspec.convert(dict(row), kind) for row in rows]

    async def _fetch(self, statement: str, *arguments: object) -> "list[asyncpg.Record]":
        statement, arguments = self._join(statement, arguments)
        with DATABASE_ERRORS:
            await self._begin()
            return await self._connection.fetch(statement, *arguments)

    async def fetch_value(self, kind: type[T], statement: str, *arguments: object) -> T | None:
        """Return the first column of the one row, or None."""
        value = await self._fetch_value(statement, *arguments)
        return None if value is None else msgspec.convert(value, kind)

    async def _fetch_value(self, statement: str, *arguments: object) -> object:
        with DATABASE_ERRORS:
            await self._begin()
            return await self._connection.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> int:
        """Run a statement and return how many rows it touched."""
        with DATABASE_ERRORS:
            await self._begin()
            status = await self._connection.execute(statement, *arguments)
        # The command tag ends in the number of rows, where there is one.
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, statement: str, arguments: Sequence[Sequence[object]]) -> None:
        """Run a statement once per tuple of arguments, in one round trip."""
        with DATABASE_ERRORS:
            await self._begin()
            await self._connection.executemany(statement, arguments)


def _instant_of(now: object) -> datetime:
    if not isinstance(now, datetime):
        raise DatabaseUnavailable(detail="house_clock has no row")
    return now
