"""Licences, abnormalities and insured months of the provincial platform, in our words."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from creditbridge.platforms.provincial.departments import map_abnormality, map_licence, map_month
from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.schema.departments import (
    TheirAbnormality,
    TheirInsuredMonth,
    TheirLicence,
)
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
from creditbridge.profile.months import YearMonth
from creditbridge.profile.sections import Abnormality, InsuredMonth, Licence
from creditbridge.profile.sections.abnormalities import AbnormalityReason
from creditbridge.profile.sections.insurance import PaidState
from creditbridge.profile.sections.licences import LicenceCategory, LicenceStatus

CONTEXT = RecordContext(record_id="rec_1", raw_digest="d" * 64)
Example = Callable[[str], dict[str, object]]


@pytest.fixture
def reader() -> FieldReader:
    """A reader of one record."""
    return FieldReader(SectionCode.LIC, "rec_1")


@pytest.fixture
def licence_of(example: Example, reader: FieldReader) -> Callable[..., Licence]:
    """Maps the example licence, with changes."""

    def make(**changes: object) -> Licence:
        raw = json.dumps({**example("LIC"), **changes}).encode()
        return map_licence(msgspec.json.decode(raw, type=TheirLicence), CONTEXT, reader)

    return make


@pytest.fixture
def abnormality_of(example: Example, reader: FieldReader) -> Callable[..., Abnormality]:
    """Maps the example entry, with changes."""

    def make(**changes: object) -> Abnormality:
        raw = json.dumps({**example("ABN"), **changes}).encode()
        return map_abnormality(msgspec.json.decode(raw, type=TheirAbnormality), CONTEXT, reader)

    return make


@pytest.fixture
def month_of(example: Example, reader: FieldReader) -> Callable[..., InsuredMonth]:
    """Maps the example month, with changes."""

    def make(**changes: object) -> InsuredMonth:
        raw = json.dumps({**example("SOC"), **changes}).encode()
        return map_month(msgspec.json.decode(raw, type=TheirInsuredMonth), CONTEXT, reader)

    return make


def codes_of(reader: FieldReader) -> list[tuple[QualityCode, str | None]]:
    """What was noted, and on which field."""
    return [(note.code, note.field) for note in reader.notes]


def test_the_example_licence_in_our_words(
    licence_of: Callable[..., Licence], reader: FieldReader
) -> None:
    """The term is the record's own; how it stands is not said before delivery."""
    ours = licence_of()

    assert (ours.document_no, ours.document_name) == ("杭环许\u30142024\u30158号", "排污许可证")
    assert (ours.certificate_no, ours.content) == ("ZJ33010200000008", "准予排放水污染物。")
    assert (ours.category, ours.category_text) == (LicenceCategory.ORDINARY, "普通")
    assert (ours.decided, ours.revoked) == (date(2024, 3, 1), None)
    assert (ours.valid_from, ours.valid_until) == (date(2024, 3, 6), date(2027, 1, 15))
    assert (ours.authority, ours.authority_uscc) == ("杭州市生态环境局", None)
    assert (ours.is_open_ended, ours.status) == (False, LicenceStatus.UNKNOWN)
    assert (ours.info_class, ours.data_class) == (InfoClass.BASIC, DataClass.PUBLIC)
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("valid_to", "is_open_ended", "code"),
    [
        ("9999-9-9", True, QualityCode.OPEN_ENDED),
        ("2099-12-31", True, QualityCode.OPEN_ENDED),
        ("长期", True, QualityCode.OPEN_ENDED),
        ("1900-1-1", False, QualityCode.SENTINEL_DATE),
        ("2026-13-1", False, QualityCode.BAD_DATE),
        ("***********", False, QualityCode.MASKED),
        ("暂无", False, QualityCode.SENTINEL_TEXT),
    ],
)
def test_only_the_feeds_word_for_no_end_is_one(
    licence_of: Callable[..., Licence],
    reader: FieldReader,
    valid_to: str,
    code: QualityCode,
    *,
    is_open_ended: bool,
) -> None:
    """Whatever else cannot be read is not known, and noted."""
    ours = licence_of(valid_to=valid_to)

    assert (ours.valid_until, ours.is_open_ended) == (None, is_open_ended)
    assert codes_of(reader) == [(code, "valid_until")]


def test_an_end_that_is_not_told_is_not_known(licence_of: Callable[..., Licence]) -> None:
    """Null is neither an end nor its absence."""
    ours = licence_of(valid_to=None)

    assert (ours.valid_until, ours.is_open_ended) == (None, False)


def test_a_new_category_and_a_masked_number(
    licence_of: Callable[..., Licence], reader: FieldReader
) -> None:
    """OTHER with the source's word; half a number is none; a revocation keeps its day."""
    ours = licence_of(xk_xklb="备案", xk_wsh="3302****01", revoke_date="2026-1-2")

    assert (ours.category, ours.category_text) == (LicenceCategory.OTHER, "备案")
    assert (ours.document_no, ours.revoked) == (None, date(2026, 1, 2))
    assert codes_of(reader) == [
        (QualityCode.MASKED, "document_no"),
        (QualityCode.UNKNOWN_CODE, "category"),
    ]


