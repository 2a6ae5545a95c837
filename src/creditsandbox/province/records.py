"""What departments hold of an entity beside registration, penalties and lists; amounts in 元."""

from datetime import date
from decimal import Decimal

import msgspec

from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import (
    AbnormalityReason,
    Change,
    JudgmentKind,
    LicenceCategory,
    LicenceState,
    PaidState,
    Performance,
    TaxGrade,
)


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the registration (section CHG)."""

    item: Change
    before: str
    after: str
    changed_on: date
    authority: Department


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """A licence as it was granted (section LIC); `valid_to` is its last day, if any."""

    document_no: str
    certificate_no: str
    document_name: str
    category: LicenceCategory
    content: str
    decided_on: date
    valid_from: date
    valid_to: date | None
    revoked_on: date | None
    authority: Department

    def state_on(self, day: date) -> LicenceState:
        """Tell how the licence stands on a day."""
        if self.revoked_on is not None and self.revoked_on <= day:
            return LicenceState.REVOKED
        if self.valid_to is not None and self.valid_to < day:
            return LicenceState.EXPIRED
        return LicenceState.VALID


class Abnormality(msgspec.Struct, frozen=True, kw_only=True):
    """An entry among the abnormal (section ABN); active while `removed_on` is None.

    Sole proprietors have a mark in place of an entry: `is_mark`.
    """

    decision_no: str
    reason: AbnormalityReason
    included_on: date
    authority: Department
    is_mark: bool = False
    removed_on: date | None = None
    remove_reason: str | None = None


class Judgment(msgspec.Struct, frozen=True, kw_only=True):
    """A judgment that was not performed when it was due (section JUD)."""

    kind: JudgmentKind
    case_no: str
    court: str
    authority: Department
    cause: str
    filed_on: date
    published_on: date
    amount: Decimal
    unperformed: Decimal
    performance: Performance
    duty: str | None = None
    conduct: str | None = None  # of a defaulter: how it evaded
    fulfilled_on: date | None = None
    removed_on: date | None = None


class TaxYear(msgspec.Struct, frozen=True, kw_only=True):
    """A taxpayer's grade of a year, made in the spring that follows, under that day's scheme."""

    year: int
    scheme: str
    grade: TaxGrade
    evaluated_on: date


class TaxArrears(msgspec.Struct, frozen=True, kw_only=True):
    """What of a tax is owed."""

    tax_type: str
    balance: Decimal
    announced_on: date


class TaxNonNormal(msgspec.Struct, frozen=True, kw_only=True):
    """A taxpayer who could not be reached; non-normal while `released_on` is None."""

    recognised_on: date
    released_on: date | None


class TaxPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for a quarter; commercial, so never public."""

    item: str
    period_from: date
    period_to: date
    amount: Decimal
    paid_on: date


class TaxFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the tax office holds (section TAX), the newest first."""

    authority: Department
    years: tuple[TaxYear, ...] = ()
    arrears: tuple[TaxArrears, ...] = ()
    non_normal: tuple[TaxNonNormal, ...] = ()
    payments: tuple[TaxPayment, ...] = ()


class InsuranceMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month of social insurance and housing fund (section SOC); the fund may know nothing."""

    year: int
    month: int
    insured: int
    state: PaidState
    received_on: date
    fund_persons: int | None
    fund_amount: Decimal | None


class InsuranceFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the labour office and the housing fund hold, the newest month first."""

    authority: Department
    months: tuple[InsuranceMonth, ...] = ()
