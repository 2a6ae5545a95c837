"""One transaction for many: who shares it, what it costs, and how each ends when it fails."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from typing_extensions import override

from creditbridge.foundation.database import Database, DatabaseUnavailable, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.foundation.sharing import (
    WAITING_MAX,
    PerTransaction,
    PutOff,
    QueueFull,
    SharedTransactions,
    Walk,
)

CREATE = "CREATE TABLE things (number int PRIMARY KEY, word text)"
INSERT = "INSERT INTO things SELECT * FROM unnest($1::int[], $2::text[])"
NUMBERS = "SELECT array_agg(number ORDER BY number) FROM things"
WHICH = "SELECT txid_current()"


class Things:
    """A table that is written once per transaction, however many rows there are."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.written: list[list[int]] = []
        self.rows = PutOff(self._write)

    async def _write(self, tx: Transaction, rows: Sequence[tuple[int, str]]) -> None:
        self.written.append([number for number, _ in rows])
        await tx.execute(INSERT, [number for number, _ in rows], [word for _, word in rows])

    async def numbers(self) -> list[int]:
        """Return the numbers that are there."""
        async with self.database.transaction() as tx:
            return await tx.fetch_value(list[int], NUMBERS) or []

    def walk(self, number: int, error: CreditbridgeError | None = None) -> Walk[int]:
        """Make a walk that keeps a number and returns it, or raises behind that."""

        async def go(tx: Transaction) -> int:
            self.rows.add(tx, (number, "kept"))
            if error is not None:
                raise error
            return number

        return go


@pytest.fixture
async def things(database: Database) -> Things:
    """An empty table."""
    async with database.transaction() as tx:
        await tx.execute(CREATE)
    return Things(database)


@pytest.fixture
def shared(things: Things) -> SharedTransactions[int]:
    """Transactions of one node, of which `Refused` is an outcome."""
    return SharedTransactions(things.database, commit_on=Refused)


class Gate:
    """A walk that holds its group up until the test lets it go."""

    def __init__(self) -> None:
        self.entered, self.opened = asyncio.Event(), asyncio.Event()

    async def __call__(self, tx: Transaction) -> int:
        """Wait for the test."""
        await tx.execute("SELECT 1")
        self.entered.set()
        await self.opened.wait()
        return 0


async def ask(shared: SharedTransactions[int], walk: Walk[int]) -> int | BaseException:
    """Return how a walk ended for whoever asked."""
    try:
        return await shared(walk)
    except (CreditbridgeError, asyncpg.PostgresError) as error:
        return error


async def ask_behind_a_gate(
    shared: SharedTransactions[int], *walks: Walk[int]
) -> list[int | BaseException]:
    """Let walks come while another's group is under way: they are the next group."""
    gate = Gate()
    first = asyncio.create_task(ask(shared, gate))
    await gate.entered.wait()
    tasks = [asyncio.create_task(ask(shared, walk)) for walk in walks]
    await asyncio.sleep(0)
    gate.opened.set()
    await first
    return [await task for task in tasks]


async def test_the_first_waits_for_nobody(things: Things, shared: SharedTransactions[int]) -> None:
    """Alone it is a transaction as any other."""
    assert await shared(things.walk(1)) == 1

    assert await things.numbers() == [1]
    assert things.written == [[1]]


