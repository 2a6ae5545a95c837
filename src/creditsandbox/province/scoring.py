"""What costs points: each rule finds its causes in a file, an item prices them. Pure.

An item begins with its full points and loses, cause by cause, what its row says, never more than
it has: so the score is the sum of what the items keep, and every lost point names a record.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from creditsandbox.province.codes import Finality, JudgmentKind, PaidState, Status
from creditsandbox.province.lifecycle import is_past
from creditsandbox.province.model import Enterprise, Penalty

EACH = "EACH"
SOCIAL_MAX = 250
INSURANCE_MONTHS = 6


class Rule(StrEnum):
    """Where an item finds its causes."""

    NOT_ACTIVE = "NOT_ACTIVE"
    LISTED = "LISTED"
    ABNORMAL = "ABNORMAL"
    ARREARS = "ARREARS"
    UNFULFILLED = "UNFULFILLED"
    TAX_GRADE = "TAX_GRADE"
    INSURANCE_OWED = "INSURANCE_OWED"
    KEY_AREA = "KEY_AREA"
    PENALTIES = "PENALTIES"
    ASSESSMENT = "ASSESSMENT"


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a model: dimension, index, rule, and the price of each kind of cause."""

    code: str
    name: str
    dimension: str
    index_id: str
    max: int
    rule: Rule
    points: dict[str, int]


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A record that costs points; `kind` is what prices it, `share` of 250 where it has none."""

    record: str
    since: date
    kind: str = EACH
    lost_of_250: int | None = None


class Deduction(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a record took from an item."""

    record: str
    since: date
    points: int


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What an item gives to the score: its full points less its deductions."""

    item: str
    name: str
    dimension: str
    index_id: str
    points: int
    max_points: int
    deductions: tuple[Deduction, ...]


def score_item(row: ItemRow, enterprise: Enterprise, *, on: date) -> Contribution:
    """Return what an item gives on a day."""
    left = row.max
    deductions: list[Deduction] = []
    for cause in _RULES[row.rule](enterprise, on):
        lost = min(left, price(row, cause))
        if lost:
            left -= lost
            deductions.append(Deduction(record=cause.record, since=cause.since, points=lost))
    return Contribution(
        item=row.code,
        name=row.name,
        dimension=row.dimension,
        index_id=row.index_id,
        points=left,
        max_points=row.max,
        deductions=tuple(deductions),
    )


def price(row: ItemRow, cause: Cause) -> int:
    """Return what a cause costs in an item; a kind without a price costs nothing."""
    if cause.lost_of_250 is not None:
        return row.max * cause.lost_of_250 // SOCIAL_MAX
    return row.points.get(cause.kind, 0)


def counts(penalty: Penalty, *, on: date) -> bool:
    """Tell whether a penalty costs points: final, not repaired, still published."""
    return (
        penalty.finality is Finality.FINAL
        and (penalty.final_on or penalty.decided_on) <= on < penalty.publicity_ends_on
        and not is_past(penalty.repaired_on, on=on)
    )


def _not_active(enterprise: Enterprise, _on: date) -> Iterator[Cause]:
    held = enterprise.registration
    if held.status is not Status.ACTIVE:
        yield Cause(record=held.registration_no, since=held.status_since or held.approved_on)


def _listed(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    for entry in enterprise.listings:
        if entry.included_on <= on and not is_past(entry.removed_on, on=on):
            yield Cause(record=entry.decision_no, since=entry.included_on)


def _abnormal(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    for entry in enterprise.abnormalities:
        if entry.included_on <= on and not is_past(entry.removed_on, on=on):
            yield Cause(record=entry.decision_no, since=entry.included_on)


def _arrears(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    if enterprise.tax_arrears:
        yield Cause(record=f"{enterprise.tax_arrears:f} 元", since=date(on.year, 1, 1))


def _unfulfilled(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    for judgment in enterprise.judgments:
        stands = judgment.published_on <= on and not is_past(judgment.removed_on, on=on)
        # A defaulter is priced as listed: the same matter costs once.
        if stands and judgment.kind is JudgmentKind.UNFULFILLED:
            yield Cause(record=judgment.case_no, since=judgment.published_on)


def _tax_grade(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    years = enterprise.tax.years if enterprise.tax else ()
    newest = next((row for row in years if row.evaluated_on <= on), None)
    if newest is not None:
        yield Cause(
            record=f"{newest.year} {newest.grade}", since=newest.evaluated_on, kind=newest.grade
        )


def _insurance_owed(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    months = enterprise.insurance.months if enterprise.insurance else ()
    received = [month for month in months if month.received_on <= on][:INSURANCE_MONTHS]
    for month in received:
        if month.state is PaidState.OWED:
            yield Cause(record=f"{month.year}-{month.month:02d}", since=month.received_on)


def _key_area(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    for penalty in enterprise.penalties:
        if penalty.key_areas and counts(penalty, on=on):
            yield Cause(record=penalty.document_no, since=penalty.decided_on)


def _penalties(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    for penalty in enterprise.penalties:
        if counts(penalty, on=on):
            yield Cause(record=penalty.document_no, since=penalty.decided_on, kind=penalty.severity)


def _assessment(enterprise: Enterprise, on: date) -> Iterator[Cause]:
    yield Cause(
        record="assessment", since=date(on.year, 1, 1), lost_of_250=SOCIAL_MAX - enterprise.social
    )


_RULES: Mapping[Rule, Callable[[Enterprise, date], Iterator[Cause]]] = {
    Rule.NOT_ACTIVE: _not_active,
    Rule.LISTED: _listed,
    Rule.ABNORMAL: _abnormal,
    Rule.ARREARS: _arrears,
    Rule.UNFULFILLED: _unfulfilled,
    Rule.TAX_GRADE: _tax_grade,
    Rule.INSURANCE_OWED: _insurance_owed,
    Rule.KEY_AREA: _key_area,
    Rule.PENALTIES: _penalties,
    Rule.ASSESSMENT: _assessment,
}
