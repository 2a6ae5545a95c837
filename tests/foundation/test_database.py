"""Tests of the database seam: transactions, their instant, faults."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec
import pytest

from creditbridge.foundation.database import (
    Database,
    DatabaseUnavailable,
    InstantUnread,
    open_database,
)
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.schema import DatabaseUnsafe, SchemaUnknown

CREATE = "CREATE TABLE things (number int PRIMARY KEY, word text)"
INSERT = "INSERT INTO things VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM things"
LOCK_THING = """
    WITH locked AS MATERIALIZED (SELECT * FROM things WHERE number = $1 FOR UPDATE)
    SELECT *, house_now() FROM locked
"""
COUNT_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Thing(msgspec.Struct, frozen=True):
    """A row."""

    number: int
    word: str | None


@pytest.fixture
async def things(database: Database) -> Database:
    """A database with an empty table."""
    async with database.transaction() as tx:
        await tx.execute(CREATE)
    return database


async def insert_and_raise(
    database: Database, error: type[Exception], *, commit_on: type[Refused] | tuple[()] = ()
) -> None:
    """Insert a row, then let the block raise."""
    async with database.transaction(commit_on=commit_on) as tx:
        await tx.execute(INSERT, 2, "perhaps")
        raise error


async def run_all(database: Database, *statements: str) -> None:
    """Run statements in one transaction."""
    async with database.transaction() as tx:
        for statement in statements:
            await tx.execute(statement)


async def count(database: Database) -> int | None:
    """Return how many rows there are."""
    async with database.transaction() as tx:
        return await tx.fetch_value(int, COUNT)


async def somebody_waits(database: Database) -> None:
    """Return once somebody waits for a lock."""
    waiting: int | None = 0
    while not waiting:
        # Each look in a transaction of its own: within one, the view stands still.
        async with database.transaction() as tx:
            waiting = await tx.fetch_value(int, COUNT_WAITING)


async def test_rows_come_as_structs(things: Database) -> None:
    """One, several, a value, none of them; statements tell how many rows they touched."""
    async with things.transaction() as tx:
        assert await tx.execute(INSERT, 1, "one") == 1
        await tx.execute_many(INSERT, [(2, "two"), (3, None)])
        rows = await tx.fetch_rows(Thing, "SELECT * FROM things ORDER BY number")
        assert rows == [Thing(1, "one"), Thing(2, "two"), Thing(3, None)]
        assert await tx.fetch_row(Thing, "SELECT * FROM things WHERE number = $1", 2) == rows[1]
        assert await tx.fetch_row(Thing, "SELECT * FROM things WHERE number = 9") is None
        assert await tx.fetch_value(str, "SELECT word FROM things WHERE number = 3") is None
        assert await tx.execute("DELETE FROM things WHERE number > $1", 1) == 2
        assert await tx.execute("LOCK TABLE things") == 0


async def test_a_block_that_ends_is_durable_and_one_that_raises_is_undone(
    things: Database,
) -> None:
    """All of it or nothing."""
    async with things.transaction() as tx:
        await tx.execute(INSERT, 1, "kept")
    with pytest.raises(Refused):
        await insert_and_raise(things, Refused)

    assert await count(things) == 1


async def test_a_refusal_can_be_an_outcome(things: Database) -> None:
    """What was written commits, and the error goes on."""
    with pytest.raises(Refused):
        await insert_and_raise(things, Refused, commit_on=Refused)

    assert await count(things) == 1


async def test_a_failed_statement_cannot_be_committed_over(things: Database) -> None:
    """Swallowed by the caller, it still is no success: PostgreSQL rolls back without an error."""

    async def swallow() -> None:
        async with things.transaction() as tx:
            await tx.execute(INSERT, 1, "lost")
            with pytest.raises(asyncpg.PostgresError):
                await tx.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseUnavailable) as caught:
        await swallow()

    assert "ROLLBACK" in caught.value.detail
    assert await count(things) == 0


@pytest.mark.parametrize("error", [OSError, TimeoutError, KeyError])
async def test_an_error_of_the_callers_own_stays_his(
    things: Database, error: type[Exception]
) -> None:
    """A platform's timeout inside the block is not the database's."""
    with pytest.raises(error):
        await insert_and_raise(things, error)

    assert await count(things) == 0


async def test_a_value_that_does_not_fit_is_a_mistake_not_an_outage(things: Database) -> None:
    """Nobody is told to try again with it."""
    async with things.transaction() as tx:
        with pytest.raises(asyncpg.DataError):
            await tx.execute(INSERT, "no number", "x")

    assert await count(things) == 0


async def test_a_cancelled_caller_leaves_nothing_behind(things: Database) -> None:
    """The transaction is undone, its lock is gone, the connection is usable."""
    inside = asyncio.Event()

    async def work() -> None:
        async with things.transaction() as tx:
            await tx.execute(INSERT, 1, "undone")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    await asyncio.wait({task})

    async with things.transaction() as tx:
        await tx.execute(INSERT, 1, "kept")
    assert await count(things) == 1


async def test_now_is_the_databases_and_moves_when_asked(database: Database) -> None:
    """One instant per transaction, read anew after a lock was waited for."""
    async with database.transaction() as tx:
        first = tx.now
        await tx.execute("SELECT 1")
        assert tx.now == first
        second = await tx.renew_now()
        assert tx.now == second > first

    assert first.tzinfo == UTC


async def test_a_statement_that_waits_brings_the_instant_after_its_wait(things: Database) -> None:
    """Also the floor that rose meanwhile: the snapshot of the statement is older than both."""
    async with things.transaction() as tx:
        await tx.execute(INSERT, 1, "kept")

    async def wait_for_it() -> tuple[Thing | None, datetime]:
        async with things.transaction(reads_now=False) as tx:
            thing = await tx.fetch_row_now(Thing, LOCK_THING, 1)
            return thing, tx.now

    async with asyncio.TaskGroup() as group, things.transaction() as holder:
        await holder.fetch_row_now(Thing, LOCK_THING, 1)
        waiting = group.create_task(wait_for_it())
        await somebody_waits(things)
        floor = holder.now + timedelta(days=1)
        await things.raise_floor(floor)

    assert waiting.result() == (Thing(1, "kept"), floor)


async def test_a_row_that_is_not_there_brings_the_instant_too(things: Database) -> None:
    """Whoever is refused for it is refused at an instant."""
    async with things.transaction(reads_now=False) as tx:
        assert await tx.fetch_row_now(Thing, LOCK_THING, 7) is None
        assert tx.now.tzinfo == UTC


async def test_nothing_is_decided_at_an_instant_that_nobody_read(database: Database) -> None:
    """A mistake of ours, found at once."""
    async with database.transaction(reads_now=False) as tx:
        with pytest.raises(InstantUnread):
            _ = tx.now


async def test_now_never_falls_below_the_floor(database: Database) -> None:
    """A clock that goes back stands still; the floor itself only rises."""
    floor = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251 -- ahead of the database's clock
    await database.raise_floor(floor)
    await database.raise_floor(floor - timedelta(days=2))

    async with database.transaction() as tx:
        assert tx.now == floor


async def test_a_house_without_clock_decides_nothing(database: Database) -> None:
    """Fail closed."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM house_clock")

    with pytest.raises(DatabaseUnavailable):
        async with database.transaction():
            pytest.fail("nothing may happen here")


