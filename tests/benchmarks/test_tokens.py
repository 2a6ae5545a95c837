"""Rounds of tokens: taken in turn, each until its log is in order; and a peer that is absent."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from benchmarks.fixed import FixedLoad, FixedRequest, LoadReport
from benchmarks.plan import QUICK
from benchmarks.tokens import rounds as tokens
from benchmarks.tokens.peer import find_peer
from benchmarks.tokens.rounds import LogUnsettled, run_token_rounds
from benchmarks.tokens.side import TokenSide
from msgspec.structs import replace
from typing_extensions import override

LOAD = LoadReport(n=10, secs=0.5, p50=1.0, p99=2.0, non2xx=0, fail=0, gen_cpu=0.01)


class FakeLoad(FixedLoad):
    """A generator that only keeps in mind whom it was to ask."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.asked = list[int]()

    @override
    def ask(self, request: FixedRequest, *, connections: int, seconds: float) -> LoadReport:
        """Say that ten tokens came."""
        self.asked.append(request.port)
        return LOAD


@dataclass
class FakeLog:
    """A log that has these sizes, one look after the other, and then the last for ever."""

    sizes: list[int] = field(default_factory=lambda: [0])

    async def __call__(self) -> int:
        """Look."""
        return self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at logs without waiting between the looks."""
    monkeypatch.setattr(tokens, "QUIET_SECONDS", 0.0)


def make_side(port: int, log: FakeLog) -> TokenSide:
    """A side without processes."""
    request = FixedRequest(port=port, path="/token", authority_file=Path("ca.pem"))
    return TokenSide(name=f"side {port}", request=request, roots={"gateway": ()}, read_log=log)


def silent(_line: str) -> None:
    """Tell nobody."""


async def test_sides_take_turns_and_the_one_that_begins_changes() -> None:
    """Each is warmed up; then one, two, two, one."""
    load = FakeLoad()
    plan = replace(QUICK, token_rounds=2)

    await run_token_rounds(plan, [make_side(1, FakeLog()), make_side(2, FakeLog())], load, silent)

    assert load.asked == [1, 2, 1, 2, 2, 1]


async def test_a_round_lasts_until_the_log_grows_no_more() -> None:
    """What the sequencer takes in after the last answer belongs to the round."""
    side = make_side(1, FakeLog([100, 104, 108, 110, 110]))

    warm_ups, _, _ = await run_token_rounds(
        replace(QUICK, token_rounds=0), [side], FakeLoad(), silent
    )

    assert warm_ups["side 1"].recorded == 10


async def test_a_log_that_is_never_in_order_ends_the_measurement() -> None:
    """Its work would fall into the next round, of another side."""
    side = make_side(1, FakeLog(list(range(1_000))))

    with pytest.raises(LogUnsettled):
        await run_token_rounds(QUICK, [side], FakeLoad(), silent)


def test_without_node_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours is measured alone then."""
    monkeypatch.setenv("PATH", "")

    assert find_peer() == ("", "Node.js is not installed")
