"""The evaluation: what is on record costs points, and nothing else does."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from creditsandbox.province.codes import Category, Finality, Severity, Status
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.model import Enterprise, Evaluation, Penalty
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
        ({"decided_on": date(2026, 11, 2)}, 0),
    ],
)
def test_a_penalty_costs_points_only_while_it_counts(changes: dict[str, object], lost: int) -> None:
    """Final, not repaired, published and decided before the month: else it costs nothing."""
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


def test_no_dimension_falls_below_zero() -> None:
    """Ten serious penalties take all of compliance, and no more."""
    penalty = with_penalty(severity=Severity.SERIOUS).penalties[0]
    worst = msgspec.structs.replace(fixed(Outcome.NOTHING_ADVERSE), penalties=(penalty,) * 10)

    assert score(worst) == Decimal(995 - 385)


def test_who_is_not_evaluated() -> None:
    """The dissolved, organs of government and those under a year old have no evaluation."""
    clean = fixed(Outcome.NOTHING_ADVERSE)
    young = msgspec.structs.replace(clean.entity, established_on=TODAY - timedelta(days=200))
    organ = msgspec.structs.replace(clean.entity, category=Category.GOV_AGENCY)

    assert evaluate(fixed(Outcome.DISSOLVED), on=TODAY) is None
    assert evaluate(msgspec.structs.replace(clean, entity=young), on=TODAY) is None
    assert evaluate(msgspec.structs.replace(clean, entity=organ), on=TODAY) is None


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
