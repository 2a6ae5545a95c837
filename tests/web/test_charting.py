"""A consent's life as a line."""

from datetime import UTC, datetime, timedelta

from creditbridge.endpoints.charting import Mark, MarkKind, Span, draw_chart

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
DAY = timedelta(days=1)
TERM = Span(begin=NOON, end=NOON + 10 * DAY)


def test_the_line_runs_from_the_request_to_the_end() -> None:
    """Asked ten days before a term of ten days: the term is the second half."""
    chart = draw_chart(TERM, asked_at=NOON - 10 * DAY, looks=[], now=NOON - 30 * DAY)

    assert (chart.first, chart.last) == (NOON - 10 * DAY, NOON + 10 * DAY)
    assert (chart.begin, chart.width) == ("50.0%", "49.0%")
    assert chart.marks == ()


def test_each_look_and_the_present_have_their_place() -> None:
    """What lies on one spot is drawn once; of another kind, once more."""
    half, end = NOON + 5 * DAY, NOON + 10 * DAY
    looks = [(half, MarkKind.LOOK), (half, MarkKind.LOOK), (half, MarkKind.FAILED)]

    chart = draw_chart(TERM, asked_at=NOON, looks=looks, now=end)

    assert chart.marks == (
        Mark(kind=MarkKind.LOOK, place="50.0%"),
        Mark(kind=MarkKind.FAILED, place="50.0%"),
        Mark(kind=MarkKind.NOW, place="99.0%"),
    )


def test_a_pause_lies_within_the_term() -> None:
    """From the second to the fourth of ten days."""
    pause = Span(begin=NOON + 2 * DAY, end=NOON + 4 * DAY)

    chart = draw_chart(TERM, asked_at=NOON, looks=[], pauses=[pause], now=NOON)

    assert chart.paused == (("20.6%", "19.6%"),)


def test_ten_thousand_looks_are_a_small_drawing() -> None:
    """At most one mark of a kind on each tenth of a percent."""
    looks = [(NOON + timedelta(minutes=number), MarkKind.LOOK) for number in range(10_000)]

    assert len(draw_chart(TERM, asked_at=NOON, looks=looks, now=NOON).marks) < 1_000


def test_a_request_that_ended_at_once_is_a_point() -> None:
    """No length to divide by."""
    chart = draw_chart(Span(begin=NOON, end=NOON), asked_at=NOON, looks=[], now=NOON)

    assert (chart.begin, chart.width) == ("1.0%", "0.0%")
