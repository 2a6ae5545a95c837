"""The life of a consent as a line: where its term lies, and each look on it. Pure.

Places are percentages of the width, so that the drawing fits a telephone as well as a desk.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec


class MarkKind(StrEnum):
    """What a mark on the line stands for."""

    LOOK = "LOOK"
    FAILED = "FAILED"
    NOW = "NOW"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One mark, at `place` such as `12.50%`."""

    kind: MarkKind
    place: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A line from `first` to `last`; the term is drawn at `begin` over `width`."""

    first: datetime
    last: datetime
    begin: str
    width: str
    marks: tuple[Mark, ...] = ()
    paused: tuple[tuple[str, str], ...] = ()  # Begin and width of each pause.


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From one instant to a later one."""

    begin: datetime
    end: datetime


def draw_chart(
    term: Span,
    *,
    asked_at: datetime,
    looks: Sequence[tuple[datetime, MarkKind]],
    pauses: Iterable[Span] = (),
    now: datetime,
) -> Chart:
    """Return the drawing of a consent of this term."""
    points = [term.begin, term.end, asked_at, *(at for at, _ in looks)]
    whole = Span(begin=min(points), end=max(points))
    # Where many looks lie on one spot, one mark is seen: the drawing stays small.
    marks = dict.fromkeys((kind, _place(at, whole)) for at, kind in looks)
    if whole.begin <= now <= whole.end:
        marks[MarkKind.NOW, _place(now, whole)] = None
    return Chart(
        first=whole.begin,
        last=whole.end,
        begin=_place(term.begin, whole),
        width=_width(term, whole),
        marks=tuple(Mark(kind=kind, place=place) for kind, place in marks),
        paused=tuple((_place(one.begin, whole), _width(one, whole)) for one in pauses),
    )


def _share(part: Span, whole: Span) -> float:
    length = (whole.end - whole.begin).total_seconds()
    return (part.end - part.begin).total_seconds() / length if length else 0.0


def _width(part: Span, whole: Span) -> str:
    return f"{98 * max(0.0, _share(part, whole)):.1f}%"


def _place(at: datetime, whole: Span) -> str:
    # Away from both edges, so that no mark is cut off.
    return f"{1 + 98 * _share(Span(begin=whole.begin, end=at), whole):.1f}%"