async def test_a_killed_backend_is_told_and_the_pool_heals(things: Database) -> None:
    """503 for the open request, the next one works."""

    async def work() -> None:
        async with things.transaction() as tx:
            await tx.execute(INSERT, 1, "undone")
            pid = await tx.fetch_value(int, "SELECT pg_backend_pid()")
            async with things.transaction() as other:
                await other.execute("SELECT pg_terminate_backend($1)", pid)
            await tx.execute(INSERT, 2, "undone")

    with pytest.raises(DatabaseUnavailable):
        await work()

    assert await count(things) == 0


async def test_a_long_lock_is_not_waited_for(things: Database) -> None:
    """Fail closed, and try again."""
    async with things.transaction() as holder:
        await holder.execute("LOCK TABLE things")
        with pytest.raises(DatabaseUnavailable):
            await run_all(things, "SET LOCAL lock_timeout = '20ms'", "TABLE things")

    assert await count(things) == 0


async def test_a_deadlock_is_told_to_one(things: Database) -> None:
    """The other goes on."""
    async with things.transaction() as tx:
        await tx.execute_many(INSERT, [(1, "a"), (2, "b")])
    both = asyncio.Barrier(2)

    async def work(first: int, second: int) -> str:
        try:
            async with things.transaction() as tx:
                await tx.execute("SET LOCAL deadlock_timeout = '20ms'")
                await tx.execute("UPDATE things SET word = 'x' WHERE number = $1", first)
                await both.wait()
                await tx.execute("UPDATE things SET word = 'x' WHERE number = $1", second)
        except DatabaseUnavailable:
            return "told"
        return "done"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(1, 2)), group.create_task(work(2, 1))]

    assert sorted(task.result() for task in tasks) == ["done", "told"]


async def test_a_demoted_primary_is_left(things: Database) -> None:
    """A server that no longer writes: fail closed, and connect anew."""

    async def find_backend() -> int | None:
        async with things.transaction() as tx:
            return await tx.fetch_value(int, "SELECT pg_backend_pid()")

    before = await find_backend()
    with pytest.raises(DatabaseUnavailable):
        await run_all(things, "SET LOCAL transaction_read_only = on", "DELETE FROM things")

    assert await find_backend() != before


