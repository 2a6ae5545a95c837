"""Withdrawal means silence, over two nodes under load: from the click to the second record."""

import asyncio
from collections.abc import Callable

import pytest
from tests.house.house import House
from tests.house.withdrawing import SLOW, Silenced, ask, both_nodes, watching, withdraw_under_load

from creditbridge.foundation.http import HttpUnavailable

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.endure]

CALLERS = 4  # On each node, under the consent that is withdrawn; as many as load beside it.
ROUNDS_MAX = 100
P99_SECONDS = 1.0


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
    told = list[Silenced]()
    async with both_nodes(house) as nodes, watching(house) as watch:
        for _ in range(rounds):
            told.append(await withdraw_under_load(house, nodes, watch, callers=CALLERS))
            require_silence(told[-1])

    waits = sorted(one.seconds for one in told)
    p50, p99 = waits[len(waits) // 2], waits[-(len(waits) // 100) - 1]
    record_property("click_to_silence", f"{len(waits)} rounds: p50 {p50:.3f} s, p99 {p99:.3f} s")
    if endures:
        assert p99 < P99_SECONDS


def require_silence(told: Silenced) -> None:
    """Every report under the consent was broken off, none beside it was disturbed."""
    assert set(told.running) == {(403, "consent-withdrawn")}
    assert set(told.beside) == {(200, "")}
    assert told.kinds[-1] == "consent.silenced"
    assert told.kinds.count("delivery.stopped") == len(told.running) == 2 * CALLERS


async def test_a_lost_node_is_waited_for_until_its_lease_is_over(house: House) -> None:
    """It was killed while it asked: the other node says so, and delivers nothing meanwhile."""
    async with house.machine(node=1) as bank, watching(house) as watch:
        given = await house.give_consent(SLOW)
        token = await bank.fetch_token("reports")
        lost = asyncio.create_task(ask(bank, given, token))
        await watch.wait_for_reports(given, count=1)
        house.second.kill()
        await asyncio.to_thread(house.withdraw, SLOW, given.consent_id)

        await watch.wait_for(given, "consent.silenced")

        assert await watch.kinds(given) == [
            "report.intended",
            "consent.withdrawn",
            "consent.silenced",
        ]
        house.second.start_again()
        with pytest.raises(HttpUnavailable):
            await lost
    await asyncio.to_thread(house.wait_until_ready)
