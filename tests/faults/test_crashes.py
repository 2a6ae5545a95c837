"""Crashes under load: what was acknowledged stays, nothing is done twice, everything ends."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from tests.faults.journal import Journal
from tests.faults.judging import require_consistent
from tests.faults.load import Load, under_load
from tests.house.crew import Node, wait_until
from tests.house.house import House

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.endure]

SEED = 20261123
USES = 1_000  # As many as a consent may allow.
CONSENTS = 4
BETWEEN = 20  # Deliveries from one crash to the next.


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How many rounds, each judged at its end, and how many crashes in each."""

    rounds: int
    gateway_kills: int
    database_kills: int
    drains: int


@pytest.fixture
def figures(endures: bool) -> Figures:  # noqa: FBT001 -- a fixture
    """The long figures of RELIABILITY, promise 2, or those of the slice."""
    if endures:
        return Figures(rounds=50, gateway_kills=20, database_kills=2, drains=2)
    return Figures(rounds=1, gateway_kills=2, database_kills=1, drains=1)


async def test_a_killed_gateway_loses_nothing(
    house: House, tmp_path: Path, figures: Figures
) -> None:
    """Either node is killed again and again while machines ask, and is started anew."""

    async def crash(load: Load) -> None:
        for _ in range(figures.gateway_kills):
            node = load.random.choice(house.nodes)
            await asyncio.to_thread(kill_and_start, node)
            await load.wait_for_deliveries(BETWEEN)

    await crash_in_rounds(house, tmp_path, figures.rounds, crash)


async def test_a_killed_database_loses_nothing(
    house: House, tmp_path: Path, figures: Figures
) -> None:
    """The postmaster is killed; a gateway starts it again, and neither gateway has to be."""
    processes = [node.process.pid for node in house.nodes]

    async def crash(load: Load) -> None:
        for _ in range(figures.database_kills):
            await asyncio.to_thread(kill_database, house)
            await load.wait_for_deliveries(BETWEEN)

    await crash_in_rounds(house, tmp_path, figures.rounds, crash)

    assert [node.process.pid for node in house.nodes] == processes


async def test_a_drain_drops_nothing(house: House, tmp_path: Path, figures: Figures) -> None:
    """SIGTERM under load: each request that was sent is answered, and the node ends in time."""
    lost = list[int]()

    async def crash(load: Load) -> None:
        for _ in range(figures.drains):
            lost.append(await drain(house.second, load))
            await load.wait_for_deliveries(BETWEEN)

    await crash_in_rounds(house, tmp_path, figures.rounds, crash)

    assert set(lost) == {0}


async def crash_in_rounds(
    house: House, folder: Path, rounds: int, crash: Callable[[Load], Awaitable[None]]
) -> None:
    """Crash something under load, and judge what is left; again with another seed."""
    for number in range(rounds):
        consents = [await house.give_consent("found", max_queries=USES) for _ in range(CONSENTS)]
        before = await house.count_queries(consents[0].uscc)
        path = folder / f"journal-{number}"
        async with under_load(house, consents, path, seed=SEED + number) as load:
            await load.wait_for_deliveries(BETWEEN)
            await crash(load)
        await require_consistent(house, consents, Journal(path), before=before)


async def drain(node: Node, load: Load) -> int:
    """Let a node end by itself and start it again; return how many answers were lost meanwhile."""
    before = load.lost_answers
    node.terminate()
    status = await asyncio.to_thread(node.wait)
    lost = load.lost_answers - before
    assert status == 0
    node.start_again()
    await asyncio.to_thread(wait_until, node.is_ready)
    return lost


def kill_and_start(node: Node) -> None:
    """Kill a node where it stands, and wait until its successor takes work."""
    node.kill()
    node.start_again()
    wait_until(node.is_ready)


def kill_database(house: House) -> None:
    """Kill the postmaster, and wait until the house is well again by itself."""
    killed = house.database.kill()
    wait_until(lambda: house.database.is_reborn(killed))
    house.wait_until_ready()