async def test_whoever_comes_during_a_commit_shares_the_next_one(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """Three walks, in the order in which they came, written by one statement."""
    ended = await ask_behind_a_gate(shared, *map(things.walk, (1, 2, 3)))

    assert ended == [1, 2, 3]
    assert things.written == [[1, 2, 3]]
    assert await things.numbers() == [1, 2, 3]


async def test_an_outcome_is_one_members_own(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """What a refused one wrote commits with the rest, as in a transaction of its own."""
    refusal = Refused()

    ended = await ask_behind_a_gate(shared, things.walk(1), things.walk(2, refusal), things.walk(3))

    assert ended == [1, refusal, 3]
    assert things.written == [[1, 2, 3]]
    assert await things.numbers() == [1, 2, 3]


async def test_one_bad_row_fails_nobody_else(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """The group is undone; each tries alone, and only the bad one fails, by its own error."""
    await shared(things.walk(2))

    ended = await ask_behind_a_gate(shared, *map(things.walk, (1, 2, 3)))

    assert [ended[0], ended[2]] == [1, 3]
    assert isinstance(ended[1], asyncpg.UniqueViolationError)
    assert await things.numbers() == [1, 2, 3]
    assert sorted(things.written[1:]) == [[1], [1, 2, 3], [2], [3]]


async def test_one_that_breaks_leaves_nothing_behind(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """An error that is no outcome undoes what its walk wrote, and nothing of the others'."""
    broken = CreditbridgeError(detail="a defect")

    ended = await ask_behind_a_gate(shared, things.walk(1), things.walk(2, broken), things.walk(3))

    assert ended == [1, broken, 3]
    assert await things.numbers() == [1, 3]


async def test_who_is_alone_is_not_tried_twice(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """There is no neighbour to part from: its error is its answer."""
    await shared(things.walk(1))

    assert isinstance(await ask(shared, things.walk(1)), asyncpg.UniqueViolationError)
    assert things.written == [[1], [1]]


class FaultyCommits(Database):
    """A database whose commits fail from the second on: not done, or done and not told."""

    def __init__(self, database: Database, *, done: bool) -> None:
        self._database, self._done, self._begun = database, done, 0

    @asynccontextmanager
    @override
    async def transaction(
        self,
        *,
        commit_on: type[CreditbridgeError] | tuple[type[CreditbridgeError], ...] = (),
        reads_now: bool = True,
    ) -> AsyncGenerator[Transaction]:
        """Open a transaction that ends as the test wants it."""
        self._begun += 1
        async with self._database.transaction(commit_on=commit_on, reads_now=reads_now) as tx:
            yield tx
            if self._begun > 1 and not self._done:
                raise DatabaseUnavailable(detail="the test broke it")
        if self._begun > 1:
            raise DatabaseUnavailable(detail="the test lost the answer")


@pytest.mark.parametrize(("done", "kept"), [(False, []), (True, [1, 2])])
async def test_a_commit_that_nobody_heard_of_is_tried_by_nobody(
    things: Things, *, done: bool, kept: list[int]
) -> None:
    """Failed, or done and not told: each member hears that it is unknown, and nothing is twice."""
    shared = SharedTransactions[int](FaultyCommits(things.database, done=done), commit_on=Refused)

    one, two = await ask_behind_a_gate(shared, things.walk(1), things.walk(2))

    assert isinstance(one, DatabaseUnavailable)
    assert isinstance(two, DatabaseUnavailable)
    assert one is not two
    assert things.written == [[1, 2]]
    assert await things.numbers() == kept


async def test_who_leaves_is_passed_over(things: Things, shared: SharedTransactions[int]) -> None:
    """A caller that is cancelled before its group begins is not walked for."""
    gate = Gate()
    first = asyncio.create_task(shared(gate))
    await gate.entered.wait()
    leaving = asyncio.create_task(shared(things.walk(1)))
    staying = asyncio.create_task(shared(things.walk(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    gate.opened.set()

    assert (await first, await staying) == (0, 2)
    assert await things.numbers() == [2]


async def test_a_group_that_is_cancelled_lets_its_callers_try(
    things: Things, shared: SharedTransactions[int]
) -> None:
    """Whatever ends the task of a group, nobody waits for ever, and the next group goes on."""
    tries: list[Transaction] = []

    async def cancel(tx: Transaction) -> int:
        tries.append(tx)
        if len(tries) == 1 and (task := asyncio.current_task()) is not None:
            task.cancel()
        await asyncio.sleep(0)
        return 9

    ended = await ask_behind_a_gate(shared, cancel, things.walk(1))

    assert ended == [9, 1]
    assert await shared(things.walk(2)) == 2


async def test_the_queue_has_an_end(shared: SharedTransactions[int]) -> None:
    """Beyond it a caller is told at once to come again."""
    gate = Gate()
    first = asyncio.create_task(shared(gate))
    await gate.entered.wait()
    opened = Gate()
    opened.opened.set()
    waiting = [asyncio.create_task(shared(opened)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)

    with pytest.raises(QueueFull):
        await shared(opened)
    gate.opened.set()

    assert await first == 0
    assert {await task for task in waiting} == {0}


@pytest.mark.parametrize("fault", ["raised", "refused"])
async def test_what_is_put_off_ends_as_its_transaction_does(things: Things, fault: str) -> None:
    """Undone with it, written with an outcome."""
    error = {"raised": KeyError(), "refused": Refused()}[fault]

    async def go() -> None:
        async with things.database.transaction(commit_on=Refused) as tx:
            things.rows.add(tx, (1, "kept"))
            raise error

    with pytest.raises(type(error)):
        await go()

    assert await things.numbers() == {"raised": [], "refused": [1]}[fault]


async def test_what_a_transaction_has_is_its_own(database: Database) -> None:
    """Made once for each, and never another's."""
    held: PerTransaction[list[int]] = PerTransaction(list)

    async with database.transaction() as one, database.transaction() as two:
        held.of(one).append(1)

        assert held.of(one) == [1]
        assert held.of(two) == []


async def test_groups_of_two_nodes_lose_nothing(things: Things) -> None:
    """Racers over two nodes, every fifth of them for a number that another has."""
    nodes = [SharedTransactions[int](things.database, commit_on=Refused) for _ in range(2)]

    def choose(index: int) -> Awaitable[int | BaseException]:
        return ask(nodes[index % 2], things.walk(index - index % 5 if index % 5 == 4 else index))

    tasks = [asyncio.create_task(collect(choose, index)) for index in range(100)]
    ended = [await task for task in tasks]

    won = [one for one in ended if isinstance(one, int)]
    assert sorted(won) == await things.numbers()
    assert len(won) == 80
    assert all(
        isinstance(one, int | asyncpg.UniqueViolationError | DatabaseUnavailable) for one in ended
    )


async def collect(
    choose: Callable[[int], Awaitable[int | BaseException]], index: int
) -> int | BaseException:
    """Return how one racer ended."""
    return await choose(index)
