"""The provincial platform's records, field by field, in our words."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.records import (
    map_penalty,
    map_registration,
)
from creditbridge.platforms.provincial.schema import (
    TheirPenalty,
    TheirRegistration,
)
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    DataClass,
    DepartmentLevel,
    Disclosure,
    DisputeState,
    Finality,
    InfoClass,
    Lifecycle,
    MatchBy,
    QualityCode,
    SectionCode,
    Severity,
)
from creditbridge.profile.record import Dispute, RecordSource, match_by
from creditbridge.profile.sections import Penalty, Registration
from creditbridge.profile.sections.penalties import PenaltyKind, Procedure
from creditbridge.profile.sections.registration import EntityStatus, Industry

CONTEXT = RecordContext(record_id="rec_1", raw_digest="d" * 64)
Example = Callable[[str], dict[str, object]]
CHANGES = dict[str, object]


@pytest.fixture
def reader() -> FieldReader:
    """A reader of one record."""
    return FieldReader(SectionCode.PEN, "rec_1")


@pytest.fixture
def penalty_of(example: Example, reader: FieldReader) -> Callable[..., Penalty]:
    """Maps the example penalty, with changes."""

    def make(**changes: object) -> Penalty:
        raw = json.dumps({**example("PEN"), **changes}).encode()
        return map_penalty(msgspec.json.decode(raw, type=TheirPenalty), CONTEXT, reader)

    return make


@pytest.fixture
def registration_of(example: Example, reader: FieldReader) -> Callable[..., Registration]:
    """Maps the example registration, with changes."""

    def make(**changes: object) -> Registration:
        raw = json.dumps({**example("REG"), **changes}).encode()
        return map_registration(msgspec.json.decode(raw, type=TheirRegistration), CONTEXT, reader)

    return make


def codes_of(reader: FieldReader) -> list[tuple[QualityCode, str | None]]:
    """What was noted, and on which field."""
    return [(note.code, note.field) for note in reader.notes]


def test_the_example_registration_in_our_words(
    registration_of: Callable[..., Registration], reader: FieldReader
) -> None:
    """The legal representative in full; 1200.5 万元 are 12005000 元; 9999-9-9 is no end."""
    ours = registration_of()

    assert ours.name == "示例晴川机械有限公司"
    assert ours.former_names == ("示例晴川五金厂",)
    assert (ours.status, ours.status_text) == (EntityStatus.ACTIVE, "存续")
    assert ours.legal_rep == "张示例"
    assert ours.capital == Amount(value=Decimal(12_005_000), currency="CNY", source_unit="万元")
    assert (ours.term_from, ours.term_to) == (date(2015, 6, 1), None)
    assert (ours.division, ours.division_source) == ("330102", "330102001")
    assert ours.industry == Industry(standard_version="2017", code="C", name_from_source="制造业")
    assert ours.approved == date(2024, 1, 15)
    assert ours.finality is None
    assert codes_of(reader) == [(QualityCode.OPEN_ENDED, "term_to")]


def test_what_every_record_carries(registration_of: Callable[..., Registration]) -> None:
    """The record base, from the head of the record."""
    ours = registration_of()

    assert ours.record_id == "rec_1"
    assert ours.raw_digest == "d" * 64
    assert (ours.catalogue_item, ours.catalogue_version) == ("BASIC-001", "2026")
    assert ours.source == RecordSource(
        dept_name="示例省市场监督管理局",
        dept_uscc="11330000YY0000A132",
        system="统一监管平台",
        source_record_id="REG-0001",
        level=DepartmentLevel.PROVINCE,
    )
    assert ours.record_date == date(2015, 6, 1)
    assert ours.published_at == datetime(2026, 3, 4, 16, tzinfo=UTC)
    assert ours.received_at == datetime(2026, 3, 5, 2, tzinfo=UTC)
    assert ours.source_updated_at == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert (ours.info_class, ours.lifecycle) == (InfoClass.BASIC, Lifecycle.ACTIVE)
    assert (ours.data_level, ours.pfi_class) == (2, "C1")
    assert ours.match == match_by(MatchBy.USCC)


def test_a_registration_without_its_optional_fields(
    registration_of: Callable[..., Registration], reader: FieldReader
) -> None:
    """Null stays null; a masked name is null and noted."""
    ours = registration_of(
        legal_rep="***", reg_capital=None, industry=None, division=None, reg_state="清算中"
    )

    assert (ours.legal_rep, ours.capital, ours.industry, ours.division) == (None,) * 4
    assert (ours.status, ours.status_text) == (EntityStatus.OTHER, "清算中")
    assert (QualityCode.MASKED, "legal_rep") in codes_of(reader)
    assert (QualityCode.UNKNOWN_CODE, "status") in codes_of(reader)


def test_the_example_penalty_in_our_words(
    penalty_of: Callable[..., Penalty], reader: FieldReader
) -> None:
    """2.5 万元 are 25000 元; the objection and the subject's statement travel with it."""
    ours = penalty_of()

    assert ours.document_no == "杭应急罚〔2026〕12号"
    assert (ours.kinds, ours.kind_texts) == ((PenaltyKind.FINE,), ("罚款",))
    assert ours.procedure is Procedure.ORDINARY
    assert ours.fine == Amount(value=Decimal(25_000), currency="CNY", source_unit="万元")
    assert ours.decided == date(2026, 3, 1)
    assert (ours.severity, ours.finality) == (Severity.GENERAL, Finality.FINAL)
    assert ours.info_class is InfoClass.ADVERSE
    assert ours.publicity_end == datetime(2027, 2, 28, 16, tzinfo=UTC)
    assert ours.retention_end == datetime(2031, 2, 28, 16, tzinfo=UTC)
    assert ours.dispute == Dispute(
        state=DisputeState.OPEN,
        opened_at=datetime(2026, 11, 9, 16, tzinfo=UTC),
        due_at=datetime(2026, 11, 16, 16, tzinfo=UTC),
        note=None,
        suspends=False,
    )
    assert ours.subject_statement == "已提出异议。"
    assert ours.key_area == ("WORK_SAFETY",)
    assert codes_of(reader) == []


