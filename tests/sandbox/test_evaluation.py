"""The evaluation: what is on record costs points, and nothing else does."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from creditsandbox.province.codes import Category, Finality, Severity, Status
from creditsandbox.province.evaluation import (
    MODELS,
    Evaluation,
    EvaluationModel,
    evaluate,
    find_model,
)
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.indexes import INDEXES
from creditsandbox.province.model import Enterprise, Penalty
from creditsandbox.province.population import Province
from creditsandbox.province.portrait import draw_portrait

TODAY = date(2026, 11, 21)


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


def score(enterprise: Enterprise) -> Decimal:
    """Return the score that an enterprise has today."""
    made = evaluate(enterprise, on=TODAY)
    assert made is not None
    return made.score


def with_penalty(**changes: object) -> Enterprise:
    """Return the clean enterprise with one penalty of a year's publication, changed."""
    template = fixed(Outcome.SERIOUS_LIST).penalties[0]
    plain = msgspec.structs.replace(template, key_areas=(), severity=Severity.GENERAL)
    penalty: Penalty = msgspec.structs.replace(plain, **changes)
    return msgspec.structs.replace(fixed(Outcome.NOTHING_ADVERSE), penalties=(penalty,))


def test_a_clean_enterprise_loses_only_what_no_record_explains() -> None:
    """245 of 250 points of social responsibility, all others in full: 995, EXCELLENT."""
    made = evaluate(fixed(Outcome.NOTHING_ADVERSE), on=TODAY)

    assert isinstance(made, Evaluation)
    assert (made.score, made.grade_code, made.model_version) == (
        Decimal(995),
        "EXCELLENT",
        "SBX-2026.1",
    )
    assert made.evaluated_on == date(2026, 11, 1)
    assert sum(row.max_score for row in made.dimensions) == made.max_score == Decimal(1000)


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({}, 30),
        ({"severity": Severity.SERIOUS}, 90),
        ({"severity": Severity.MINOR}, 5),
        ({"key_areas": ("WORK_SAFETY",)}, 50),
        ({"finality": Finality.APPEAL_OPEN}, 0),
        ({"repaired_on": TODAY - timedelta(days=30)}, 0),
        ({"publicity_ends_on": date(2026, 11, 1)}, 0),
        ({"decided_on": date(2026, 11, 2)}, 30),
        ({"decided_on": date(2026, 11, 22)}, 0),
        ({"final_on": date(2026, 11, 22)}, 0),
        ({"repaired_on": TODAY + timedelta(days=1)}, 30),
    ],
)
def test_a_penalty_costs_points_only_while_it_counts(changes: dict[str, object], lost: int) -> None:
    """Final, not repaired, published and decided by then: else it costs nothing."""
    clean = score(fixed(Outcome.NOTHING_ADVERSE))

    assert clean - score(with_penalty(**changes)) == lost


def test_a_listing_costs_until_its_removal() -> None:
    """An entry costs 30 and 180 points; a removed one nothing."""
    clean, listed = fixed(Outcome.NOTHING_ADVERSE), fixed(Outcome.SERIOUS_LIST)
    (entry,) = listed.listings
    removed = msgspec.structs.replace(entry, removed_on=date(2026, 10, 1))

    on_list = msgspec.structs.replace(clean, listings=(entry,))
    off_list = msgspec.structs.replace(clean, listings=(removed,))

    assert score(clean) - score(on_list) == 210
    assert score(clean) == score(off_list)


def test_arrears_and_suspension_cost_points() -> None:
    """Owed taxes cost 60 points, a suspended business 40."""
    clean = fixed(Outcome.NOTHING_ADVERSE)
    owing = msgspec.structs.replace(clean, tax_arrears=Decimal(1))
    asleep = msgspec.structs.replace(
        clean,
        registration=msgspec.structs.replace(clean.registration, status=Status.SUSPENDED),
    )

    assert score(clean) - score(owing) == 60
    assert score(clean) - score(asleep) == 40


def test_no_item_falls_below_zero() -> None:
    """Ten serious penalties take all 205 points of their item, and no more."""
    penalty = with_penalty(severity=Severity.SERIOUS).penalties[0]
    worst = msgspec.structs.replace(fixed(Outcome.NOTHING_ADVERSE), penalties=(penalty,) * 10)

    made = evaluate(worst, on=TODAY)

    assert made is not None
    assert made.score == Decimal(995 - 205)
    item = next(row for row in made.contributions if row.item == "PENALTIES")
    assert [deduction.points for deduction in item.deductions] == [90, 90, 25]


def test_who_is_not_evaluated() -> None:
    """The dissolved, organs of government and those under a year old have no evaluation."""
    clean = fixed(Outcome.NOTHING_ADVERSE)
    young = msgspec.structs.replace(clean.entity, established_on=TODAY - timedelta(days=200))
    organ = msgspec.structs.replace(clean.entity, category=Category.GOV_AGENCY)

    assert evaluate(fixed(Outcome.DISSOLVED), on=TODAY) is None
    assert evaluate(msgspec.structs.replace(clean, entity=young), on=TODAY) is None
    assert evaluate(msgspec.structs.replace(clean, entity=organ), on=TODAY) is None


