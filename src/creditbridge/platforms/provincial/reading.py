"""Codes and money as the provincial platform writes them, read by our tables. Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from creditbridge.platforms.provincial.schema import TheirMoney
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import QualityCode
from creditbridge.profile.sections.abnormalities import AbnormalityReason
from creditbridge.profile.sections.insurance import PaidState
from creditbridge.profile.sections.judgments import Performance
from creditbridge.profile.sections.licences import LicenceCategory
from creditbridge.profile.sections.listings import ListType
from creditbridge.profile.sections.penalties import PenaltyKind
from creditbridge.profile.sections.persons import PersonMeasure
from creditbridge.profile.sections.registration import EntityStatus
from creditbridge.profile.sections.taxes import TaxGrade
from creditbridge.profile.tables.entities import ENTITY_STATUS, LICENCE_CATEGORY
from creditbridge.profile.tables.extents import PERSON_MEASURE
from creditbridge.profile.tables.grades import TAX_CREDIT
from creditbridge.profile.tables.records import (
    ABNORMALITY_REASON,
    LIST_TYPE,
    PAID_STATE,
    PENALTY_KIND,
    PERFORMANCE,
)
from creditbridge.profile.tables.row import CodeRow, find_value

Coded = TypeVar(
    "Coded",
    EntityStatus,
    PenaltyKind,
    ListType,
    LicenceCategory,
    AbnormalityReason,
    Performance,
    PaidState,
    TaxGrade,
    PersonMeasure,
)

# The field that a code stands in, and the table that it is read by.
CODE_ROWS: Mapping[type[StrEnum], tuple[str, tuple[CodeRow, ...]]] = {
    EntityStatus: ("status", ENTITY_STATUS),
    PenaltyKind: ("kinds", PENALTY_KIND),
    ListType: ("list_type", LIST_TYPE),
    LicenceCategory: ("category", LICENCE_CATEGORY),
    AbnormalityReason: ("reason", ABNORMALITY_REASON),
    Performance: ("performance", PERFORMANCE),
    PaidState: ("paid_state", PAID_STATE),
    TaxGrade: ("grade", TAX_CREDIT),
    PersonMeasure: ("measure", PERSON_MEASURE),
}


def read_code(kind: type[Coded], text: str, *, on: date | None, reader: FieldReader) -> Coded:
    """Return the code that a word stands for on a day; a new word is OTHER, and noted."""
    field, rows = CODE_ROWS[kind]
    value = find_value(rows, text.strip(), on=on)
    if value is None:
        reader.note(QualityCode.UNKNOWN_CODE, field)
        # By its name: OTHER has a number of its own in the table of licences.
        return kind["OTHER"]
    return kind(value)


def read_money(field: str, theirs: TheirMoney | None, reader: FieldReader) -> Amount | None:
    """Return an amount in our unit; None where the feed gives none."""
    if theirs is None:
        return None
    return reader.amount(field, theirs.amount, unit=theirs.unit, currency=theirs.currency)
