"""Withdrawals one after the other, each while two nodes are asked under it and beside it.

The two nodes are those of `tests/house`: a benchmark and its test are about the same house.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from tests.house.house import House, open_house
from tests.house.withdrawing import Silenced, both_nodes, watching, withdraw_under_load

from benchmarks.plan import Plan
from creditbridge.foundation.clock import SystemClock

BROKEN_OFF, DELIVERED = (403, "consent-withdrawn"), (200, "")


class SilenceFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured; `seconds` is how long the withdrawals took in all."""

    rounds: Sequence[Silenced]
    seconds: float

    @property
    def failures(self) -> Counter[str]:
        """Every answer that should have been another, by what it was."""
        told = [("under", one) for each in self.rounds for one in each.running if one != BROKEN_OFF]
        told += [("beside", one) for each in self.rounds for one in each.beside if one != DELIVERED]
        return Counter(f"{where} it {status} {code}".rstrip() for where, (status, code) in told)

    @property
    def failed(self) -> int:
        """How many answers should have been others, or came after the silence."""
        late = sum(each.kinds[-1] != "consent.silenced" for each in self.rounds)
        return late + self.failures.total()


def measure_silence(folder: Path, plan: Plan, tell: Callable[[str], None]) -> SilenceFindings:
    """Start two nodes in a folder, withdraw as often as planned, and end everything."""
    tell("two nodes, two banks")
    with open_house(folder) as house:
        return asyncio.run(_withdraw(house, plan, tell))


async def _withdraw(house: House, plan: Plan, tell: Callable[[str], None]) -> SilenceFindings:
    monotonic = SystemClock().monotonic
    rounds = list[Silenced]()
    async with both_nodes(house) as nodes, watching(house) as watch:
        # The first sign-ins, connections and plans of the database belong to no round.
        await withdraw_under_load(house, nodes, watch, callers=plan.silence_callers)
        began = monotonic()
        for number in range(1, plan.withdrawals + 1):
            tell(f"withdrawal {number} of {plan.withdrawals}")
            rounds.append(
                await withdraw_under_load(house, nodes, watch, callers=plan.silence_callers)
            )
    return SilenceFindings(rounds=rounds, seconds=monotonic() - began)
