"""How feeds write nothing, and what is read from what they write. Pure; sentinels become null.

Every reader gives the value and, where something was lost or assumed, the code that says so.
"""

import re
from datetime import date
from decimal import Decimal

from creditbridge.foundation.money import AmountMalformed, parse_amount, yuan_from_wan
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import QualityCode, SectionCode
from creditbridge.profile.model import QualityNote

# Written by registers that allow no empty date: taken for days they would end or age something.
OPEN_ENDS = frozenset({date(9999, 9, 9), date(9999, 12, 31), date(2099, 12, 31)})
UNKNOWN_DATES = frozenset({date(1900, 1, 1), date(1899, 12, 31)})
OPEN_END_TEXTS = frozenset({"无处罚期限", "长期"})
EMPTY_TEXTS = frozenset({"", "\\N", "\\n", "暂无", "无", "-", "[]号"})
_MASK = re.compile(r"\*{3,}")
_DAY = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?: 0{1,2}:00:00)?"
    r"|(?P<compact>[0-9]{8})"
)
WAN_YUAN = "万元"


class FieldReader:
    """Reads one record's fields, and keeps the notes on them."""

    def __init__(self, section: SectionCode, record_id: str) -> None:
        self._section = section
        self._record_id = record_id
        self._notes: list[QualityNote] = []

    @property
    def notes(self) -> tuple[QualityNote, ...]:
        """What was lost or assumed so far."""
        return tuple(self._notes)

    def note(self, code: QualityCode, field: str) -> None:
        """Keep a note on a field of the record, by our name of it."""
        self._notes.append(
            QualityNote(code=code, section=self._section, record_id=self._record_id, field=field)
        )

    def text(self, field: str, raw: str | None) -> str | None:
        """Return a text, or None for the feeds' many ways to write nothing."""
        if raw is None:
            return None
        stripped = raw.strip()
        if stripped in EMPTY_TEXTS:
            self.note(QualityCode.SENTINEL_TEXT, field)
            return None
        # Half a value is none: a masked number must not look like another enterprise's.
        if _MASK.search(stripped):
            self.note(QualityCode.MASKED, field)
            return None
        return stripped

    def day(self, field: str, raw: str | None) -> date | None:
        """Return a day; a month alone is none, because no day is ever invented."""
        # Before the general reading, which would call these words a broken date.
        if raw is not None and raw.strip() in OPEN_END_TEXTS:
            self.note(QualityCode.OPEN_ENDED, field)
            return None
        text = self.text(field, raw)
        if text is None:
            return None
        day = parse_day(text)
        if day is None:
            self.note(QualityCode.BAD_DATE, field)
        elif day in OPEN_ENDS:
            self.note(QualityCode.OPEN_ENDED, field)
        elif day in UNKNOWN_DATES:
            self.note(QualityCode.SENTINEL_DATE, field)
        else:
            return day
        return None

    def number(self, field: str, raw: str | None) -> Decimal | None:
        """Return a number; with a comma, or in any other form that reads two ways, None."""
        text = self.text(field, raw)
        if text is None:
            return None
        try:
            return parse_amount(text)
        except AmountMalformed:
            self.note(QualityCode.BAD_NUMBER, field)
            return None

    def count(self, field: str, raw: str | None) -> int | None:
        """Return a whole number, as of heads; None for a fraction, or for less than none."""
        if (value := self.number(field, raw)) is None:
            return None
        if value < 0 or value != value.to_integral_value():
            self.note(QualityCode.BAD_NUMBER, field)
            return None
        return int(value)

    def amount(self, field: str, raw: str | None, *, unit: str, currency: str) -> Amount | None:
        """Return an amount in 元, or in its own currency's unit, without rounding."""
        if (value := self.number(field, raw)) is None:
            return None
        if unit == WAN_YUAN:
            # Exact in decimals; the unit of the source is kept beside it as provenance.
            value = yuan_from_wan(value)
        return Amount(value=value, currency=currency, source_unit=unit)


def is_open_end(raw: str | None) -> bool:
    """Tell whether a feed says in its own way that something has no end."""
    text = "" if raw is None else raw.strip()
    return text in OPEN_END_TEXTS or parse_day(text) in OPEN_ENDS


def parse_day(text: str) -> date | None:
    """Return the day of `2017-7-7`, `2017-7-7 0:00:00` or `20170707`; None for anything else."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    compact = found["compact"]
    parts = (
        (compact[:4], compact[4:6], compact[6:])
        if compact
        else (found["year"], found["month"], found["day"])
    )
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
