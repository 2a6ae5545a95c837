"""Rounds that alternate between the sides; which side begins changes with each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from benchmarks.accounting import read_cpu
from benchmarks.load.driver import Generator
from benchmarks.load.order import Order, Tally
from benchmarks.plan import Plan
from benchmarks.sides import GENERATOR, SERVING, Side

MICROSECONDS = 1_000_000


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One side, asked for so many reports: CPU seconds by role, and what became of them."""

    cpu_seconds: Mapping[str, float]
    tally: Tally

    def cost(self, role: str) -> float:
        """Return the microseconds of CPU that a role spent per delivered report."""
        return MICROSECONDS * self.cpu_seconds[role] / max(self.tally.answered, 1)

    @property
    def total(self) -> float:
        """Microseconds of CPU per delivered report, of everything that serves it."""
        return sum(self.cost(role) for role in SERVING)

    @property
    def rate(self) -> float:
        """Reports per second, by the wall clock."""
        return self.tally.answered / self.tally.seconds


async def run_round(plan: Plan, side: Side, generator: Generator, *, reports: int) -> Round:
    """Ask one side for reports; the time until its log is in order belongs to it."""
    target = await side.aim()
    generator.prepare(
        Order(
            target=target,
            reports=reports,
            connections=plan.connections,
            seconds_max=plan.round_seconds,
        )
    )
    roles = {**side.roots, GENERATOR: (generator.process_id,)}
    before = read_cpu(roles)
    side.watch(True)  # noqa: FBT003 - a callback with one meaning
    tally = generator.run()
    await asyncio.sleep(plan.settle_seconds)
    side.watch(False)  # noqa: FBT003 - a callback with one meaning
    return Round(cpu_seconds=read_cpu(roles).since(before), tally=tally)


async def run_rounds(
    plan: Plan, sides: Sequence[Side], generator: Generator, tell: Callable[[str], None]
) -> dict[str, list[Round]]:
    """Warm both sides up, then measure them in turn; return the rounds by side."""
    for side in sides:
        tell(f"warm-up: {plan.warm_up} reports from {side.name}")
        await run_round(plan, side, generator, reports=plan.warm_up)
    found: dict[str, list[Round]] = {side.name: [] for side in sides}
    for number in range(plan.rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            tell(f"round {number + 1} of {plan.rounds}: {plan.reports} reports from {side.name}")
            found[side.name].append(await run_round(plan, side, generator, reports=plan.reports))
    return found


async def measure_idle(plan: Plan, side: Side) -> dict[str, float]:
    """Return what a side's own processes spend while nobody asks: milliseconds per second."""
    before = read_cpu(side.roots)
    await asyncio.sleep(plan.idle_seconds)
    spent = read_cpu(side.roots).since(before)
    return {role: 1_000 * seconds / plan.idle_seconds for role, seconds in spent.items()}
