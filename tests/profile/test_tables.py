"""The code tables: rows as data, read by the record's own date."""

from datetime import date

import pytest

from creditbridge.profile.codes import Finality, Purpose, Severity
from creditbridge.profile.sections.abnormalities import AbnormalityReason
from creditbridge.profile.sections.insurance import PaidState
from creditbridge.profile.sections.judgments import Performance
from creditbridge.profile.sections.licences import LicenceCategory
from creditbridge.profile.sections.listings import ListType
from creditbridge.profile.sections.penalties import PenaltyKind, Procedure
from creditbridge.profile.sections.registration import EntityStatus
from creditbridge.profile.sections.taxes import TaxGrade
from creditbridge.profile.tables import CODE_TABLES
from creditbridge.profile.tables.entities import ENTITY_STATUS, LICENCE_CATEGORY
from creditbridge.profile.tables.grades import (
    CUSTOMS_CREDIT,
    LOW_GRADES,
    PUBLIC_CREDIT_GRADE,
    TAX_CREDIT,
)
from creditbridge.profile.tables.purposes import (
    ENTERPRISE_REASON,
    PERSONAL_REASON,
    PURPOSE,
    PURPOSES,
)
from creditbridge.profile.tables.records import (
    ABNORMALITY_REASON,
    FINALITY,
    LIST_TYPE,
    PAID_STATE,
    PENALTY_KIND,
    PERFORMANCE,
    PROCEDURE,
    SEVERITY,
)
from creditbridge.profile.tables.row import CodeRow, find_value

OTHER = {"OTHER"}


@pytest.mark.parametrize("rows", CODE_TABLES, ids=[rows[0].table for rows in CODE_TABLES])
def test_a_table_has_one_name_and_no_word_twice(rows: tuple[CodeRow, ...]) -> None:
    """Within a scheme a Chinese word has one meaning."""
    assert len({row.table for row in rows}) == 1
    words = [(row.scheme, row.zh) for row in rows]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (ENTITY_STATUS, set(EntityStatus) - OTHER),
        (PENALTY_KIND, set(PenaltyKind) - OTHER),
        (LIST_TYPE, set(ListType) - OTHER),
        (PROCEDURE, set(Procedure)),
        (ABNORMALITY_REASON, set(AbnormalityReason) - OTHER),
        (PERFORMANCE, set(Performance) - OTHER),
        (PAID_STATE, set(PaidState) - OTHER),
        (TAX_CREDIT, set(TaxGrade) - OTHER),
        (LICENCE_CATEGORY, set(LicenceCategory)),
        (FINALITY, set(Finality)),
        (SEVERITY, set(Severity) - {"NA"}),
        (PURPOSE, set(Purpose)),
    ],
)
def test_tables_and_enums_hold_the_same_values(rows: tuple[CodeRow, ...], values: set[str]) -> None:
    """OTHER is what no row says."""
    assert {row.value for row in rows} == values


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("存续", "ACTIVE"),
        ("在营", "ACTIVE"),
        ("正常", "ACTIVE"),
        ("吊销未注销", "REVOKED_NOT_DEREGISTERED"),
        ("歇业", "SUSPENDED"),
        ("清算中", None),
    ],
)
def test_several_words_stand_for_one_status(word: str, value: str | None) -> None:
    """A new word stands for none."""
    assert find_value(ENTITY_STATUS, word, on=None) == value


@pytest.mark.parametrize(
    ("on", "value"),
    [
        (date(2021, 10, 31), None),
        (date(2021, 11, 1), "REGULAR"),
        (date(2026, 3, 31), "REGULAR"),
        (date(2026, 4, 1), None),
        (None, "REGULAR"),
    ],
)
def test_a_code_is_read_under_the_scheme_of_its_day(on: date | None, value: str | None) -> None:
    """`其他` was a customs grade from November 2021 to March 2026."""
    assert find_value(CUSTOMS_CREDIT, "其他", on=on) == value


def test_every_low_grade_is_a_grade() -> None:
    """One per scheme."""
    known = {(row.scheme, row.value) for row in PUBLIC_CREDIT_GRADE}

    assert known >= LOW_GRADES
    assert {scheme for scheme, _ in LOW_GRADES} == {row.scheme for row in PUBLIC_CREDIT_GRADE}


def test_01_is_before_the_loan_for_an_enterprise_and_after_it_for_a_person() -> None:
    """Two tables, never one."""
    enterprise = {row.value: row.zh for row in ENTERPRISE_REASON}
    personal = {row.value: row.zh for row in PERSONAL_REASON}

    assert (enterprise["01"], personal["01"]) == ("贷前(保前)审查", "贷后管理")


def test_each_purpose_names_its_reason_and_requirement() -> None:
    """The reason is the one that the enterprise table maps back."""
    reasons = {row.value: row.en for row in ENTERPRISE_REASON}

    assert {row.purpose for row in PURPOSES} == set(Purpose)
    for row in PURPOSES:
        assert row.enterprise_code is None or reasons[row.enterprise_code] == row.purpose
