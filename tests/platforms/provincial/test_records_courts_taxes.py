"""Judgments and taxes of the provincial platform, in our words."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from creditbridge.platforms.provincial.courts import map_judgment
from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.schema.departments import TheirJudgment, TheirTax
from creditbridge.platforms.provincial.taxes import map_tax
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    DataClass,
    Disclosure,
    InfoClass,
    Lifecycle,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.sections import (
    Defaulter,
    TaxArrears,
    TaxCredit,
    TaxNonNormal,
    TaxPayment,
    UnfulfilledJudgment,
)
from creditbridge.profile.sections.judgments import Performance
from creditbridge.profile.sections.taxes import TaxGrade

CONTEXT = RecordContext(record_id="rec_1", raw_digest="d" * 64)
OFFICE = "杭州市税务局"
Kind = TypeVar("Kind")


class Mapper:
    """Maps an example record of a kind, with changes."""

    def __init__(self, contract: Path) -> None:
        answer = json.loads((contract / "examples/answer_found.json").read_bytes())
        self._sections = answer["sections"]
        self.reader = FieldReader(SectionCode.JUD, "rec_1")

    def judgment(self, kind: type[Kind], **changes: object) -> Kind:
        place = 0 if issubclass(kind, Defaulter) else 1
        raw = json.dumps({**self._sections["JUD"]["records"][place], **changes}).encode()
        theirs = msgspec.json.Decoder[TheirJudgment](TheirJudgment).decode(raw)
        ours = map_judgment(theirs, CONTEXT, self.reader)
        assert isinstance(ours, kind)
        return ours

    def tax(self, kind: type[Kind], **changes: object) -> Kind:
        kinds: list[type] = [TaxCredit, TaxArrears, TaxNonNormal, TaxPayment]
        raw = {**self._sections["TAX"]["records"][kinds.index(kind)], **changes}
        theirs = msgspec.json.Decoder[TheirTax](TheirTax).decode(json.dumps(raw).encode())
        ours = map_tax(theirs, CONTEXT, self.reader)
        assert isinstance(ours, kind)
        return ours

    @property
    def noted(self) -> list[tuple[QualityCode, str | None]]:
        return [(note.code, note.field) for note in self.reader.notes]


@pytest.fixture
def mapper(contract: Path) -> Mapper:
    """A mapper with a fresh reader."""
    return Mapper(contract)


def test_the_example_defaulter_in_our_words(mapper: Mapper) -> None:
    """An entry of the list; only its removal ends it."""
    ours = mapper.judgment(Defaulter, keep_end_date="2020-01-01")

    assert (ours.case_no, ours.court) == ("（2026）浙0102执1234号", "杭州市上城区人民法院")
    assert (ours.filed, ours.included) == (date(2026, 3, 1), date(2026, 6, 1))
    assert (ours.basis, ours.duty) == ("（2025）浙0102民初88号", "给付货款")
    assert (ours.performance, ours.performance_text) == (
        Performance.NONE_PERFORMED,
        "全部未履行",
    )
    assert (ours.conduct, ours.removed) == ("违反财产报告制度", None)
    assert (ours.lifecycle, ours.retention_end) == (Lifecycle.ACTIVE, None)
    assert (ours.info_class, ours.data_class) == (InfoClass.ADVERSE, DataClass.PUBLIC)
    assert mapper.noted == []


@pytest.mark.parametrize(
    ("remove_dt", "lifecycle"),
    [
        ("2026-6-2", Lifecycle.REMOVED),
        ("2026-6-1", Lifecycle.REMOVED),
        ("2026-5-31", Lifecycle.ACTIVE),
    ],
    ids=["later", "same-day", "listed-again"],
)
def test_l19_a_removal_ends_an_entry_that_is_not_newer(
    mapper: Mapper, remove_dt: str, lifecycle: Lifecycle
) -> None:
    """Equal days are removed (SPC 7)."""
    assert mapper.judgment(Defaulter, remove_dt=remove_dt).lifecycle is lifecycle


def test_the_example_judgment_in_our_words(mapper: Mapper) -> None:
    """Two units, one currency; five years from its publication it is kept no longer (ZJ 16)."""
    ours = mapper.judgment(UnfulfilledJudgment)

    assert (ours.cause, ours.performance) == ("买卖合同纠纷", Performance.PARTLY)
    assert ours.amount == Amount(value=Decimal(800_000), currency="CNY", source_unit="元")
    assert ours.unperformed == Amount(value=Decimal(302_500), currency="CNY", source_unit="万元")
    assert (ours.filed, ours.published) == (date(2026, 3, 1), date(2026, 5, 1))
    assert (ours.fulfilled, ours.lifecycle) == (None, Lifecycle.ACTIVE)
    assert ours.retention_end == datetime(2031, 4, 30, 16, tzinfo=UTC)
    assert (ours.data_class, ours.disclosure) == (DataClass.QUERY, Disclosure.QUERY)


def test_a_judgment_that_was_performed_has_ended(mapper: Mapper) -> None:
    """By its day; what was withdrawn stays withdrawn."""
    done = mapper.judgment(UnfulfilledJudgment, fulfil_tm="2026-9-1")

    assert (done.fulfilled, done.lifecycle) == (date(2026, 9, 1), Lifecycle.REMOVED)
    withdrawn = mapper.judgment(UnfulfilledJudgment, fulfil_tm="2026-9-1", state="5")
    assert withdrawn.lifecycle is Lifecycle.WITHDRAWN


def test_a_judgment_of_which_little_is_told(mapper: Mapper) -> None:
    """No amount is invented, and a new word for the performance is OTHER."""
    ours = mapper.judgment(
        UnfulfilledJudgment,
        execute_amt=None,
        not_execute_amt={"amount": "5,000", "unit": "元", "currency": "CNY"},
        executed_perfor=None,
        expo_dt=None,
    )

    assert (ours.amount, ours.unperformed, ours.performance) == (None, None, None)
    assert ours.retention_end == datetime(2031, 2, 28, 16, tzinfo=UTC)
    other = mapper.judgment(UnfulfilledJudgment, executed_perfor="和解")
    assert other.performance is Performance.OTHER
    assert mapper.noted == [
        (QualityCode.BAD_NUMBER, "unperformed"),
        (QualityCode.UNKNOWN_CODE, "performance"),
    ]


@pytest.mark.parametrize(
    ("letter", "grade", "evaluated", "scheme", "data_class"),
    [
        ("b", TaxGrade.B, "2026-4-20", "TAX_CREDIT-2025", DataClass.QUERY),
        ("A", TaxGrade.A, "2026-4-20", "TAX_CREDIT-2025", DataClass.PUBLIC),
        ("a", TaxGrade.A, "2025-6-30", "TAX_CREDIT-2014", DataClass.PUBLIC),
        ("D", TaxGrade.D, "2025-7-1", "TAX_CREDIT-2025", DataClass.QUERY),
        ("S", TaxGrade.OTHER, "2026-4-20", "TAX_CREDIT-2025", DataClass.QUERY),
        ("C", TaxGrade.C, "1900-1-1", "TAX_CREDIT-2025", DataClass.QUERY),
    ],
    ids=["lower-case", "a", "older-scheme", "first-day", "new-letter", "undated"],
)
def test_a_grade_is_read_under_the_scheme_of_its_day(
    mapper: Mapper,
    letter: str,
    grade: TaxGrade,
    evaluated: str,
    scheme: str,
    data_class: DataClass,
) -> None:
    """In either case; only A is public, though the feed marks them all so."""
    ours = mapper.tax(TaxCredit, tax_credit_level=letter, evalua_dt=evaluated, open_level="1")

    assert (ours.year, ours.grade, ours.grade_text) == (2025, grade, letter)
    assert (ours.scheme, ours.data_class) == (scheme, data_class)
    is_new = (QualityCode.UNKNOWN_CODE, "grade") in mapper.noted
    assert is_new == (grade is TaxGrade.OTHER)


def test_the_example_arrears_in_our_words(mapper: Mapper) -> None:
    """QUERY whatever the feed says; from 万元 without rounding."""
    ours = mapper.tax(TaxArrears, open_level="1")

    assert (ours.tax_type, ours.authority) == ("增值税", OFFICE)
    assert ours.balance == Amount(value=Decimal(50_500), currency="CNY", source_unit="万元")
    assert (ours.announced, ours.data_class) == (date(2026, 7, 1), DataClass.QUERY)


@pytest.mark.parametrize(
    ("release_dt", "lifecycle"),
    [
        (None, Lifecycle.ACTIVE),
        ("2026-5-1", Lifecycle.REMOVED),
        ("2026-4-30", Lifecycle.ACTIVE),
    ],
    ids=["lost", "found-the-same-day", "lost-again"],
)
def test_who_was_found_is_non_normal_no_more(
    mapper: Mapper, release_dt: str | None, lifecycle: Lifecycle
) -> None:
    """Unless the release is older than the recognition."""
    ours = mapper.tax(TaxNonNormal, release_dt=release_dt)

    assert (ours.recognised, ours.lifecycle) == (date(2026, 5, 1), lifecycle)
    assert ours.data_class is DataClass.QUERY


def test_the_example_payment_in_our_words(mapper: Mapper) -> None:
    """COMMERCIAL whatever the feed says."""
    ours = mapper.tax(TaxPayment, open_level="1")

    assert (ours.item, ours.authority) == ("增值税", OFFICE)
    assert (ours.period_from, ours.period_to) == (date(2026, 4, 1), date(2026, 6, 30))
    assert ours.amount == Amount(value=Decimal("103200.50"), currency="CNY", source_unit="元")
    assert ours.paid == date(2026, 7, 15)
    assert (ours.data_class, ours.pfi_class) == (DataClass.COMMERCIAL, "C2")


@pytest.mark.parametrize(
    ("level", "subject", "data_class"),
    [("3", "1", DataClass.GOV_ONLY), ("1", "2", DataClass.PERSONAL)],
    ids=["government", "person"],
)
def test_what_is_closer_stays_so(
    mapper: Mapper, level: str, subject: str, data_class: DataClass
) -> None:
    """No class of ours opens what the government keeps, or what is a person's."""
    changes = {"open_level": level, "subject_kind": subject}

    assert mapper.tax(TaxPayment, **changes).data_class is data_class
    assert mapper.tax(TaxCredit, **changes).data_class is data_class
    assert mapper.judgment(Defaulter, **changes).data_class is data_class
