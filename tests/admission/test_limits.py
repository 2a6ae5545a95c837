"""All nodes together let a client do what its quotas say, and no more (PROTOCOLS E5)."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from typing_extensions import override

from creditbridge.admission.limits import SHARE_MAX, Limits
from creditbridge.admission.rules import RateLimited
from creditbridge.admission.settings import AdmissionSettings, LimitPolicy
from creditbridge.foundation.database import (
    Database,
    DatabaseUnavailable,
    Transaction,
    open_database,
)
from creditbridge.foundation.errors import CreditbridgeError

MINUTE = LimitPolicy(name="bank", quota=100, window_seconds=60)
DAY = LimitPolicy(name="day", quota=150, window_seconds=86_400)


class CountingDatabase(Database):
    """The transactions that were begun; the next one's commit may be lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.begun = 0
        self.loses_commit = False

    @override
    @asynccontextmanager
    async def transaction(
        self,
        *,
        commit_on: type[CreditbridgeError] | tuple[type[CreditbridgeError], ...] = (),
        reads_now: bool = True,
    ) -> AsyncGenerator[Transaction]:
        self.begun += 1
        async with self._database.transaction(commit_on=commit_on, reads_now=reads_now) as tx:
            yield tx
        if self.loses_commit:
            self.loses_commit = False
            raise DatabaseUnavailable


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database, as another node sees it."""
    database = await open_database(database_url, connections_max=4)
    yield database
    await database.close()


@pytest.fixture
async def now(database: Database) -> datetime:
    """The instant of the database."""
    async with database.transaction() as tx:
        return tx.now


async def count_granted(limits: Limits, client_id: str, *, now: datetime, requests: int) -> int:
    """Return how many of so many requests at once are let through."""

    async def ask() -> bool:
        try:
            await limits.take_permit(client_id, now=now)
        except RateLimited:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask()) for _ in range(requests)]
    return sum(one.result() for one in asked)


@pytest.mark.parametrize("quota", [1, 7, 100, 600])
async def test_E5_racers_on_two_nodes_get_the_quota_exactly(
    database: Database, other: Database, now: datetime, quota: int
) -> None:
    """Whoever asks where, together they are let through so often; more ask than there is."""
    policy = replace(MINUTE, quota=quota)
    nodes = [Limits(database, [policy]), Limits(other, [policy])]

    async with asyncio.TaskGroup() as group:
        granted = [
            group.create_task(count_granted(node, "loans", now=now, requests=quota + 50))
            for node in nodes
        ]

    assert sum(one.result() for one in granted) == quota


async def test_E5_no_order_of_requests_gets_more_than_the_quota(
    database: Database, other: Database, now: datetime
) -> None:
    """Four nodes, asked in waves of every size: what lies idle on one is the others' loss only."""
    nodes = [Limits(one, [MINUTE]) for one in (database, other, database, other)]
    granted = Counter[int]()

    for wave in range(40):
        granted[wave % 4] += await count_granted(
            nodes[wave % 4], "loans", now=now, requests=1 + wave % 9
        )

    # Every node asked on after the database had nothing left, so nothing lies idle here.
    assert granted.total() == MINUTE.quota


async def test_E5_a_client_spends_nobody_elses_quota(database: Database, now: datetime) -> None:
    """Each has its own, also of one bank."""
    limits = Limits(database, [MINUTE])

    assert await count_granted(limits, "loans", now=now, requests=120) == 100
    assert await count_granted(limits, "cards", now=now, requests=20) == 20


async def test_E5_what_is_left_is_told(database: Database, now: datetime) -> None:
    """One less with each request; the window ends a minute after the first."""
    limits = Limits(database, [MINUTE, DAY])

    told = [await limits.take_permit("loans", now=now) for _ in range(3)]

    assert [[(one.policy, one.remaining) for one in each] for each in told] == [
        [("bank", 99), ("day", 149)],
        [("bank", 98), ("day", 148)],
        [("bank", 97), ("day", 147)],
    ]
    bank, day = told[-1]
    assert (bank.quota, bank.window_seconds, day.quota, day.window_seconds) == (100, 60, 150, 86400)
    assert (bank.reset_seconds, day.reset_seconds) == (60, 86_400)


async def test_E5_a_spent_quota_says_until_when(database: Database, now: datetime) -> None:
    """The refusal bears what is left under every policy, and spends of none."""
    limits = Limits(database, [replace(DAY, quota=3), replace(MINUTE, quota=1)])
    await limits.take_permit("loans", now=now)

    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await limits.take_permit("loans", now=now + timedelta(seconds=20))

        day, bank = caught.value.allowances
        assert (day.policy, day.remaining, bank.policy, bank.remaining) == ("day", 2, "bank", 0)
        assert caught.value.policy == "bank"
        assert caught.value.retry_after_seconds == bank.reset_seconds
        assert 40 <= bank.reset_seconds <= 41


