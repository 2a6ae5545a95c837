"""Repair, publication, retention: what becomes of an adverse record, day by day."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, strategies as st

from creditsandbox.province.codes import Finality, Procedure, Severity
from creditsandbox.province.days import add_months
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.lifecycle import (
    Fate,
    Obstacle,
    RepairCase,
    earliest_repair_on,
    fate_of_listing,
    fate_of_penalty,
    is_adverse,
    list_obstacles,
    publicity_ends_on,
    retention_ends_on,
    show,
)
from creditsandbox.province.model import Enterprise, Penalty
from creditsandbox.province.population import Province

TODAY = date(2026, 11, 21)
READY = RepairCase(is_corrected=True, duties_fulfilled=True, has_committed=True)
DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2035, 12, 31))


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


def penalty(**changes: object) -> Penalty:
    """Return a final general penalty of the first of March 2026, changed."""
    template = fixed(Outcome.SERIOUS_LIST).penalties[0]
    plain = msgspec.structs.replace(
        template,
        decided_on=date(2026, 3, 1),
        publicity_ends_on=date(2027, 3, 1),
        severity=Severity.GENERAL,
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("severity", "earliest", "latest"),
    [
        (Severity.MINOR, date(2026, 1, 31), date(2026, 4, 30)),
        (Severity.GENERAL, date(2026, 4, 30), date(2027, 1, 31)),
        (Severity.SERIOUS, date(2027, 1, 31), date(2029, 1, 31)),
    ],
)
def test_each_level_has_its_periods(severity: Severity, earliest: date, latest: date) -> None:
    """Minor: at once, three months; general: three months, a year; serious: a year, three."""
    decided_on = date(2026, 1, 31)

    assert earliest_repair_on(decided_on, severity) == earliest
    assert publicity_ends_on(decided_on, severity) == latest


@pytest.mark.parametrize(
    ("case", "on", "obstacles"),
    [
        (READY, date(2026, 6, 1), ()),
        (READY, date(2026, 5, 31), (Obstacle.TOO_EARLY,)),
        (
            RepairCase(is_corrected=False, duties_fulfilled=False, has_committed=False),
            date(2026, 6, 1),
            (Obstacle.NOT_CORRECTED, Obstacle.DUTIES_OPEN, Obstacle.NO_COMMITMENT),
        ),
        (
            RepairCase(
                is_corrected=True,
                duties_fulfilled=False,
                has_committed=True,
                under_reorganisation=True,
            ),
            date(2026, 6, 1),
            (),
        ),
    ],
)
def test_a_repair_has_conditions(
    case: RepairCase, on: date, obstacles: tuple[Obstacle, ...]
) -> None:
    """The period over, corrected, duties fulfilled or a plan under way, and a commitment."""
    assert list_obstacles(penalty(), case, on=on) == obstacles


def test_what_can_be_appealed_cannot_be_repaired() -> None:
    """A penalty that is not final has no repair yet."""
    open_one = penalty(finality=Finality.APPEAL_OPEN)

    assert list_obstacles(open_one, READY, on=TODAY) == (Obstacle.NOT_FINAL,)


@pytest.mark.parametrize(
    ("changes", "on", "fate"),
    [
        ({}, date(2027, 2, 28), Fate.ACTIVE),
        ({}, date(2027, 3, 1), Fate.EXPIRED),
        ({"repaired_on": date(2026, 9, 1)}, date(2026, 8, 31), Fate.ACTIVE),
        ({"repaired_on": date(2026, 9, 1)}, date(2026, 9, 1), Fate.REPAIRED),
        ({"revoked_on": date(2026, 9, 1)}, date(2026, 9, 1), Fate.WITHDRAWN),
        ({}, date(2031, 2, 28), Fate.EXPIRED),
        ({}, date(2031, 3, 1), Fate.DELETED),
    ],
)
def test_a_penalty_stands_until_something_ends_it(
    changes: dict[str, object], on: date, fate: Fate
) -> None:
    """Each boundary: in force on the day before, over on the day itself."""
    assert fate_of_penalty(penalty(**changes), on=on) is fate


def test_who_is_still_listed_is_kept_beyond_five_years() -> None:
    """An entry without removal stays; once removed, five years after inclusion it is deleted."""
    entry = msgspec.structs.replace(
        fixed(Outcome.SERIOUS_LIST).listings[0], included_on=date(2020, 1, 1)
    )
    removed = msgspec.structs.replace(entry, removed_on=date(2024, 1, 1))

    assert fate_of_listing(entry, on=TODAY) is Fate.ACTIVE
    assert fate_of_listing(removed, on=date(2023, 12, 31)) is Fate.ACTIVE
    assert fate_of_listing(removed, on=date(2024, 12, 31)) is Fate.REMOVED
    assert fate_of_listing(removed, on=date(2025, 1, 1)) is Fate.DELETED


@pytest.mark.parametrize("procedure", Procedure)
@pytest.mark.parametrize("finality", Finality)
def test_only_final_ordinary_penalties_are_adverse(
    procedure: Procedure, finality: Finality
) -> None:
    """Over all combinations: final, and not decided on the spot."""
    adverse = is_adverse(penalty(procedure=procedure, finality=finality))

    assert adverse == (procedure is Procedure.ORDINARY and finality is Finality.FINAL)


@given(DAYS, st.integers(min_value=0, max_value=90))
def test_months_are_those_of_the_calendar(day: date, count: int) -> None:
    """The same day of the later month, or that month's last day."""
    later = add_months(day, count)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == count
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(DAYS, st.sampled_from(Severity))
def test_a_repair_is_possible_before_publication_ends_by_itself(
    day: date, severity: Severity
) -> None:
    """Each level has a time in which repair is worth asking for, well below five years."""
    assert day <= earliest_repair_on(day, severity) < publicity_ends_on(day, severity)
    assert publicity_ends_on(day, severity) < retention_ends_on(day)


def test_repaired_records_leave_the_answers() -> None:
    """What a withholding platform shows of a thousand files: nothing that has ended, no trace."""
    province = Province(size=1_000)
    files = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]
    whole = [each for each in files if each is not None]
    shown = [show(each, on=TODAY) for each in whole]

    assert any(each.repaired_on for file in whole for each in file.penalties)
    assert all(
        fate_of_penalty(each, on=TODAY) is Fate.ACTIVE for file in shown for each in file.penalties
    )
    assert not any(each.repaired_on for file in shown for each in file.penalties)
    assert not any(each.removed_on for file in shown for each in file.listings)
    assert not any(each.removed_on for file in shown for each in file.abnormalities)
    assert not any(each.removed_on for file in shown for each in file.judgments)
    # What is in force is there still.
    assert sum(len(each.penalties) for each in shown) > 50


def test_the_repaired_fixed_enterprise_shows_nothing() -> None:
    """REPAIRED: its one penalty is gone where the platform withholds at the source."""
    assert show(fixed(Outcome.REPAIRED), on=TODAY).penalties == ()
