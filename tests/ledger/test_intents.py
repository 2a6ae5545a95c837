"""Intents and leases: each intent ends once, by whoever may."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from creditbridge.foundation.database import Database, Transaction
from creditbridge.ledger.model import EventKind, Intent, IntentOutcome, LeaseLost, Record, Recorded
from creditbridge.ledger.service import Ledger

Sample: TypeAlias = Callable[[EventKind], Record]
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]
NewLedger: TypeAlias = Callable[[str], Ledger]

# The floor of the house clock stands in for time that passes.
PASS = "UPDATE house_clock SET floor_at = greatest(floor_at, clock_timestamp()) + $1"


async def pass_time(database: Database, seconds: int) -> None:
    """Let the house's clock go on."""
    async with database.transaction() as tx:
        await tx.execute(PASS, timedelta(seconds=seconds))


async def close(
    database: Database, ledger: Ledger, outcome: IntentOutcome = IntentOutcome.UNKNOWN
) -> bool:
    """Close the one intent as this node."""
    async with database.transaction() as tx:
        return await ledger.close_intent(tx, "int_1", outcome)


@pytest.fixture
async def intent(fill: Fill, sample: Sample, database: Database, ledger: Ledger) -> Intent:
    """An intent of the first node, ten seconds before its deadline."""
    recorded = await fill([sample(EventKind.REPORT_INTENDED)])
    async with database.transaction() as tx:
        await ledger.renew_lease(tx)
        made = make_intent(recorded[0].event_id, tx.now + timedelta(seconds=10))
        await ledger.open_intent(tx, made)
    return made


def make_intent(event_id: str, deadline_at: datetime) -> Intent:
    """Return an intent."""
    return Intent(
        intent_id="int_1",
        report_id="rpt_1",
        bank_id="bnk_1",
        client_id="cli_1",
        consent_id="cns_1",
        uscc="91330100YY0000A13Y",
        query_id="qry_1",
        event_id=event_id,
        deadline_at=deadline_at,
    )


@pytest.mark.usefixtures("intent")
async def test_its_node_closes_an_intent_once(database: Database, ledger: Ledger) -> None:
    """The second closing finds it closed."""
    assert await close(database, ledger, IntentOutcome.DELIVERED)
    assert not await close(database, ledger, IntentOutcome.UNKNOWN)


@pytest.mark.usefixtures("intent")
async def test_another_node_closes_only_after_deadline_and_lease(
    database: Database, new_ledger: NewLedger
) -> None:
    """Neither the deadline alone nor a dead lease alone is enough."""
    other = new_ledger("nod_2")

    assert not await close(database, other)
    await pass_time(database, 11)  # Past the deadline; the lease of 30 s lives.
    assert not await close(database, other)
    await pass_time(database, 20)
    assert await close(database, other)


@pytest.mark.usefixtures("intent")
async def test_a_node_that_was_taken_for_dead_closes_nothing(
    database: Database, ledger: Ledger, new_ledger: NewLedger
) -> None:
    """Its lease ran out and came back under a higher epoch: the intent is everybody's now."""
    await pass_time(database, 31)
    async with database.transaction() as tx:
        overdue = await ledger.overdue_intents(tx)
        epoch = await ledger.renew_lease(tx)

    assert [one.intent_id for one in overdue] == ["int_1"]
    assert epoch == 2
    assert await close(database, new_ledger("nod_2"))
    assert not await close(database, ledger, IntentOutcome.DELIVERED)


async def test_a_lapsed_lease_before_the_deadline_closes_nothing(
    fill: Fill, sample: Sample, database: Database, ledger: Ledger, new_ledger: NewLedger
) -> None:
    """Nobody may close before the deadline, not even its own node without its lease."""
    recorded = await fill([sample(EventKind.REPORT_INTENDED)])
    async with database.transaction() as tx:
        await ledger.renew_lease(tx)
        await ledger.open_intent(
            tx, make_intent(recorded[0].event_id, tx.now + timedelta(minutes=10))
        )
    await pass_time(database, 31)

    assert not await close(database, ledger, IntentOutcome.DELIVERED)
    assert not await close(database, new_ledger("nod_2"))


async def test_without_a_lease_nothing_is_opened(
    fill: Fill, sample: Sample, database: Database, ledger: Ledger
) -> None:
    """A node that nobody could replace must not begin anything."""
    recorded = await fill([sample(EventKind.REPORT_INTENDED)])

    async def open_one(tx: Transaction) -> None:
        await ledger.open_intent(tx, make_intent(recorded[0].event_id, tx.now))

    async with database.transaction() as tx:
        with pytest.raises(LeaseLost):
            await open_one(tx)
        await ledger.renew_lease(tx)
    await pass_time(database, 31)
    async with database.transaction() as tx:
        with pytest.raises(LeaseLost):
            await open_one(tx)


@pytest.mark.usefixtures("intent")
async def test_of_many_closers_one_closes(database: Database, new_ledger: NewLedger) -> None:
    """Ten nodes at once, after deadline and lease."""
    await pass_time(database, 31)
    closed: list[bool] = []

    async def race(node: Ledger) -> None:
        closed.append(await close(database, node))

    async with asyncio.TaskGroup() as racers:
        for number in range(10):
            racers.create_task(race(new_ledger(f"nod_{number + 2}")))

    assert sorted(closed) == [False] * 9 + [True]


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.usefixtures("intent")
async def test_an_unknown_outcome_is_reconciled_once(
    *, counted: bool, database: Database, ledger: Ledger
) -> None:
    """Counted: the use stays taken. Not counted: it was never sent."""
    await close(database, ledger, IntentOutcome.UNKNOWN)

    async with database.transaction() as tx:
        unknown = await ledger.unknown_intents(tx)
        assert await ledger.reconcile_intent(tx, "int_1", counted=counted)
        assert not await ledger.reconcile_intent(tx, "int_1", counted=True)
        assert await ledger.unknown_intents(tx) == []
        outcome = await tx.fetch_value(str, "SELECT outcome FROM ledger_intents")
    assert [one.intent_id for one in unknown] == ["int_1"]
    assert outcome == ("UNKNOWN" if counted else "NOT_SENT")


@pytest.mark.usefixtures("intent")
async def test_a_known_outcome_is_not_reconciled(database: Database, ledger: Ledger) -> None:
    """What ended as delivered stays delivered."""
    await close(database, ledger, IntentOutcome.DELIVERED)

    async with database.transaction() as tx:
        assert not await ledger.reconcile_intent(tx, "int_1", counted=False)
        assert await ledger.unknown_intents(tx) == []


async def test_a_query_is_one_intent(intent: Intent, database: Database, ledger: Ledger) -> None:
    """The same query id cannot go out under a second intent."""
    with pytest.raises(Exception, match="ledger_intents_query_id_key"):
        async with database.transaction() as tx:
            await ledger.open_intent(tx, replace(intent, intent_id="int_2"))


@pytest.mark.usefixtures("intent")
async def test_leases_of_nodes_long_gone_are_purged(
    database: Database, ledger: Ledger, new_ledger: NewLedger
) -> None:
    """One that an open intent still names stays, and so do the living."""
    async with database.transaction() as tx:
        await new_ledger("nod_2").renew_lease(tx)
    await pass_time(database, 2 * 86_400)
    async with database.transaction() as tx:
        await new_ledger("nod_3").renew_lease(tx)
        purged = await ledger.purge_leases(tx)
        left = await tx.fetch_value(
            str, "SELECT string_agg(node_id, ' ' ORDER BY node_id) FROM ledger_leases"
        )

    assert (purged, left) == (1, "nod_1 nod_3")
