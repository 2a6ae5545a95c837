"""EVA: public credit evaluations. The gateway never computes or converts a grade."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import (
    Finding,
    FlagRule,
    SectionDefinition,
    show_as_is,
    stands_for_itself,
)
from creditbridge.profile.tables.grades import LOW_GRADES, PUBLIC_CREDIT_GRADE
from creditbridge.protocols.uscc import EntityCategory

KNOWN_GRADES = frozenset((row.scheme, row.value) for row in PUBLIC_CREDIT_GRADE)
# OTHER bodies are accepted but not scored: no evaluation model exists for them.
SCORED = frozenset(EntityCategory) - {EntityCategory.OTHER}


class DimensionScore(msgspec.Struct, frozen=True, kw_only=True):
    """The score in one dimension of the model."""

    code: str
    score: Decimal | None
    max_score: Decimal | None


class Evaluation(RecordBase, frozen=True, kw_only=True, tag="EVALUATION"):
    """One evaluation under one model; the grade is the source's own, in its own scheme."""

    scheme: str
    model_version: str
    score: Decimal | None
    max_score: Decimal | None
    grade_code: str | None
    grade_name: str | None
    evaluated_at: date | None
    dimensions: tuple[DimensionScore, ...]


def judge_low(records: Sequence[RecordBase], today: date, _policy: Policy) -> Finding:
    """Raise where a scheme's latest grade is one that the scheme itself calls low.

    A score without a grade, or a grade of a scheme that no table holds, says nothing either way.
    """
    latest = _latest_by_scheme(
        [record for record in records if isinstance(record, Evaluation)], today
    )
    low = [each for each in latest if (each.scheme, each.grade_code) in LOW_GRADES]
    if low:
        return Finding(state=FlagState.RAISED, evidence=tuple(low))
    is_known = all((each.scheme, each.grade_code) in KNOWN_GRADES for each in latest)
    return Finding(state=FlagState.CLEAR if is_known else FlagState.INDETERMINATE)


def _latest_by_scheme(records: Sequence[Evaluation], today: date) -> list[Evaluation]:
    latest: dict[str, Evaluation] = {}
    # Without a day it cannot be shown to be the newer one, so it comes first and is passed.
    for record in sorted(records, key=lambda each: each.evaluated_at or date.min):
        # An expired grade says nothing about today; an older one that still holds does.
        if record.valid_until is None or today < record.valid_until:
            latest[record.scheme] = record
    return list(latest.values())


EVALUATIONS = SectionDefinition(
    code=SectionCode.EVA,
    title_zh="公共信用评价",
    title_en="public credit evaluation",
    data_class=DataClass.QUERY,
    age_max=timedelta(days=30),
    show=show_as_is,
    identify=stands_for_itself,
    applies_to=SCORED,
    flags=(FlagRule(code=FlagCode.EVA_LOW, level=FlagLevel.WATCH, judge=judge_low),),
)
