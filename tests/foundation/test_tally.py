"""Counts per minute, in memory."""

from datetime import UTC, datetime, timedelta

from creditbridge.foundation.tally import Sum, Tally

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_each_line_is_summed_up_by_its_minute() -> None:
    """The oldest minute first; what is taken out is gone."""
    tally = Tally[str](lines_max=9)
    tally.count("b", now=NOON + MINUTE)
    tally.count("a", now=NOON + timedelta(seconds=59))
    tally.count("a", now=NOON)

    assert tally.take_until(NOON + 2 * MINUTE) == [
        Sum(minute=NOON, line="a", count=2),
        Sum(minute=NOON + MINUTE, line="b", count=1),
    ]
    assert tally.take_until(NOON + 2 * MINUTE) == []


def test_a_minute_that_has_not_begun_by_then_stays() -> None:
    """It is still being counted."""
    tally = Tally[str](lines_max=9)
    tally.count("a", now=NOON)

    assert tally.take_until(NOON) == []
    assert tally.take_until(NOON + MINUTE) == [Sum(minute=NOON, line="a", count=1)]


def test_what_is_put_back_is_counted_with_what_came_since() -> None:
    """As if it had never been taken out."""
    tally = Tally[str](lines_max=9)
    tally.count("a", now=NOON)
    taken = tally.take_until(NOON + MINUTE)
    tally.count("a", now=NOON)
    tally.put_back(taken)

    assert tally.take_until(NOON + MINUTE) == [Sum(minute=NOON, line="a", count=2)]


def test_the_lines_have_a_limit() -> None:
    """Beyond it only known lines are counted on."""
    tally = Tally[str](lines_max=1)
    for line in ("a", "b", "a"):
        tally.count(line, now=NOON)

    assert tally.take_until(NOON + MINUTE) == [Sum(minute=NOON, line="a", count=2)]