def test_abnormality_judgments_tax_grade_and_insurance_cost_points() -> None:
    """SERIOUS_LIST: listed 210, a penalty 30 and its area 20, abnormal 10, a judgment 25, D 30."""
    made = evaluate(fixed(Outcome.SERIOUS_LIST), on=TODAY)

    assert made is not None
    lost = {row.item: row.max_points - row.points for row in made.contributions if row.deductions}
    assert lost == {
        "LISTED_BASIC": 30,
        "ABNORMAL": 10,
        "JUDGMENTS": 25,
        "TAX_GRADE": 30,
        "KEY_AREA": 20,
        "LISTED": 180,
        "PENALTIES": 30,
        "ASSESSMENT": 100,
    }
    assert (made.score, made.grade_code) == (Decimal(575), "MEDIUM")


@pytest.mark.parametrize("day", [TODAY, date(2026, 2, 3), date(2025, 6, 30), date(2027, 3, 31)])
def test_the_score_is_the_sum_of_its_contributions(day: date) -> None:
    """For two hundred entities: items add up to dimensions, those to the score."""
    province = Province(size=200)
    for uscc in province.list_codes():
        each = province.find_enterprise(uscc, on=day)
        made = None if each is None else evaluate(each, on=day)
        if made is None:
            continue
        assert made.score == sum(row.points for row in made.contributions)
        assert made.score == sum(row.score for row in made.dimensions)
        assert made.max_score == sum(row.max_points for row in made.contributions) == 1000
        assert day.replace(day=1) <= made.evaluated_on <= day
        for row in made.contributions:
            assert row.max_points - row.points == sum(x.points for x in row.deductions)
            assert all(x.points > 0 and x.since <= made.evaluated_on for x in row.deductions)


def test_an_evaluation_is_made_anew_when_a_record_changes() -> None:
    """The day before the repair: 30 points less, of the month's first; on it: of that very day."""
    repaired = with_penalty(repaired_on=date(2026, 11, 10))

    before, after = (evaluate(repaired, on=date(2026, 11, day)) for day in (9, 10))

    assert before is not None
    assert after is not None
    assert (before.evaluated_on, after.evaluated_on) == (date(2026, 11, 1), date(2026, 11, 10))
    assert after.score - before.score == 30
    assert after.input_digest != before.input_digest


def test_the_digest_is_that_of_what_was_looked_at() -> None:
    """Alike for the same records on two days of a month; it has 64 hexadecimal digits."""
    clean = fixed(Outcome.NOTHING_ADVERSE)

    first, second = (evaluate(clean, on=date(2026, 11, day)) for day in (2, 21))

    assert first is not None
    assert first == second
    assert len(first.input_digest) == 64


def test_the_model_is_that_of_the_day() -> None:
    """Until the end of 2025 an older one, with other weights; before 2018 none."""
    days = (date(2025, 12, 31), date(2026, 1, 1))
    models = [find_model(day) for day in days]

    assert [model.model_version if model else None for model in models] == [
        "SBX-2025.1",
        "SBX-2026.1",
    ]
    assert find_model(date(2017, 12, 31)) is None
    assert evaluate(fixed(Outcome.NOTHING_ADVERSE), on=date(2017, 12, 31)) is None


@pytest.mark.parametrize("model", MODELS.models, ids=lambda model: model.model_version)
def test_a_model_adds_up_and_is_marked_illustrative(model: EvaluationModel) -> None:
    """Items make dimensions, those a thousand; each item's index is defined; the name is SBX-."""
    assert MODELS.certainty == "illustrative"
    assert model.model_version.startswith("SBX-")
    assert sum(row.max for row in model.dimensions) == model.max_score == 1000
    for row in model.dimensions:
        assert row.max == sum(item.max for item in model.items if item.dimension == row.code)
    assert {item.index_id for item in model.items} <= {index.index_id for index in INDEXES}
    assert [row.least for row in model.grades] == sorted(
        (row.least for row in model.grades), reverse=True
    )


def test_a_portrait_says_why_the_score_is_what_it_is() -> None:
    """The lines name the records, those repaired and removed too, and each dimension."""
    lines = draw_portrait(fixed(Outcome.FOUND), on=TODAY)

    assert "91330100YY0000A13Y" in lines
    assert "repaired 2026-09-02" in lines
    assert "WAGE_ARREARS, removed 2026-04-05" in lines
    assert "SBX-2026.1: 605 of 1000, MEDIUM" in lines
    assert "COMPLIANCE" in lines


def test_a_portrait_of_the_dissolved_has_no_score() -> None:
    """Who is not evaluated is said not to be."""
    assert draw_portrait(fixed(Outcome.DISSOLVED), on=TODAY).endswith("  not evaluated\n")
