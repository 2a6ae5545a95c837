"""The public credit evaluation: points lost for what is on record. Illustrative, named SBX-.

The sandbox's cuts are not the province's. An evaluation is made on the first day of a month.
"""

from datetime import date, timedelta
from decimal import Decimal

from creditsandbox.province.codes import Category, Finality, Severity, Status
from creditsandbox.province.model import DimensionScore, Enterprise, Evaluation, Penalty
from creditsandbox.province.tables import EVALUATION

VALID_DAYS = 366
ARREARS_POINTS = 60
NOT_ACTIVE_POINTS = 40
LISTED_BASIC_POINTS = 30
LISTED_POINTS = 180
KEY_AREA_POINTS = 20  # Safety, environment, food: they weigh on governance too.
PENALTY_POINTS = {Severity.MINOR: 5, Severity.GENERAL: 30, Severity.SERIOUS: 90}


def evaluate(enterprise: Enterprise, *, on: date) -> Evaluation | None:
    """Return the evaluation of the month; None for organs, the dissolved and the very young."""
    evaluated_on = on.replace(day=1)
    if not is_evaluated(enterprise, on=evaluated_on):
        return None
    scores = score_dimensions(enterprise, on=evaluated_on)
    # The grade follows from the sum, never from a single dimension.
    total = sum((row.score for row in scores), Decimal(0))
    grade = next(row for row in EVALUATION.grades if total >= row.least)
    return Evaluation(
        model_version=EVALUATION.model_version,
        grade_scheme=EVALUATION.grade_scheme,
        score=total,
        max_score=Decimal(EVALUATION.max_score),
        grade_code=grade.code,
        grade_name=grade.name,
        evaluated_on=evaluated_on,
        valid_until=evaluated_on + timedelta(days=VALID_DAYS),
        dimensions=scores,
    )


def is_evaluated(enterprise: Enterprise, *, on: date) -> bool:
    """Tell whether the model speaks about this entity on this day."""
    age = on - enterprise.entity.established_on
    return (
        enterprise.entity.category is not Category.GOV_AGENCY
        and enterprise.registration.status in (Status.ACTIVE, Status.SUSPENDED)
        and age >= timedelta(days=EVALUATION.least_age_days)
    )


def score_dimensions(enterprise: Enterprise, *, on: date) -> tuple[DimensionScore, ...]:
    """Return the points of each dimension, none below zero."""
    lost = points_lost(enterprise, on=on)
    return tuple(
        DimensionScore(
            code=row.code,
            name=row.name,
            score=Decimal(max(0, row.max - lost[row.code])),
            max_score=Decimal(row.max),
        )
        for row in EVALUATION.dimensions
    )


def points_lost(enterprise: Enterprise, *, on: date) -> dict[str, int]:
    """Return the points that records cost, by dimension."""
    counted = [penalty for penalty in enterprise.penalties if counts(penalty, on=on)]
    listed = sum(
        entry.included_on <= on and entry.removed_on is None for entry in enterprise.listings
    )
    suspended = enterprise.registration.status is not Status.ACTIVE
    social_max = next(
        row.max for row in EVALUATION.dimensions if row.code == "SOCIAL_RESPONSIBILITY"
    )
    return {
        "BASIC": NOT_ACTIVE_POINTS * suspended + LISTED_BASIC_POINTS * listed,
        "FINANCE_TAX": ARREARS_POINTS * bool(enterprise.tax_arrears),
        "GOVERNANCE": KEY_AREA_POINTS * sum(bool(penalty.key_areas) for penalty in counted),
        "COMPLIANCE": LISTED_POINTS * listed
        + sum(PENALTY_POINTS[penalty.severity] for penalty in counted),
        "SOCIAL_RESPONSIBILITY": social_max - enterprise.social,
    }


def counts(penalty: Penalty, *, on: date) -> bool:
    """Tell whether a penalty costs points: final, not repaired, still published."""
    return (
        penalty.finality is Finality.FINAL
        and penalty.repaired_on is None
        and penalty.decided_on <= on < penalty.publicity_ends_on
    )
