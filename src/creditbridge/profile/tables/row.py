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
    """What the rows of one scheme share."""

    table: str
    scheme: str
    source: str
    certainty: Certainty
    valid_from: date | None = None
    valid_to: date | None = None

    def rows(self, words: Mapping[str, tuple[str, str]]) -> tuple[CodeRow, ...]:
        """Return a row per Chinese word; `words` is value -> (Chinese words by `|`, English)."""
        return tuple(
            CodeRow(
                table=self.table,
                scheme=self.scheme,
                value=value,
                zh=word,
                en=english,
                valid_from=self.valid_from,
                valid_to=self.valid_to,
                source=self.source,
                certainty=self.certainty,
            )
            for value, (chinese, english) in words.items()
            for word in chinese.split("|")
        )


def find_value(rows: Sequence[CodeRow], text: str, *, on: date | None) -> str | None:
    """Return the value that a Chinese word stands for on the record's own date, or None.

    Without a date any scheme may answer, the newest first.
    """
    # The newest scheme last in its table: where two use one word, the later meaning holds.
    for row in reversed(rows):
        if row.zh == text and (on is None or is_valid(row, on)):
            return row.value
    return None


def is_valid(row: CodeRow, on: date) -> bool:
    """Tell whether a row's scheme was in force on a day; both ends belong to it."""
    return (row.valid_from is None or row.valid_from <= on) and (
        row.valid_to is None or on <= row.valid_to
    )