async def test_E5_of_two_spent_quotas_the_longer_one_is_waited_for(
    database: Database, now: datetime
) -> None:
    """Who came again after the shorter would only be refused once more."""
    limits = Limits(database, [replace(DAY, quota=1), replace(MINUTE, quota=1)])
    await limits.take_permit("loans", now=now)

    with pytest.raises(RateLimited) as caught:
        await limits.take_permit("loans", now=now)

    assert caught.value.policy == "day"
    assert caught.value.retry_after_seconds == 86_400


async def test_E5_a_permit_of_a_window_that_ended_is_not_given_back(
    database: Database, now: datetime
) -> None:
    """It would be one more than the next window has."""
    limits = Limits(database, [MINUTE])
    purse = limits.purse_of("loans", MINUTE)
    await limits.take_permit("loans", now=now)
    permit = purse.take_permit()
    assert permit is not None

    left = purse.permits

    purse.ends_at += timedelta(seconds=60)
    permit.give_back()

    assert purse.permits == left


async def test_E5_the_next_window_begins_anew(database: Database, now: datetime) -> None:
    """With the first request after the end, by the database's instant, on every node."""
    nodes = [Limits(database, [MINUTE]), Limits(database, [MINUTE])]
    first = [await count_granted(node, "loans", now=now, requests=120) for node in nodes]
    later = now + timedelta(seconds=61)
    await database.raise_floor(later)

    second = [await count_granted(node, "loans", now=later, requests=120) for node in nodes]

    assert sum(first) == sum(second) == 100


async def test_a_node_that_sleeps_over_a_window_has_nothing_left_of_it(
    database: Database, other: Database, now: datetime
) -> None:
    """What was lent and not spent lapses: it cannot be saved up for the next window."""
    sleeper, waker = Limits(database, [MINUTE]), Limits(other, [MINUTE])
    await sleeper.take_permit("loans", now=now)
    later = now + timedelta(seconds=61)
    await database.raise_floor(later)

    granted = await count_granted(waker, "loans", now=later, requests=200)
    granted += await count_granted(sleeper, "loans", now=later, requests=200)

    assert granted == MINUTE.quota


async def test_most_requests_cost_no_statement(database: Database, now: datetime) -> None:
    """One for so many permits, fewer at a time towards the end, and none beyond it."""
    counting = CountingDatabase(database)
    limits = Limits(counting, [replace(MINUTE, quota=600)])

    for _ in range(300):
        await limits.take_permit("loans", now=now)
    first_half = counting.begun
    assert await count_granted(limits, "loans", now=now, requests=400) == 300
    whole = counting.begun
    assert await count_granted(limits, "loans", now=now, requests=50) == 0

    assert first_half <= 300 / 16
    assert counting.begun == whole


async def test_who_waits_together_is_lent_for_together(database: Database, now: datetime) -> None:
    """Fifty at once on a cold node: one statement or two, not fifty."""
    counting = CountingDatabase(database)
    limits = Limits(counting, [MINUTE])

    assert await count_granted(limits, "loans", now=now, requests=50) == 50

    assert counting.begun <= 2
    assert SHARE_MAX < 50


async def test_a_lease_whose_commit_is_lost_is_not_spent(database: Database, now: datetime) -> None:
    """It may have been granted or not: nobody spends of it, and the next one is asked for."""
    counting = CountingDatabase(database)
    counting.loses_commit = True
    limits = Limits(counting, [replace(MINUTE, quota=20)])

    with pytest.raises(DatabaseUnavailable):
        await limits.take_permit("loans", now=now)

    # One permit was lent in vain, which is less than the quota and never more.
    assert await count_granted(limits, "loans", now=now, requests=40) == 19


async def test_a_quota_made_smaller_holds_at_once(database: Database, now: datetime) -> None:
    """A node that starts with another configuration lends nothing where too much was taken."""
    await count_granted(Limits(database, [MINUTE]), "loans", now=now, requests=80)
    smaller = Limits(database, [replace(MINUTE, quota=10)])

    with pytest.raises(RateLimited) as caught:
        await smaller.take_permit("loans", now=now)

    assert caught.value.allowances[0].remaining == 0


async def test_without_policies_nobody_is_limited(database: Database, now: datetime) -> None:
    """Nothing is asked and nothing told, as the conformance suite needs it."""
    counting = CountingDatabase(database)
    limits = Limits(counting, AdmissionSettings(policies=()).policies)

    assert await limits.take_permit("loans", now=now) == ()
    assert counting.begun == 0


def test_the_house_limits_each_client_to_six_hundred_a_minute() -> None:
    """As E5 prints it, unless an operator says else."""
    assert AdmissionSettings().policies == (LimitPolicy(name="bank", quota=600, window_seconds=60),)
