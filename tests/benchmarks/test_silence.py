"""The table about silence: percentiles as they are told, and everything that went wrong."""

from datetime import UTC, datetime, timedelta

import msgspec
from benchmarks.page import WIDTH
from benchmarks.plan import QUICK
from benchmarks.report import Findings, write_page
from benchmarks.silence.rounds import BROKEN_OFF, DELIVERED, SilenceFindings
from tests.house.withdrawing import Silenced

CLICKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def make_round(milliseconds: int, **changed: object) -> Silenced:
    """A withdrawal that was recorded half-way to silence."""
    told: dict[str, object] = {
        "clicked_at": CLICKED_AT,
        "withdrawn_at": CLICKED_AT + timedelta(milliseconds=milliseconds / 2),
        "silenced_at": CLICKED_AT + timedelta(milliseconds=milliseconds),
        "running": [BROKEN_OFF],
        "beside": [DELIVERED, DELIVERED],
        "kinds": ["report.intended", "consent.withdrawn", "delivery.stopped", "consent.silenced"],
        **changed,
    }
    return msgspec.convert(told, Silenced)


def write(*rounds: Silenced) -> list[str]:
    """Return the lines of the page about these withdrawals alone."""
    silence = SilenceFindings(rounds=rounds, seconds=10.0)
    return write_page(QUICK, Findings(silence=silence), colours=False).splitlines()


def figures(lines: list[str], name: str) -> list[str]:
    """Return the cells of the row of this name."""
    return next(line for line in lines if line.strip().startswith(name)).split()[-3:]


def test_of_a_hundred_withdrawals_the_second_greatest_is_the_99th() -> None:
    """2 to 200 milliseconds: 102 in the middle, 198, 200; halves for each of the two parts."""
    lines = write(*(make_round(2 * number) for number in range(100, 0, -1)))

    assert figures(lines, "from the click to silence") == ["102", "198", "200"]
    assert figures(lines, "from the click to the withdrawal's") == ["51", "99", "100"]
    assert figures(lines, "from there to silence") == ["51", "99", "100"]
    assert max(map(len, lines)) <= WIDTH


def test_of_fewer_the_greatest_stands_for_the_99th() -> None:
    """Nobody learns from three withdrawals what one in a hundred takes."""
    lines = write(make_round(300), make_round(100), make_round(200))

    assert figures(lines, "from the click to silence") == ["200", "300", "300"]


def test_whatever_should_have_been_another_answer_is_a_failure() -> None:
    """A report that came all the same, one beside that did not, a record behind the silence."""
    late = ["consent.withdrawn", "consent.silenced", "delivery.stopped"]
    lines = write(
        make_round(1, running=[DELIVERED]),
        make_round(1, beside=[(503, "overloaded")]),
        make_round(1, kinds=late),
    )

    assert figures(lines, "both nodes") == ["5", "1", "3"]
    assert "  failed: 1 times under it 200" in lines
    assert "  failed: 1 times beside it 503 overloaded" in lines
