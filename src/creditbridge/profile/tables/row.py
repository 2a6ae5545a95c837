"""A row of a code table: what a value means, under which scheme, since when, and who says so."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec


class Certainty(StrEnum):
    """How sure the house is of a row; CONFIGURE rows are the place's to settle."""

    SURE = "SURE"
    LIKELY = "LIKELY"
    CONFIGURE = "CONFIGURE"


class CodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One meaning of one value. Several rows may give several Chinese words for one value."""

    table: str
    scheme: str
    value: str
    zh: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None
    source: str
    certainty: Certainty


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One scheme of a table; `words` is value -> (Chinese words by `|`, English)."""

    name: str
    source: str
    certainty: Certainty
    valid_from: date | None = None
    valid_to: date | None = None
    words: Mapping[str, tuple[str, str]]


def table(name: str, *schemes: Scheme) -> tuple[CodeRow, ...]:
    """Return a row per Chinese word, the schemes in the order given, the newest last."""
    return tuple(
        CodeRow(
            table=name,
            scheme=scheme.name,
            value=value,
            zh=word,
            en=english,
            valid_from=scheme.valid_from,
            valid_to=scheme.valid_to,
            source=scheme.source,
            certainty=scheme.certainty,
        )
        for scheme in schemes
        for value, (chinese, english) in scheme.words.items()
        for word in chinese.split("|")
    )


def find_value(rows: Sequence[CodeRow], text: str, *, on: date | None) -> str | None:
    """Return the value that a Chinese word stands for on the record's own date, or None.

    Without a date any scheme may answer, the newest first.
    """
    row = find_row(rows, text, on=on)
    return None if row is None else row.value


def find_row(rows: Sequence[CodeRow], text: str, *, on: date | None) -> CodeRow | None:
    """Return the row by which a Chinese word is read on a day, or None; see `find_value`."""
    # The newest scheme last in its table: where two use one word, the later meaning holds.
    for row in reversed(rows):
        if row.zh == text and (on is None or is_valid(row, on)):
            return row
    return None


def is_valid(row: CodeRow, on: date) -> bool:
    """Tell whether a row's scheme was in force on a day; both ends belong to it."""
    return (row.valid_from is None or row.valid_from <= on) and (
        row.valid_to is None or on <= row.valid_to
    )
