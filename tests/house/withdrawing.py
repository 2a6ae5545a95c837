"""A withdrawal on the portal while two nodes ask a slow platform under the consent, and others."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import msgspec
from tests.house.house import Given, House
from tests.house.machine import Machine
from tests.house.telling import outcome
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.demo.browser import Page
from creditbridge.foundation.clock import SystemClock

# A platform that answers only after the report's own deadline: what ends earlier was broken off.
SLOW, FAST = "slow", "clean"
POLL_SECONDS = 0.02
LOAD_USES = 1_000
CONSENT = "(SELECT reference FROM ledger_references WHERE kind = 'consent' AND subject = $1)"
ENTRIES = "FROM ledger_openings JOIN ledger_entries USING (event_id) WHERE consent = " + CONSENT
INSTANT = f"SELECT decided_at {ENTRIES} AND kind = $2"
ENDS = f"""
    SELECT kind {ENTRIES}
        AND kind IN ('report.intended', 'consent.withdrawn', 'delivery.stopped', 'consent.silenced')
    ORDER BY intake_no
"""


class Silenced(msgspec.Struct, frozen=True, kw_only=True):
    """One withdrawal: its three instants, and how the reports ended that were under way."""

    clicked_at: datetime
    withdrawn_at: datetime
    silenced_at: datetime
    running: list[tuple[int, str]]
    beside: list[tuple[int, str]]
    kinds: list[str]

    @property
    def seconds(self) -> float:
        """From before the press on the button to the record of silence."""
        return (self.silenced_at - self.clicked_at).total_seconds()


class Watch:
    """A look into the database, as its administrator has it."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def kinds(self, given: Given) -> list[str]:
        """Return what was recorded of reports under a consent and of its end, in order."""
        return [row["kind"] for row in await self._connection.fetch(ENDS, given.consent_id)]

    async def wait_for_reports(self, given: Given, *, count: int) -> None:
        """Return when so many reports under a consent are under way."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (await self.kinds(given)).count("report.intended") < count:
            assert time.monotonic() < end, "they never began"
            await asyncio.sleep(POLL_SECONDS)

    async def wait_for(self, given: Given, kind: str) -> datetime:
        """Return the instant of a record, when it is there."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (found := await self._connection.fetchval(INSTANT, given.consent_id, kind)) is None:
            assert time.monotonic() < end, f"there never was a {kind}"
            await asyncio.sleep(POLL_SECONDS)
        assert isinstance(found, datetime)
        return found


@asynccontextmanager
async def watching(house: House) -> AsyncGenerator[Watch]:
    """Lend a look into the database."""
    connection = await asyncpg.connect(house.database.url)
    try:
        yield Watch(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def both_nodes(house: House) -> AsyncGenerator[tuple[Machine, Machine]]:
    """Lend a machine at each node."""
    async with house.machine(node=0) as first, house.machine(node=1) as second:
        yield first, second


async def withdraw_under_load(
    house: House, nodes: tuple[Machine, Machine], watch: Watch, *, callers: int
) -> Silenced:
    """Withdraw a consent while so many callers on each node ask under it, and as many beside.

    Those under it have asked once, and wait for the platform; those beside ask all the while.
    """
    given = await house.give_consent(SLOW, max_queries=2 * callers)
    load = await house.give_consent(FAST, max_queries=LOAD_USES)
    token = await nodes[0].fetch_token("reports")
    # The page is open before anything is asked: the click is all that is measured.
    preview = await asyncio.to_thread(_open_preview, house, given)
    each = [node for node in nodes for _ in range(callers)]
    is_over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(ask(node, given, token)) for node in each]
        beside = [
            group.create_task(_keep_asking(node, load, token, is_over, LOAD_USES // len(each)))
            for node in each
        ]
        await watch.wait_for_reports(given, count=len(running))
        clicked_at = SystemClock().now()
        page = await asyncio.to_thread(_click, house, preview)
        withdrawn_at = await watch.wait_for(given, "consent.withdrawn")
        silenced_at = await watch.wait_for(given, "consent.silenced")
        is_over.set()
    assert page.status == 200, page.text
    return Silenced(
        clicked_at=clicked_at,
        withdrawn_at=withdrawn_at,
        silenced_at=silenced_at,
        running=[outcome(one.result()) for one in running],
        beside=[told for one in beside for told in one.result()],
        kinds=await watch.kinds(given),
    )


async def ask(bank: Machine, given: Given, token: str) -> Exchange:
    """Ask for one report."""
    return await bank.ask(given.consent_id, given.uscc, token=token)


async def _keep_asking(
    bank: Machine, given: Given, token: str, is_over: asyncio.Event, uses: int
) -> list[tuple[int, str]]:
    told = list[tuple[int, str]]()
    while not is_over.is_set() and len(told) < uses:
        told.append(outcome(await ask(bank, given, token)))
    return told


def _open_preview(house: House, given: Given) -> Page:
    """Return the page that says what a withdrawal will do."""
    path = f"/portal/consents/{given.consent_id}/withdrawal"
    return house.browser(SLOW).open(house.layout.people_url + path)


def _click(house: House, preview: Page) -> Page:
    return house.browser(SLOW).submit(preview, "withdraw-confirm")
