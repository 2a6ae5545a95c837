"""The bulk feed of endings: ordered, cut by cursors, ids and reasons alone."""

from datetime import date, timedelta

import pytest

from creditsandbox.province import withdrawals
from creditsandbox.province.lifecycle import Fate, fate_of_penalty
from creditsandbox.province.population import Province
from creditsandbox.province.withdrawals import START, EndReason, FeedEvent, list_endings, walk

SEED, SIZE = 531, 800
TODAY = date(2026, 11, 21)


def read_all(until: date, *, after: str = START) -> list[FeedEvent]:
    """Return every event until a day, page by page."""
    found: list[FeedEvent] = []
    while page := list_endings(SEED, SIZE, after=after, until=until):
        found += page
        after = page[-1].cursor
    return found


def test_cursors_are_ordered_and_none_comes_twice() -> None:
    """The days never go back, and each cursor is above the one before."""
    events = read_all(TODAY)

    assert len(events) > 100
    assert [event.cursor for event in events] == sorted({event.cursor for event in events})
    assert [event.on for event in events] == sorted(event.on for event in events)
    assert all(event.on <= TODAY for event in events)


def test_pages_put_together_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven at a time gives what one page gives."""
    whole = read_all(TODAY)
    monkeypatch.setattr(withdrawals, "PAGE_MAX", 7)

    assert read_all(TODAY) == whole


def test_who_read_until_yesterday_gets_exactly_what_today_brings() -> None:
    """Day by day over two months, and over New Year: nothing twice, nothing left out."""
    after, seen = START, list[FeedEvent]()
    for number in range(70):
        fresh = read_all(date(2026, 11, 1) + timedelta(days=number), after=after)
        seen += fresh
        after = fresh[-1].cursor if fresh else after

    later = read_all(date(2027, 1, 9))
    begin = later[0].on
    assert [event for event in seen if event.on >= begin] == later


def test_a_cursor_is_the_same_in_whichever_year_it_is_read() -> None:
    """The walk of the year after numbers the endings of this one alike."""
    this = {event for event in walk(SEED, SIZE, year=2026) if event.on.year == 2026}
    following = {event for event in walk(SEED, SIZE, year=2027) if event.on.year == 2026}

    assert this
    assert this == following


def test_an_event_holds_ids_and_a_reason() -> None:
    """No name, no fact, no amount: six members, each an id, a day or a closed word."""
    event = read_all(TODAY)[0]

    assert FeedEvent.__struct_fields__ == ("cursor", "on", "uscc", "section", "number", "reason")
    assert event.reason in set(EndReason)


def test_what_the_feed_says_is_what_the_file_shows() -> None:
    """On the day of its ending a penalty is no longer in force; the day before it was."""
    province = Province(seed=SEED, size=SIZE)
    fates = {
        EndReason.REPAIRED: Fate.REPAIRED,
        EndReason.REVOKED: Fate.WITHDRAWN,
        EndReason.EXPIRED: Fate.EXPIRED,
    }
    events = [event for event in read_all(TODAY) if event.section == "PEN"]

    assert {event.reason for event in events} == set(fates)
    for event in events:
        for day, fate in ((event.on, fates[event.reason]), (before(event.on), Fate.ACTIVE)):
            each = province.find_enterprise(event.uscc, on=day)
            assert each is not None
            penalty = next(x for x in each.penalties if x.document_no == event.number)
            assert fate_of_penalty(penalty, on=day) is fate


def before(day: date) -> date:
    """Return the day before."""
    return day - timedelta(days=1)


def test_removals_from_lists_are_in_the_feed() -> None:
    """Lists, abnormalities and judgments end by removal, on the day that the file names."""
    province = Province(seed=SEED, size=SIZE)
    events = [event for event in read_all(TODAY) if event.section != "PEN"]

    assert {event.section for event in events} == {"LST", "ABN", "JUD"}
    for event in events:
        each = province.find_enterprise(event.uscc, on=TODAY)
        assert each is not None
        days = [(x.decision_no, x.removed_on) for x in each.listings]
        days += [(x.decision_no, x.removed_on) for x in each.abnormalities]
        days += [(x.case_no, x.removed_on) for x in each.judgments]
        assert (event.number, event.on) in days
