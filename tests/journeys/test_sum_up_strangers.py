"""Strangers' refusals: counted, summed up, never lost while the process lives."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

import pytest

from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.journeys.sum_up_strangers import LINES_MAX, Strangers, SumUpStrangers
from creditbridge.ledger.model import Core, EventKind, StrangersRefused
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Told: TypeAlias = Callable[..., Awaitable[list[Core]]]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""


@pytest.fixture
def strangers() -> Strangers:
    """Three refusals at two doors in one minute, and one in the next."""
    strangers = Strangers()
    for second in (0, 59):
        strangers.count("reports", "token-missing", now=NOON + timedelta(seconds=second))
    strangers.count("token", "invalid-client", now=NOON)
    strangers.count("reports", "token-missing", now=NOON + MINUTE)
    return strangers


async def test_each_minute_door_and_rule_is_one_entry(house: House, strangers: Strangers) -> None:
    """The minute that has not ended is left for the next turn."""
    journey = SumUpStrangers(database=house.database, ledger=house.ledger, strangers=strangers)

    assert await journey(until=NOON + MINUTE) == 2

    lines = [core.terms for core in await house.told("strangers")]
    assert lines == [
        StrangersRefused(minute=NOON, door="reports", code="token-missing", count=2),
        StrangersRefused(minute=NOON, door="token", code="invalid-client", count=1),
    ]
    assert await journey(until=NOON + MINUTE) == 0
    assert await journey(until=NOON + 2 * MINUTE) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_counts_survive_a_ledger_that_fails(
    fault: str,
    house: House,
    strangers: Strangers,
) -> None:
    """What could not be recorded is counted again, with what came meanwhile."""
    broken = house.faulty_ledger(EventKind.STRANGERS_REFUSED, fault)
    journey = SumUpStrangers(database=house.database, ledger=broken, strangers=strangers)
    with pytest.raises(DatabaseUnavailable):
        await journey(until=NOON + MINUTE)
    strangers.count("reports", "token-missing", now=NOON)

    await SumUpStrangers(database=house.database, ledger=house.ledger, strangers=strangers)(
        until=NOON + MINUTE
    )

    counts = [
        core.terms.count for core in await house.told() if isinstance(core.terms, StrangersRefused)
    ]
    assert counts == [3, 1]


async def test_counts_survive_a_walk_that_is_cancelled(house: House, strangers: Strangers) -> None:
    """The drain may come in the middle of a turn; the last step then records them."""
    journey = SumUpStrangers(database=house.database, ledger=house.ledger, strangers=strangers)
    task = asyncio.create_task(journey(until=NOON + MINUTE))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(strangers.take_until(NOON + MINUTE)) == 2


def test_a_defect_cannot_grow_without_end() -> None:
    """Past so many lines only those that are there go on counting."""
    strangers = Strangers()
    for number in range(LINES_MAX + 5):
        strangers.count(f"door-{number}", "code", now=NOON)
    strangers.count("door-0", "code", now=NOON)

    lines = strangers.take_until(NOON + MINUTE)

    assert len(lines) == LINES_MAX
    assert {line.door: line.count for line in lines}["door-0"] == 2
