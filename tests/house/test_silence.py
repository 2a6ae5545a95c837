"""Withdrawal means silence, over two nodes under load: from the click to the second record."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import pytest
from tests.house.house import Given, House
from tests.house.machine import Machine
from tests.house.telling import outcome
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.demo.browser import Page
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import HttpUnavailable

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.endure]

# A platform that answers only after the report's own deadline: what ends earlier was broken off.
SLOW = "slow"
CALLERS = 8  # On each node: half under the consent that is withdrawn, half as load beside it.
ROUNDS_MAX = 100
P99_SECONDS = 1.0
SILENCED = """
    SELECT decided_at FROM ledger_openings JOIN ledger_entries USING (event_id)
    WHERE kind = 'consent.silenced' AND consent = (
        SELECT reference FROM ledger_references WHERE kind = 'consent' AND subject = $1)
"""
ENDS = """
    SELECT kind FROM ledger_openings JOIN ledger_entries USING (event_id)
    WHERE kind IN ('report.intended', 'consent.withdrawn', 'delivery.stopped', 'consent.silenced')
        AND consent = (SELECT reference FROM ledger_references
            WHERE kind = 'consent' AND subject = $1)
    ORDER BY intake_no
"""


@pytest.fixture
def rounds(endures: bool) -> int:  # noqa: FBT001 -- a fixture
    """How often the click is measured: RELIABILITY, promise 10."""
    return ROUNDS_MAX if endures else 1


async def test_a_withdrawal_silences_two_nodes(
    house: House,
    rounds: int,
    endures: bool,  # noqa: FBT001 -- a fixture
    record_property: Callable[[str, object], None],
) -> None:
    """What both nodes ask is broken off; `consent.silenced` is the last word of all."""
    waits = list[float]()
    async with both_nodes(house) as nodes, ledger_of(house) as ledger:
        token = await nodes[0].fetch_token("reports")
        load = await house.give_consent("clean", max_queries=1_000)
        for _ in range(rounds):
            given = await house.give_consent(SLOW, max_queries=100)
            # The page is open before anything is asked: the click is all that is measured.
            preview = await asyncio.to_thread(open_preview, house, given)
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(ask(node, given, token))
                    for node in nodes
                    for _ in range(CALLERS // 2)
                ]
                beside = [
                    group.create_task(ask(node, load, token))
                    for node in nodes
                    for _ in range(CALLERS // 2)
                ]
                await intended(ledger, given, count=len(running))
                clicked = SystemClock().now()
                page = await asyncio.to_thread(click, house, preview)
                silenced = await silence_of(ledger, given)
            assert page.status == 200
            waits.append((silenced - clicked).total_seconds())
            assert {outcome(one.result()) for one in running} == {(403, "consent-withdrawn")}
            assert {outcome(one.result()) for one in beside} == {(200, "")}
            kinds = [row["kind"] for row in await ledger.fetch(ENDS, given.consent_id)]
            assert kinds[-1] == "consent.silenced"
            assert kinds.count("delivery.stopped") == len(running)

    waits.sort()
    p50, p99 = waits[len(waits) // 2], waits[-(len(waits) // 100) - 1]
    record_property("click_to_silence", f"{len(waits)} rounds: p50 {p50:.3f} s, p99 {p99:.3f} s")
    if endures:
        assert p99 < P99_SECONDS


async def test_a_lost_node_is_waited_for_until_its_lease_is_over(house: House) -> None:
    """It was killed while it asked: the other node says so, and delivers nothing meanwhile."""
    async with house.machine(node=1) as bank, ledger_of(house) as ledger:
        given = await house.give_consent(SLOW)
        token = await bank.fetch_token("reports")
        lost = asyncio.create_task(ask(bank, given, token))
        await intended(ledger, given, count=1)
        house.second.kill()
        await asyncio.to_thread(house.withdraw, SLOW, given.consent_id)

        await silence_of(ledger, given)

        kinds = [row["kind"] for row in await ledger.fetch(ENDS, given.consent_id)]
        assert kinds == ["report.intended", "consent.withdrawn", "consent.silenced"]
        house.second.start_again()
        with pytest.raises(HttpUnavailable):
            await lost
    await asyncio.to_thread(house.wait_until_ready)


@asynccontextmanager
async def both_nodes(house: House) -> AsyncGenerator[tuple[Machine, Machine]]:
    """Lend a machine at each node."""
    async with house.machine(node=0) as first, house.machine(node=1) as second:
        yield first, second


@asynccontextmanager
async def ledger_of(house: House) -> "AsyncGenerator[asyncpg.Connection[asyncpg.Record]]":
    """Lend a look into the database, as its administrator has it."""
    connection = await asyncpg.connect(house.database.url)
    try:
        yield connection
    finally:
        await connection.close()


def open_preview(house: House, given: Given) -> Page:
    """Return the page that says what a withdrawal will do."""
    path = f"/portal/consents/{given.consent_id}/withdrawal"
    return house.browser(SLOW).open(house.layout.people_url + path)


def click(house: House, preview: Page) -> Page:
    """Confirm the withdrawal."""
    return house.browser(SLOW).submit(preview, "withdraw-confirm")


async def ask(bank: Machine, given: Given, token: str) -> Exchange:
    """Ask for one report."""
    return await bank.ask(given.consent_id, given.uscc, token=token)


async def intended(
    ledger: "asyncpg.Connection[asyncpg.Record]", given: Given, *, count: int
) -> None:
    """Return when so many reports under a consent are under way."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(await ledger.fetch(ENDS, given.consent_id)) < count:
        assert time.monotonic() < end, "they never began"
        await asyncio.sleep(0.02)


async def silence_of(ledger: "asyncpg.Connection[asyncpg.Record]", given: Given) -> datetime:
    """Return when a consent was said to be silent."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (silenced := await ledger.fetchval(SILENCED, given.consent_id)) is None:
        assert time.monotonic() < end, "it was never silent"
        await asyncio.sleep(0.02)
    assert isinstance(silenced, datetime)
    return silenced
