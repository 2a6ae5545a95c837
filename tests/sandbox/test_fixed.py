"""The fixed enterprises: one per outcome, each what it says."""

from datetime import date

import pytest

from creditbridge.protocols.uscc import parse_uscc
from creditsandbox.province.codes import Finality, Status
from creditsandbox.province.fixed import Outcome, build_fixed, find_outcome, list_fixed
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province

DAYS = [date(2026, 1, 1), date(2026, 11, 21), date(2030, 2, 28)]


def find(outcome: Outcome, on: date) -> Enterprise:
    """Return the file of a fixed enterprise on a day."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    found = Province(size=0).find_enterprise(uscc, on=on)
    assert found is not None
    return found


def test_every_outcome_has_one_enterprise_with_a_valid_code() -> None:
    """Fourteen outcomes, fourteen codes, fourteen log-ins."""
    fixed = list_fixed()

    assert [each.outcome for each in fixed] == list(Outcome)
    assert len({each.login_name for each in fixed}) == 14
    assert all(parse_uscc(each.uscc).warnings == () for each in fixed)
    assert all(find_outcome(each.uscc) is each.outcome for each in fixed)


def test_the_first_has_the_code_of_the_domains_page() -> None:
    """The enterprise with everything on record is 91330100YY0000A13Y."""
    assert list_fixed()[0].uscc == "91330100YY0000A13Y"


def test_the_unknown_enterprise_is_nowhere() -> None:
    """NOT_FOUND has a representative who can sign in, and no file."""
    unknown = next(each for each in list_fixed() if each.outcome is Outcome.NOT_FOUND)

    assert Province().find_enterprise(unknown.uscc, on=DAYS[0]) is None
    assert unknown.uscc not in build_fixed(DAYS[0])


@pytest.mark.parametrize("on", DAYS)
def test_outcomes_do_not_age(on: date) -> None:
    """In any year: a fresh serious penalty, an open appeal, a repaired one, a present listing."""
    found = find(Outcome.FOUND, on)

    ages = {(on - penalty.decided_on).days for penalty in found.penalties}
    assert min(ages) < 60
    assert max(ages) < 365
    assert {penalty.finality for penalty in found.penalties} == {
        Finality.FINAL,
        Finality.APPEAL_OPEN,
    }
    assert any(penalty.repaired_on for penalty in found.penalties)
    assert {entry.removed_on is None for entry in found.listings} == {True, False}


@pytest.mark.parametrize("on", DAYS)
def test_each_enterprise_is_what_its_outcome_says(on: date) -> None:
    """Clean, listed, dissolved, repaired: the file shows it."""
    clean = find(Outcome.NOTHING_ADVERSE, on)
    repaired = find(Outcome.REPAIRED, on)

    assert (clean.penalties, clean.listings) == ((), ())
    assert clean.registration.status is Status.ACTIVE
    assert find(Outcome.SERIOUS_LIST, on).listings[0].removed_on is None
    assert find(Outcome.DISSOLVED, on).registration.status is Status.DEREGISTERED
    assert [bool(penalty.repaired_on) for penalty in repaired.penalties] == [True]
    assert repaired.listings == ()


def test_the_population_has_no_outcome() -> None:
    """Whoever is not fixed has no fault script."""
    uscc = next(iter(Province(size=1).list_codes()))

    assert find_outcome(uscc) is None
