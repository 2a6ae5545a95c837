"""One transaction for many callers: whoever comes while a commit is under way shares the next one.

    walk, walk, walk ... -> what they put off, each kind in one statement -> COMMIT -> the answers

A commit costs the database a wait for the disk, and the driver a round trip for each statement,
whether it is about one row or about fifty. The first caller waits for nobody; under load the groups
grow by themselves. Nobody has an answer before the commit that makes it durable.

A group that cannot be written is undone, and each of its members tries alone, in a transaction of
its own: one bad row costs its neighbours a moment and nothing else. Once COMMIT was sent nothing is
tried again: where its answer is lost, nobody knows, and every member is told so.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from functools import partial
from typing import Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from creditbridge.foundation.database import Database, DatabaseUnavailable, Transaction
from creditbridge.foundation.errors import CreditbridgeError

T = TypeVar("T")
Walk: TypeAlias = Callable[[Transaction], Awaitable[T]]

MEMBERS_MAX = 64
WAITING_MAX = 512


class QueueFull(DatabaseUnavailable):
    """More callers wait for a transaction than it is worth letting wait."""


class PerTransaction(Generic[T]):
    """Something that each transaction has one of, made when it is asked for, gone with it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: WeakKeyDictionary[Transaction, T] = WeakKeyDictionary()

    def of(self, tx: Transaction) -> T:
        """Return the one of this transaction."""
        held = self._held.get(tx)
        if held is None:
            held = self._held[tx] = self._make()
        return held


class PutOff(Generic[T]):
    """Rows of one kind that nobody reads back in their own transaction.

    `write` is given all of them right before the commit: one statement, however many they are.
    """

    def __init__(self, write: Callable[[Transaction, Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._rows: PerTransaction[list[T]] = PerTransaction(list)

    def add(self, tx: Transaction, row: T) -> None:
        """Have a row written before the transaction commits, behind those added before it."""
        rows = self._rows.of(tx)
        if not rows:
            tx.put_off(partial(self._write, tx, rows))
        rows.append(row)


class _GroupUndone(Exception):
    pass


class _Member(Generic[T]):
    """A caller who waits: what is to be done for it, and how that ended once it is durable."""

    def __init__(self, walk: Walk[T]) -> None:
        self.walk = walk
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._settle: Callable[[], None] | None = None

    async def go(self, tx: Transaction, outcomes: tuple[type[CreditbridgeError], ...]) -> None:
        """Do it, and keep in mind how it ended; an error that is no outcome ends the group."""
        try:
            self._settle = partial(self.answer.set_result, await self.walk(tx))
        except outcomes as outcome:
            self._settle = partial(self.answer.set_exception, outcome)

    def settle(self) -> None:
        """Tell the caller how it ended; one who has gone meanwhile is told nothing."""
        if self._settle is not None and not self.answer.done():
            self._settle()

    def fail(self, error: BaseException) -> None:
        """Tell the caller that it came to nothing."""
        if not self.answer.done():
            self.answer.set_exception(error)


class SharedTransactions(Generic[T]):
    """Transactions of one kind of work, shared by whoever comes at the same time.

    A walk must bear being done again, as far as memory goes; what it wrote is undone before. Walks
    of a group go one after the other and see what those before them did. A walk that takes locks
    of its own makes others wait, and two groups might wait for each other: such a one goes alone.
    """

    def __init__(self, database: Database, *, commit_on: type[CreditbridgeError]) -> None:
        """An error of `commit_on` is one member's outcome, as in `Database.transaction`."""
        self._database = database
        self._commit_on = commit_on
        self._waiting: deque[_Member[T]] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, walk: Walk[T]) -> T:
        """Return what the walk returns, durable.

        Raises:
            QueueFull: nothing was begun.
            DatabaseUnavailable: as `Database.transaction`.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise QueueFull
        member = _Member(walk)
        self._waiting.append(member)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="shared-transactions")
        try:
            return await member.answer
        except _GroupUndone:
            async with self._database.transaction(commit_on=self._commit_on, reads_now=False) as tx:
                return await walk(tx)

    async def _run(self) -> None:
        while self._waiting:
            taken = (self._waiting.popleft() for _ in range(min(len(self._waiting), MEMBERS_MAX)))
            group = [member for member in taken if not member.answer.done()]
            # A task of its own: whatever ends it, the members are told, and the next group goes on.
            # In no caller's context: what is logged there would bear the name of another's request.
            attempt = asyncio.create_task(self._commit(group), context=Context())
            await asyncio.wait({attempt})
            _tell(group, attempt)
            # Whoever was answered just now may ask again, and be of the next group.
            await asyncio.sleep(0)

    async def _commit(self, group: Sequence[_Member[T]]) -> None:
        is_whole = False
        try:
            async with self._database.transaction(reads_now=False) as tx:
                for member in group:
                    await member.go(tx, (self._commit_on,))
                await tx.write_put_off()
                is_whole = True
        finally:
            # From here on COMMIT may have been done, whatever was heard of it.
            if not is_whole and len(group) > 1:
                _part(group)


def _part(group: Sequence[_Member[T]]) -> None:
    for member in group:
        member.fail(_GroupUndone())


def _tell(group: Sequence[_Member[T]], attempt: "asyncio.Task[None]") -> None:
    error = asyncio.CancelledError() if attempt.cancelled() else attempt.exception()
    for member in group:
        if error is None:
            member.settle()
        elif len(group) == 1:
            member.fail(error)
        else:
            # One for each: whoever tells an error writes on it.
            lost = DatabaseUnavailable(detail=f"shared with {len(group) - 1} others: {error}")
            lost.__cause__ = error
            member.fail(lost)