def test_the_example_abnormality_in_our_words(
    abnormality_of: Callable[..., Abnormality], reader: FieldReader
) -> None:
    """An entry that stands; its reason by its Chinese words."""
    ours = abnormality_of()

    assert (ours.decision_no, ours.is_mark) == ("市监异列\u30142026\u30157号", False)
    assert (ours.reason, ours.reason_text) == (
        AbnormalityReason.NO_ANNUAL_REPORT,
        "未按期公示年报",
    )
    assert (ours.included, ours.removed) == (date(2026, 7, 10), None)
    assert (ours.authority, ours.removal_authority) == ("杭州市市场监督管理局", None)
    assert (ours.info_class, ours.lifecycle) == (InfoClass.ADVERSE, Lifecycle.ACTIVE)
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("remove_dt", "lifecycle"),
    [
        ("2026-7-11", Lifecycle.REMOVED),
        ("2026-7-10", Lifecycle.REMOVED),
        ("2026-7-9", Lifecycle.ACTIVE),
        ("9999-9-9", Lifecycle.ACTIVE),
    ],
    ids=["later", "same-day", "entered-again", "sentinel"],
)
def test_l19_a_removal_ends_an_entry_that_is_not_newer(
    abnormality_of: Callable[..., Abnormality], remove_dt: str, lifecycle: Lifecycle
) -> None:
    """Equal days are removed; an entry made after the removal stands."""
    ours = abnormality_of(remove_dt=remove_dt)

    assert ours.lifecycle is lifecycle


def test_l12_while_it_stands_an_entry_is_kept(abnormality_of: Callable[..., Abnormality]) -> None:
    """Past the end of its keeping; once removed, that end holds, and a repair is not undone."""
    standing = abnormality_of(keep_end_date="2024-01-01")
    removed = abnormality_of(keep_end_date="2024-01-01", remove_dt="2026-8-1")

    assert standing.retention_end is None
    assert removed.retention_end == datetime(2023, 12, 31, 16, tzinfo=UTC)
    assert abnormality_of(state="4", remove_dt="2026-8-1").lifecycle is Lifecycle.REPAIRED


def test_a_mark_with_a_new_reason(
    abnormality_of: Callable[..., Abnormality], reader: FieldReader
) -> None:
    """A sole proprietor's; the reason stays in the source's words."""
    ours = abnormality_of(
        is_mark="1", inclu_reason="示例事由", remexcpres_cn="补报", redecorg_cn="示例局"
    )

    assert (ours.is_mark, ours.reason, ours.reason_text) == (
        True,
        AbnormalityReason.OTHER,
        "示例事由",
    )
    assert (ours.removal_reason, ours.removal_authority) == ("补报", "示例局")
    assert codes_of(reader) == [(QualityCode.UNKNOWN_CODE, "reason")]


def test_the_example_month_in_our_words(
    month_of: Callable[..., InsuredMonth], reader: FieldReader
) -> None:
    """A month is a month, no day; heads are whole numbers."""
    ours = month_of()

    assert ours.month == YearMonth(year=2026, month=10)
    assert (ours.insured, ours.fund_persons) == (86, 86)
    assert (ours.paid_state, ours.paid_text) == (PaidState.PAID, "已缴")
    assert ours.fund_amount == Amount(value=Decimal(77_400), currency="CNY", source_unit="元")
    assert ours.authority == "杭州市人力资源和社会保障局"
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("level", "subject", "data_class", "disclosure"),
    [
        ("1", "1", DataClass.COMMERCIAL, Disclosure.QUERY),
        ("2", "1", DataClass.COMMERCIAL, Disclosure.QUERY),
        ("3", "1", DataClass.GOV_ONLY, Disclosure.GOV_ONLY),
        ("1", "2", DataClass.PERSONAL, Disclosure.PUBLIC),
    ],
    ids=["marked-public", "marked-query", "government", "person"],
)
def test_a_month_is_commercial_whatever_the_feed_says(
    month_of: Callable[..., InsuredMonth],
    level: str,
    subject: str,
    data_class: DataClass,
    disclosure: Disclosure,
) -> None:
    """But for what is closer still: the government's, and a person's."""
    ours = month_of(open_level=level, subject_kind=subject)

    assert (ours.data_class, ours.disclosure) == (data_class, disclosure)


@pytest.mark.parametrize(
    ("text", "heads", "code"),
    [
        ("0", 0, None),
        ("86.0", 86, None),
        ("86.5", None, QualityCode.BAD_NUMBER),
        ("-1", None, QualityCode.BAD_NUMBER),
        ("8,600", None, QualityCode.BAD_NUMBER),
        ("\\N", None, QualityCode.SENTINEL_TEXT),
    ],
)
def test_heads_are_counted_whole(
    month_of: Callable[..., InsuredMonth],
    reader: FieldReader,
    text: str,
    heads: int | None,
    code: QualityCode | None,
) -> None:
    """Half a head, less than none, or what reads two ways is not known."""
    ours = month_of(mon_insurd_prsons=text)

    assert ours.insured == heads
    assert codes_of(reader) == ([] if code is None else [(code, "insured")])


def test_a_month_of_which_little_is_told(
    month_of: Callable[..., InsuredMonth], reader: FieldReader
) -> None:
    """Nobody said that it was paid, and the fund knows nothing; a new word is noted."""
    empty = month_of(
        mon_insurd_prsons=None, pay_state=None, fund_pay_pers_num=None, fund_pay_amt=None
    )

    assert (empty.insured, empty.fund_persons, empty.fund_amount) == (None, None, None)
    assert (empty.paid_state, empty.paid_text) == (PaidState.OTHER, None)
    assert month_of(pay_state="缓缴").paid_state is PaidState.OTHER
    assert month_of(pay_state="欠缴").paid_state is PaidState.OWED
    assert codes_of(reader) == [(QualityCode.UNKNOWN_CODE, "paid_state")]


@pytest.mark.parametrize("month", ["202613", "202600", "2026-10", "20261001", "189910"])
def test_what_is_no_month_is_another_shape(
    month_of: Callable[..., InsuredMonth], month: str
) -> None:
    """The contract allows nothing else, and no month is guessed."""
    with pytest.raises(msgspec.ValidationError):
        month_of(rece_ym=month)