@pytest.mark.parametrize(
    ("changes", "finality"),
    [
        ({"finality": "1"}, Finality.FINAL),
        ({"finality": "2"}, Finality.APPEAL_OPEN),
        ({"finality": "3"}, Finality.UNDER_REVIEW),
        ({"finality": "9"}, Finality.REVOKED),
        ({"finality": None}, Finality.UNKNOWN),
        ({"finality": "1", "is_cancelled": "1"}, Finality.REVOKED),
    ],
)
def test_not_known_is_not_final(
    penalty_of: Callable[..., Penalty], changes: CHANGES, finality: Finality
) -> None:
    """A case withdrawn is revoked, whatever else is said; only FINAL is ADVERSE."""
    ours = penalty_of(**changes)

    assert ours.finality is finality
    assert (ours.info_class is InfoClass.ADVERSE) == (finality is Finality.FINAL)


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"severity": "1"}, Severity.MINOR),
        ({"severity": "0"}, Severity.NA),
        ({"severity": None}, Severity.GENERAL),
        ({"severity": None, "punish_types": ["吊销许可证件"]}, Severity.SERIOUS),
        ({"severity": "2", "punish_types": ["吊销许可证件"]}, Severity.GENERAL),
        ({"severity": None, "case_process_type": "01"}, Severity.MINOR),
    ],
)
def test_the_sources_own_severity_wins(
    penalty_of: Callable[..., Penalty], changes: CHANGES, severity: Severity
) -> None:
    """Only where it gives none is one derived."""
    assert penalty_of(**changes).severity is severity


@pytest.mark.parametrize("end", [None, "9999-9-9", "1900-1-1"])
def test_publication_ends_by_severity_where_the_source_gives_no_end(
    penalty_of: Callable[..., Penalty], reader: FieldReader, end: str | None
) -> None:
    """A year for GENERAL, and marked as derived; five years of keeping from the decision."""
    ours = penalty_of(public_end_date=end, keep_end_date=None)

    assert ours.publicity_end == datetime(2027, 2, 28, 16, tzinfo=UTC)
    assert ours.retention_end == datetime(2031, 2, 28, 16, tzinfo=UTC)
    assert (QualityCode.PUBLICITY_END_DERIVED, "publicity_end") in codes_of(reader)


def test_without_a_decision_date_the_records_date_stands_in(
    penalty_of: Callable[..., Penalty],
) -> None:
    """And without any date no end is invented."""
    dated = penalty_of(set_time=None, public_end_date=None, keep_end_date=None)
    undated = penalty_of(set_time=None, record_date=None, public_end_date=None, keep_end_date=None)

    assert dated.retention_end == datetime(2031, 2, 28, 16, tzinfo=UTC)
    assert (undated.publicity_end, undated.retention_end) == (None, None)


def test_a_simple_fine_over_the_limit_is_noted(
    penalty_of: Callable[..., Penalty], reader: FieldReader
) -> None:
    """CNY 25,000 on the spot is more than the law allows."""
    penalty_of(case_process_type="01")

    assert codes_of(reader) == [(QualityCode.SIMPLE_FINE_OVER_LIMIT, "fine")]


def test_a_new_kind_of_penalty_is_other_and_stays(
    penalty_of: Callable[..., Penalty], reader: FieldReader
) -> None:
    """With the source's own word; a missing procedure stays missing."""
    ours = penalty_of(punish_types=["罚款", "信用惩戒"], case_process_type=None, dispute=None)

    assert ours.kinds == (PenaltyKind.FINE, PenaltyKind.OTHER)
    assert ours.kind_texts == ("罚款", "信用惩戒")
    assert (ours.procedure, ours.dispute) == (None, None)
    assert codes_of(reader) == [(QualityCode.UNKNOWN_CODE, "kinds")]


@pytest.mark.parametrize(
    ("changes", "data_class", "disclosure", "level"),
    [
        ({"open_level": "1"}, DataClass.PUBLIC, Disclosure.PUBLIC, (2, "C1")),
        ({"open_level": "2"}, DataClass.QUERY, Disclosure.QUERY, (3, "C2")),
        ({"open_level": "3"}, DataClass.GOV_ONLY, Disclosure.GOV_ONLY, (4, "C3")),
        ({"subject_kind": "2"}, DataClass.PERSONAL, Disclosure.PUBLIC, (4, "C3")),
    ],
)
def test_how_far_a_record_may_go(
    penalty_of: Callable[..., Penalty],
    changes: CHANGES,
    data_class: DataClass,
    disclosure: Disclosure,
    level: tuple[int, str],
) -> None:
    """A natural person's record is PERSONAL, however public its source is."""
    ours = penalty_of(**changes)

    assert (ours.data_class, ours.disclosure) == (data_class, disclosure)
    assert (ours.data_level, ours.pfi_class) == level


@pytest.mark.parametrize(
    ("state", "lifecycle"),
    [
        ("1", Lifecycle.ACTIVE),
        ("2", Lifecycle.REMOVED),
        ("3", Lifecycle.EXPIRED),
        ("4", Lifecycle.REPAIRED),
        ("5", Lifecycle.WITHDRAWN),
    ],
)
def test_a_records_life(
    penalty_of: Callable[..., Penalty], state: str, lifecycle: Lifecycle
) -> None:
    """The five states of the source."""
    assert penalty_of(state=state).lifecycle is lifecycle
