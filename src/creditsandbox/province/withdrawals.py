"""The endings of records, in the order of their days: what a platform pushes in bulk.

So a gateway learns that a record was repaired without asking about anybody. An event carries ids
and a reason, never content, and there is none for what begins: that would say who was punished.

One walk over the population finds every ending of three years, past and to come; the pages of a
day are cut out of it. A thousand entities take about a third of a second.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from itertools import groupby, islice, takewhile

import msgspec

from creditsandbox.province.codes import Disclosure
from creditsandbox.province.entities import draw_entity
from creditsandbox.province.histories import draw_history
from creditsandbox.province.lifecycle import retention_ends_on
from creditsandbox.province.model import Entity, Penalty
from creditsandbox.province.registrations import draw_status, last_day

PAGE_MAX = 500
WALKS_KEPT = 2
FIRST_BY_HAND = 900_000
START = "00000000-000000"


class EndReason(StrEnum):
    """Why a record is no longer served."""

    REPAIRED = "REPAIRED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    REMOVED = "REMOVED"
    CORRECTED = "CORRECTED"


class Ending(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The end of one record; `number` is the source's own (a document, a decision, a case)."""

    ended_on: date
    uscc: str
    section: str
    number: str
    reason: EndReason


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An ending as it is pushed; who asks after its cursor is given what follows."""

    cursor: str
    on: date
    uscc: str
    section: str
    number: str
    reason: EndReason


def list_endings(
    seed: int, size: int, *, after: str, until: date, decided: tuple[Ending, ...] = ()
) -> tuple[FeedEvent, ...]:
    """Return up to a page of the endings after a cursor, none of them later than a day.

    `decided` are those that were decided by hand, in their order: they come behind the others of
    their day, and a record that one of them ended does not end again. Endings older than the first
    day of the year before are not kept.
    """
    walked = walk(seed, size, year=until.year)
    begin = bisect_right(walked, after, key=lambda event: event.cursor)
    by_hand = tuple(number_decided(decided))
    gone = {(event.uscc, event.number): event.on for event in by_hand}
    merged = merge(
        islice(walked, begin, None),
        sorted(
            (event for event in by_hand if event.cursor > after), key=lambda event: event.cursor
        ),
        key=lambda event: event.cursor,
    )
    due = takewhile(lambda event: event.on <= until, merged)
    once = (event for event in due if event.on <= gone.get((event.uscc, event.number), event.on))
    return tuple(islice(once, PAGE_MAX))


def number_decided(decided: Iterable[Ending]) -> Iterator[FeedEvent]:
    """Yield the endings decided by hand with their cursors, which no drawn one of a day passes."""
    for number, ending in enumerate(decided, start=FIRST_BY_HAND):
        yield make_event(ending, number)


@lru_cache(maxsize=WALKS_KEPT)
def walk(seed: int, size: int, *, year: int) -> tuple[FeedEvent, ...]:
    """Return every ending of a year, the one before and the one after, ordered by cursor."""
    first, last = date(year - 1, 1, 1), date(year + 1, 12, 31)
    found = sorted(
        ending
        for index in range(size)
        for ending in find_endings(seed, index, last=last)
        if first <= ending.ended_on <= last
    )
    return tuple(
        event
        for _, endings in groupby(found, key=lambda ending: ending.ended_on)
        for event in number_day(endings)
    )


def number_day(endings: Iterable[Ending]) -> Iterator[FeedEvent]:
    """Yield the endings of one day with their cursors, which sort by day and then by number.

    Numbered within the day, so that a cursor is the same whichever years were walked.
    """
    for number, ending in enumerate(endings):
        yield make_event(ending, number)


def make_event(ending: Ending, number: int) -> FeedEvent:
    """Return an ending as it is pushed, the so-manieth of its day."""
    return FeedEvent(
        cursor=cursor_of(ending.ended_on, number),
        on=ending.ended_on,
        uscc=ending.uscc,
        section=ending.section,
        number=ending.number,
        reason=ending.reason,
    )


def cursor_of(day: date, number: int) -> str:
    """Return the cursor of an ending of a day."""
    return f"{day:%Y%m%d}-{number:06d}"


def find_endings(seed: int, index: int, *, last: date) -> Iterator[Ending]:
    """Yield the endings of one entity's records, until a day that may lie ahead."""
    entity = draw_entity(seed, index)
    gone_on = last_day(*draw_status(seed, index, entity, on=last), on=last)
    history = draw_history(seed, index, entity, on=last, last=gone_on)
    for penalty in history.penalties:
        # What nobody outside government was shown ends unseen as well.
        if penalty.disclosure is not Disclosure.GOV_ONLY:
            yield end_penalty(entity, penalty)
    removed = [("ABN", entry.decision_no, entry.removed_on) for entry in history.abnormalities]
    removed += [("LST", entry.decision_no, entry.removed_on) for entry in history.listings]
    removed += [("JUD", each.case_no, each.removed_on) for each in history.judgments]
    for section, number, day in removed:
        if day is not None:
            yield Ending(
                ended_on=day,
                uscc=entity.uscc,
                section=section,
                number=number,
                reason=EndReason.REMOVED,
            )


def end_penalty(entity: Entity, penalty: Penalty) -> Ending:
    """Return the first of what ends a penalty: taken back, repaired, or out of publication."""
    candidates = [
        (penalty.revoked_on, EndReason.REVOKED),
        (penalty.repaired_on, EndReason.REPAIRED),
        (penalty.publicity_ends_on, EndReason.EXPIRED),
        (retention_ends_on(penalty.decided_on), EndReason.EXPIRED),
    ]
    day, reason = min((on, why) for on, why in candidates if on is not None)
    return Ending(
        ended_on=day,
        uscc=entity.uscc,
        section="PEN",
        number=penalty.document_no,
        reason=reason,
    )
