"""What feeds write where they have nothing to say, and what is read from it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from creditbridge.platforms.rules import FieldReader, parse_day
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import QualityCode, SectionCode
from creditbridge.profile.model import QualityNote


@pytest.fixture
def reader() -> FieldReader:
    """A reader of one penalty."""
    return FieldReader(SectionCode.PEN, "rec_1")


def codes_of(reader: FieldReader) -> list[QualityCode]:
    """What was noted."""
    return [note.code for note in reader.notes]


@pytest.mark.parametrize("raw", ["\\N", "\\n", "暂无", "无", "-", "[]号", "", "  "])
def test_a_sentinel_text_is_null_and_noted(reader: FieldReader, raw: str) -> None:
    """The many ways to write nothing."""
    assert reader.text("fact", raw) is None
    assert reader.notes == (
        QualityNote(
            code=QualityCode.SENTINEL_TEXT,
            section=SectionCode.PEN,
            record_id="rec_1",
            field="fact",
        ),
    )


@pytest.mark.parametrize("raw", ["***********", "330222************", "913302******000000"])
def test_a_masked_text_is_null(reader: FieldReader, raw: str) -> None:
    """A mask is no value, not even in part."""
    assert reader.text("fact", raw) is None
    assert codes_of(reader) == [QualityCode.MASKED]


def test_a_text_loses_only_the_blanks_around_it(reader: FieldReader) -> None:
    """Nothing inside is changed, and null is null without a note."""
    assert reader.text("fact", " 无证 经营** ") == "无证 经营**"
    assert reader.text("fact", None) is None
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2017-7-7", date(2017, 7, 7)),
        ("2017-07-07", date(2017, 7, 7)),
        ("2017-7-7 0:00:00", date(2017, 7, 7)),
        ("2017-7-7 00:00:00", date(2017, 7, 7)),
        ("20200316", date(2020, 3, 16)),
        ("202011", None),
        ("2017-2-30", None),
        ("20170230", None),
        ("2017-7-7 8:00:00", None),
        ("7.7.2017", None),
        ("2017-7-7x", None),
        ("２017-7-7", None),  # noqa: RUF001 - a full-width digit
    ],
)
def test_days_are_read_in_three_forms(raw: str, day: date | None) -> None:
    """A month alone is no day, and no day is invented."""
    assert parse_day(raw) == day


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("9999-9-9", QualityCode.OPEN_ENDED),
        ("9999-12-31", QualityCode.OPEN_ENDED),
        ("2099-12-31", QualityCode.OPEN_ENDED),
        ("无处罚期限", QualityCode.OPEN_ENDED),
        ("1900-1-1", QualityCode.SENTINEL_DATE),
        ("1899-12-31", QualityCode.SENTINEL_DATE),
        ("202011", QualityCode.BAD_DATE),
        ("无", QualityCode.SENTINEL_TEXT),
    ],
)
def test_a_sentinel_date_is_null_and_noted(
    reader: FieldReader, raw: str, code: QualityCode
) -> None:
    """No end, not known, or not readable: three things."""
    assert reader.day("valid_until", raw) is None
    assert codes_of(reader) == [code]


def test_a_day_is_a_day(reader: FieldReader) -> None:
    """And null is null."""
    assert reader.day("decided", "2026-3-1") == date(2026, 3, 1)
    assert reader.day("decided", None) is None
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("raw", "number"),
    [("815.00", Decimal("815.00")), ("-3", Decimal(-3)), ("0", Decimal(0))],
)
def test_a_number_keeps_its_digits(reader: FieldReader, raw: str, number: Decimal) -> None:
    """No float anywhere."""
    assert str(reader.number("score", raw)) == str(number)


@pytest.mark.parametrize("raw", ["5,000", "5,000000", "1e3", "01", "12 元", "1" * 25])
def test_a_number_that_reads_two_ways_is_null(reader: FieldReader, raw: str) -> None:
    """Is a comma a decimal point? Nobody guesses."""
    assert reader.number("score", raw) is None
    assert codes_of(reader) == [QualityCode.BAD_NUMBER]


@pytest.mark.parametrize(
    ("raw", "unit", "yuan"),
    [
        ("2.5", "万元", Decimal(25_000)),
        ("25000", "元", Decimal(25_000)),
        ("0.00001", "万元", Decimal("0.1")),
        ("1200.5", "万元", Decimal(12_005_000)),
    ],
)
def test_amounts_become_yuan_without_rounding(
    reader: FieldReader, raw: str, unit: str, yuan: Decimal
) -> None:
    """And keep the unit that they came in."""
    amount = reader.amount("fine", raw, unit=unit, currency="CNY")

    assert amount == Amount(value=yuan, currency="CNY", source_unit=unit)


def test_an_unreadable_amount_is_none(reader: FieldReader) -> None:
    """Not zero."""
    assert reader.amount("fine", "无", unit="元", currency="CNY") is None


@given(
    whole=st.integers(min_value=0, max_value=10**15),
    fraction=st.integers(min_value=0, max_value=999_999),
)
def test_wan_yuan_is_ten_thousand_times_exactly(whole: int, fraction: int) -> None:
    """For any amount that fits, digit by digit."""
    text = f"{whole}.{fraction:06d}"
    amount = FieldReader(SectionCode.PEN, "rec_1").amount("fine", text, unit="万元", currency="CNY")

    assert amount is not None
    assert amount.value == Decimal(whole * 10_000) + Decimal(fraction) / 100
