"""Rounds of token requests: the sides take turns, and the one that begins changes.

The first seconds of a side are told apart and count for nothing: a runtime that compiles while it
runs is slower then.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from benchmarks.accounting import find_busiest, read_cpu, read_samples
from benchmarks.fixed import FixedLoad, LoadReport
from benchmarks.memory import Memory, read_memory
from benchmarks.plan import Plan
from benchmarks.rounds import MICROSECONDS
from benchmarks.sides import DATABASE, GATEWAY
from benchmarks.tokens.side import TokenSide
from creditbridge.foundation.errors import Unavailable

QUIET_SECONDS = 0.5
QUIET_LOOKS_MAX = 60


class LogUnsettled(Unavailable):
    """The log still grew half a minute after the last token."""

    code = "log-unsettled"
    message = "The log was not put in order behind the tokens."


class TokenRound(msgspec.Struct, frozen=True, kw_only=True):
    """One side, asked for tokens: CPU seconds by role, and how many records its log gained."""

    cpu_seconds: Mapping[str, float]
    load: LoadReport
    recorded: int

    @property
    def server(self) -> float:
        """Microseconds of CPU per token, of the authorization server's own processes."""
        return MICROSECONDS * self.cpu_seconds[GATEWAY] / max(self.load.answered, 1)

    @property
    def database(self) -> float:
        """Microseconds of CPU per token, of its database."""
        return MICROSECONDS * self.cpu_seconds.get(DATABASE, 0.0) / max(self.load.answered, 1)

    @property
    def together(self) -> float:
        """Microseconds of CPU per token, of both."""
        return self.server + self.database

    @property
    def generator(self) -> float:
        """Microseconds of CPU per token, of whoever asks."""
        return MICROSECONDS * self.load.cpu_seconds / max(self.load.answered, 1)


class TokenFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, by side; our side is the first. `missing` says why there is no other."""

    peer: str
    missing: str
    warm_ups: Mapping[str, TokenRound]
    rounds: Mapping[str, Sequence[TokenRound]]
    memory: Mapping[str, Sequence[Memory]]

    @property
    def failed(self) -> int:
        """Requests that brought no token, and tokens without their record."""
        rounds = [*self.warm_ups.values(), *(one for each in self.rounds.values() for one in each)]
        return sum(one.load.failed for one in rounds) + self.unrecorded

    @property
    def unrecorded(self) -> int:
        """Tokens of ours that the log does not hold."""
        ours = next(iter(self.rounds.values()))
        return sum(max(one.load.answered - one.recorded, 0) for one in ours)


async def run_token_rounds(
    plan: Plan, sides: Sequence[TokenSide], load: FixedLoad, tell: Callable[[str], None]
) -> tuple[dict[str, TokenRound], dict[str, list[TokenRound]], dict[str, list[Memory]]]:
    """Warm every side up, measure them in turn, and look at their memory after it all."""
    warm_ups = dict[str, TokenRound]()
    for side in sides:
        tell(f"warm-up: {plan.token_warm_up_seconds:.0f} s of tokens from {side.name}")
        warm_ups[side.name] = await _ask(plan, side, load, plan.token_warm_up_seconds)
    found: dict[str, list[TokenRound]] = {side.name: [] for side in sides}
    for number in range(plan.token_rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            tell(f"round {number + 1} of {plan.token_rounds}: tokens from {side.name}")
            found[side.name].append(await _ask(plan, side, load, plan.token_seconds))
    return warm_ups, found, {side.name: _weigh(side) for side in sides}


def _weigh(side: TokenSide) -> list[Memory]:
    """Return the memory of the processes that answered: of a tree, those that cost most."""
    roots = side.roots[GATEWAY]
    return read_memory(find_busiest(read_samples(), roots, side.workers))


async def _ask(plan: Plan, side: TokenSide, load: FixedLoad, seconds: float) -> TokenRound:
    size = await side.read_log()
    before = read_cpu(side.roots)
    side.watch(True)  # noqa: FBT003 - a callback with one meaning
    told = load.ask(side.request, connections=plan.token_connections, seconds=seconds)
    # Putting the log in order belongs to the tokens, and must not fall into another's round.
    grown = await _settle(side)
    side.watch(False)  # noqa: FBT003 - a callback with one meaning
    spent = read_cpu(side.roots).since(before)
    return TokenRound(cpu_seconds=spent, load=told, recorded=grown - size)


async def _settle(side: TokenSide) -> int:
    """Return the log's size once it grows no more."""
    size = await side.read_log()
    for _ in range(QUIET_LOOKS_MAX):
        await asyncio.sleep(QUIET_SECONDS)
        seen = await side.read_log()
        if seen == size:
            return size
        size = seen
    raise LogUnsettled
