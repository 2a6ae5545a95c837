"""The public credit evaluation, by versioned models that stand beside the code as data.

Illustrative and named SBX-: neither weights nor cuts are the province's. An evaluation is made on
the first day of each month, and anew on each day on which something that it looks at changes.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import msgspec

from creditsandbox.province.codes import Category, Status
from creditsandbox.province.model import Enterprise
from creditsandbox.province.scoring import Contribution, ItemRow, score_item
from creditsandbox.province.tables import read_table

VALID_DAYS = 366
_ENCODER = msgspec.json.Encoder(order="deterministic")


class DimensionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dimension of a model."""

    code: str
    name: str
    max: int


class GradeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A grade, given from `least` points on."""

    code: str
    name: str
    least: int


class EvaluationModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model, valid from one day through another; grades stand from the best down."""

    model_version: str
    standard: str
    grade_scheme: str
    max_score: int
    least_age_days: int  # who is younger is not evaluated
    categories: frozenset[Category]
    published_on: date
    valid_from: date
    valid_to: date | None
    dimensions: tuple[DimensionRow, ...]
    items: tuple[ItemRow, ...]
    grades: tuple[GradeRow, ...]


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """Every model, the oldest first, and how sure their figures are."""

    note: str
    certainty: str
    models: tuple[EvaluationModel, ...]


class DimensionScore(msgspec.Struct, frozen=True, kw_only=True):
    """What one dimension gives to an evaluation."""

    code: str
    name: str
    score: Decimal
    max_score: Decimal


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation: the score, what it is made of, and a digest of what it was made from."""

    model_version: str
    grade_scheme: str
    score: Decimal
    max_score: Decimal
    grade_code: str
    grade_name: str
    evaluated_on: date
    valid_until: date
    dimensions: tuple[DimensionScore, ...]
    contributions: tuple[Contribution, ...]
    input_digest: str  # SHA-256 in hex, of the model's version, the code and the contributions


MODELS = read_table("evaluation.json", Models)


def find_model(on: date) -> EvaluationModel | None:
    """Return the model that is valid on a day."""
    return next(
        (
            model
            for model in MODELS.models
            if model.valid_from <= on <= (model.valid_to or date.max)
        ),
        None,
    )


def evaluate(enterprise: Enterprise, *, on: date) -> Evaluation | None:
    """Return the evaluation in force on a day; None for whom no model speaks about."""
    evaluated_on = last_change(enterprise, on=on)
    model = find_model(evaluated_on)
    if model is None or not is_evaluated(enterprise, model, on=evaluated_on):
        return None
    contributions = tuple(score_item(row, enterprise, on=evaluated_on) for row in model.items)
    # The grade follows from the sum, never from a single dimension.
    total = sum(row.points for row in contributions)
    grade = next(row for row in model.grades if total >= row.least)
    return Evaluation(
        model_version=model.model_version,
        grade_scheme=model.grade_scheme,
        score=Decimal(total),
        max_score=Decimal(model.max_score),
        grade_code=grade.code,
        grade_name=grade.name,
        evaluated_on=evaluated_on,
        valid_until=evaluated_on + timedelta(days=VALID_DAYS),
        dimensions=tuple(sum_dimension(row, contributions) for row in model.dimensions),
        contributions=contributions,
        input_digest=digest(model, enterprise.entity.uscc, contributions),
    )


def sum_dimension(row: DimensionRow, contributions: tuple[Contribution, ...]) -> DimensionScore:
    """Return the sum of the items of a dimension."""
    points = (each.points for each in contributions if each.dimension == row.code)
    return DimensionScore(
        code=row.code, name=row.name, score=Decimal(sum(points)), max_score=Decimal(row.max)
    )


def digest(model: EvaluationModel, uscc: str, contributions: tuple[Contribution, ...]) -> str:
    """Return the digest that tells two evaluations apart that were made from other records."""
    return sha256(_ENCODER.encode((model.model_version, uscc, contributions))).hexdigest()


def is_evaluated(enterprise: Enterprise, model: EvaluationModel, *, on: date) -> bool:
    """Tell whether a model speaks about this entity on this day."""
    age = on - enterprise.entity.established_on
    return (
        enterprise.entity.category in model.categories
        and enterprise.registration.status in (Status.ACTIVE, Status.SUSPENDED)
        and age >= timedelta(days=model.least_age_days)
    )


def last_change(enterprise: Enterprise, *, on: date) -> date:
    """Return the last day until a day on which something changed, or the first of its month."""
    changes = (day for day in list_changes(enterprise) if day <= on)
    return max((on.replace(day=1), *changes))


def list_changes(enterprise: Enterprise) -> Iterator[date]:
    """Yield every day on which something that an evaluation looks at changes."""
    pairs: list[tuple[date | None, date | None]] = [(enterprise.registration.status_since, None)]
    pairs += [(each.final_on or each.decided_on, each.repaired_on) for each in enterprise.penalties]
    pairs += [(each.publicity_ends_on, None) for each in enterprise.penalties]
    pairs += [(each.included_on, each.removed_on) for each in enterprise.listings]
    pairs += [(each.included_on, each.removed_on) for each in enterprise.abnormalities]
    pairs += [(each.published_on, each.removed_on) for each in enterprise.judgments]
    yield from (day for pair in pairs for day in pair if day is not None)
    yield from _list_received(enterprise)


def _list_received(enterprise: Enterprise) -> Iterator[date]:
    if enterprise.tax is not None:
        yield from (row.evaluated_on for row in enterprise.tax.years)
    if enterprise.insurance is not None:
        yield from (month.received_on for month in enterprise.insurance.months)