async def test_a_full_pool_is_not_waited_for_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded wait, then 503."""
    database = await open_database(database_url, connections_max=1)
    monkeypatch.setattr("creditbridge.foundation.database.ACQUIRE_SECONDS", 0.05)
    async with database.transaction():
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction():
                pytest.fail("there is no second connection")
    await database.close()


async def test_a_leaders_lock_ends_with_its_connection(database: Database) -> None:
    """Held inside the block, free behind it, also where the connection died."""
    take = "SELECT pg_try_advisory_lock(7)"
    async with database.connection() as first:
        assert await first.fetchval(take) is True
        async with database.connection() as second:
            assert await second.fetchval(take) is False
    async with database.connection() as third:
        assert await third.fetchval(take) is True
        pid = await third.fetchval("SELECT pg_backend_pid()")
        async with database.transaction() as tx:
            await tx.execute("SELECT pg_terminate_backend($1)", pid)
    async with database.connection() as fourth:
        assert await fourth.fetchval(take) is True


class CuttingProxy:
    """Stands before the database and cuts the connection around the answer to COMMIT."""

    def __init__(self, target: Path, *, forwards: bool) -> None:
        self.target = target
        self.forwards = forwards
        self.armed = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(self.target)
        cut = asyncio.Event()

        async def ask() -> None:
            while data := await reader.read(65_536):
                if self.armed and b"COMMIT" in data:
                    cut.set()
                    if not self.forwards:
                        break
                inner_writer.write(data)
            inner_writer.write_eof()

        async def answer() -> None:
            while data := await inner_reader.read(65_536):
                if cut.is_set():
                    break
                writer.write(data)
            writer.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            group.create_task(answer())
        inner_writer.close()


@asynccontextmanager
async def cutting(url: str, *, forwards: bool) -> AsyncIterator[tuple[str, CuttingProxy]]:
    """Run the proxy; the value is the address through it."""
    parts = urlsplit(url)
    sockets = parse_qs(parts.query)["host"][0]
    folder = Path(tempfile.mkdtemp(prefix="cut-"))
    proxy = CuttingProxy(Path(sockets) / ".s.PGSQL.5432", forwards=forwards)
    server = await asyncio.start_unix_server(proxy.serve, folder / ".s.PGSQL.5432")
    async with server:
        yield f"postgresql://{parts.username}@{parts.path}?host={folder}", proxy
    shutil.rmtree(folder)


@pytest.mark.parametrize(("forwards", "kept"), [(False, 0), (True, 1)])
async def test_a_lost_answer_to_commit_is_told_as_not_known(
    things: Database, database_url: str, *, forwards: bool, kept: int
) -> None:
    """The commit failed, or only its reply was lost: the caller gets an error either way."""
    async with cutting(database_url, forwards=forwards) as (url, proxy):
        database = await open_database(url, connections_max=1)
        proxy.armed = True
        with pytest.raises(DatabaseUnavailable):
            await run_all(database, "INSERT INTO things VALUES (1, 'perhaps')")
        proxy.armed = False
        assert await count(database) == kept
        await database.close()

    assert await count(things) == kept


# Start


async def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    """No database at the address."""
    with pytest.raises(DatabaseUnavailable):
        await open_database(f"postgresql://house@/house?host={tmp_path}")


async def test_an_address_that_is_none_is_a_mistake_not_an_outage() -> None:
    """Waiting would not help."""
    with pytest.raises(ValueError, match="DSN"):
        await open_database("mysql://house@127.0.0.1/house")


@pytest.mark.parametrize("setting", ["synchronous_commit = off", "synchronous_commit = local"])
async def test_a_database_that_may_lose_commits_is_refused(
    database: Database, database_url: str, setting: str
) -> None:
    """Also an external one, whoever set it so."""
    name = urlsplit(database_url).path[1:]
    async with database.transaction() as tx:
        await tx.execute(f"ALTER DATABASE {name} SET {setting}")

    with pytest.raises(DatabaseUnsafe):
        await open_database(database_url)


async def test_a_database_that_does_not_write_is_refused(
    database: Database, database_url: str
) -> None:
    """A standby is no place to start."""
    name = urlsplit(database_url).path[1:]
    async with database.transaction() as tx:
        await tx.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with pytest.raises(DatabaseUnavailable):
        await open_database(database_url)


async def test_another_versions_schema_is_refused(database: Database, database_url: str) -> None:
    """A migration that this version does not know."""
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO house_migrations VALUES ('9999_later.sql', 'SELECT 1')")

    with pytest.raises(SchemaUnknown):
        await open_database(database_url)


async def test_two_nodes_may_migrate_at_once(database: Database, database_url: str) -> None:
    """Whoever comes second finds nothing left to do."""
    async with database.transaction() as tx:
        await tx.execute("DROP SCHEMA public CASCADE")
        await tx.execute("CREATE SCHEMA public")

    async with asyncio.TaskGroup() as group:
        nodes = [group.create_task(open_database(database_url)) for _ in range(3)]

    for node in nodes:
        async with node.result().transaction() as tx:
            assert await tx.fetch_value(int, "SELECT count(*) FROM house_clock") == 1
        await node.result().close()


TAKE_LOCK = "SELECT pg_advisory_xact_lock($1)"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
CANCEL_WAITING = """
    SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def try_lock(database: Database) -> bool | None:
    """Tell whether nobody shares the lock."""
    async with database.transaction() as tx:
        return await tx.fetch_value(bool, TRY_LOCK, 7)


