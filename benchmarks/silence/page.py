"""The table about silence; beside it stands what RELIABILITY promises."""

from collections.abc import Callable, Sequence

from tests.house.withdrawing import Silenced

from benchmarks.page import BOLD, DIM, WIDTH, Page
from benchmarks.plan import Plan
from benchmarks.silence.rounds import SilenceFindings

MILLISECONDS = 1_000
PROMISED_MILLISECONDS = 1_000
SPANS: dict[str, Callable[[Silenced], float]] = {
    "from the click to silence": lambda one: one.seconds,
    "  from the click to the withdrawal's record": lambda one: (
        one.withdrawn_at - one.clicked_at
    ).total_seconds(),
    "  from there to silence": lambda one: (one.silenced_at - one.withdrawn_at).total_seconds(),
}


def write_silence(page: Page, plan: Plan, silence: SilenceFindings) -> None:
    """Write how long it took until nothing ran any more, and what was answered meanwhile."""
    page.write()
    page.write("From the click to silence", BOLD)
    page.write()
    page.write(
        f"{len(silence.rounds)} withdrawals on the portal, over two nodes; on each node "
        f"{plan.silence_callers} reports wait for a"
    )
    page.write(
        f"slow platform under the consent, and {plan.silence_callers} callers ask without a pause."
    )
    page.head("Milliseconds", "p50", "p99", "most")
    for name, read in SPANS.items():
        page.row(name, *_figures([MILLISECONDS * read(one) for one in silence.rounds]))
    page.write(f"promised: p99 of at most {PROMISED_MILLISECONDS:,} from the click to silence", DIM)
    _answers(page, silence)


def _answers(page: Page, silence: SilenceFindings) -> None:
    running = sum(len(one.running) for one in silence.rounds)
    beside = sum(len(one.beside) for one in silence.rounds)
    page.head("Answers meanwhile", "under it", "beside it", "a second", "failed")
    rate = (running + beside) / silence.seconds if silence.seconds else 0.0
    page.row("both nodes", f"{running:,}", f"{beside:,}", f"{rate:,.0f}", f"{silence.failed:,}")
    for told, count in sorted(silence.failures.items()):
        page.write(f"  failed: {count:,} times {told}"[:WIDTH])


def _figures(values: Sequence[float]) -> list[str]:
    ordered = sorted(values)
    # The greatest where there are fewer than a hundred.
    at = len(ordered) // 2, len(ordered) - len(ordered) // 100 - 1, len(ordered) - 1
    return [f"{ordered[place]:,.0f}" for place in at]