@pytest.mark.parametrize("reads_now", [False, True])
async def test_a_shared_lock_is_held_to_the_end(database: Database, *, reads_now: bool) -> None:
    """By the message that begins the transaction, or later; an instant from before counts no more.

    Others may share it; who wants it alone cannot have it.
    """
    async with database.transaction(reads_now=reads_now) as tx, database.transaction() as other:
        await tx.share_lock(7)
        await other.share_lock(7)
        with pytest.raises(InstantUnread):
            _ = tx.now
        assert await try_lock(database) is False

    assert await try_lock(database) is True


async def test_a_lock_that_is_not_had_leaves_nothing_begun(database: Database) -> None:
    """The wait was cut off: an error to the caller, and the connection is as good as before."""
    async with database.transaction() as owner:
        await owner.execute(TAKE_LOCK, 7)
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(share(database))
            await somebody_waits(database)
            async with database.transaction() as tx:
                await tx.fetch_value(int, CANCEL_WAITING)
            assert isinstance(await asked, DatabaseUnavailable)

    assert await share(database) is None


async def share(database: Database) -> DatabaseUnavailable | None:
    """Share the lock for a moment; return the error where that fails."""
    try:
        async with database.transaction(reads_now=False) as tx:
            await tx.share_lock(7)
    except DatabaseUnavailable as error:
        return error
    return None


async def test_what_asks_nothing_begins_nothing(database: Database) -> None:
    """A block without a statement sends none."""
    async with database.transaction(reads_now=False) as tx:
        assert not tx.has_begun


INSERT_BOTH = "INSERT INTO things SELECT * FROM unnest($1::int[], $2::text[])"
RETURNING = "INSERT INTO things VALUES ($1, $2) RETURNING number, word"
WITH_ITS_OWN = "WITH one AS (SELECT 1) SELECT 4 AS number, 'own' AS word FROM one"


@pytest.mark.parametrize(
    ("nexts", "sent"),
    [
        ([(RETURNING, 3, "next")], 1),
        ([(WITH_ITS_OWN,)], 2),
        ([], 1),
    ],
)
async def test_what_joins_the_next_statement_is_written_with_it(
    things: Database,
    monkeypatch: pytest.MonkeyPatch,
    nexts: list[tuple[str, int, str] | tuple[str]],
    sent: int,
) -> None:
    """In one round trip, each with its own parameters; behind it where it can be none of its parts.

    Where none follows it goes by itself.
    """
    statements: list[str] = []
    execute = vars(asyncpg.Connection)["_execute"]  # The one gate of all statements.

    async def listen(self: object, statement: str, *rest: object, **named: object) -> object:
        statements.append(statement)
        return await execute(self, statement, *rest, **named)

    async with things.transaction() as tx:

        async def write() -> None:
            monkeypatch.setattr(asyncpg.Connection, "_execute", listen)
            await tx.join_next(INSERT_BOTH, [1, 2], ["one", "two"])
            for statement, *arguments in nexts:
                await tx.fetch_rows(Thing, statement, *arguments)

        tx.put_off(write)

    monkeypatch.undo()
    assert len(statements) == sent
    assert await count(things) == 2 + sum(next_[0] is RETURNING for next_ in nexts)


async def test_what_joins_and_fails_undoes_all(things: Database) -> None:
    """Neither the one nor the other is written."""

    async def both(number: int) -> None:
        async with things.transaction() as tx:
            await tx.join_next(INSERT_BOTH, [number], ["joined"])
            await tx.fetch_rows(Thing, RETURNING, 2, "next")

    with pytest.raises(asyncpg.UniqueViolationError):
        await both(2)
    assert await count(things) == 0

    await both(1)
    assert await count(things) == 2
