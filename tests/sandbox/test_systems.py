"""The province's systems as data: indexes, supplies, duties, levels, key areas, red lists."""

from collections import Counter
from datetime import date, timedelta

import msgspec
import pytest

from creditsandbox.province.codes import Category, TaxGrade
from creditsandbox.province.departments import get_department
from creditsandbox.province.duties import Duty, DutyState, Opening, list_duties, run
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.indexes import INDEXES, UpdatePeriod, get_index
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province
from creditsandbox.province.rewards import list_rewards
from creditsandbox.province.supervision import (
    KEY_AREAS,
    SUPERVISION,
    DutyKind,
    get_duty_row,
    level_for,
)
from creditsandbox.province.supplies import (
    RunState,
    find_latest,
    list_overdue,
    list_periods,
    make_run,
)
from creditsandbox.province.tables import CONDUCTS, DEPARTMENTS, LISTS

TODAY = date(2026, 11, 21)
SEED, SAMPLE = 531, 400
DEPARTMENT_CODES = {row.code for row in DEPARTMENTS.departments}


@pytest.fixture(scope="module")
def enterprises() -> list[Enterprise]:
    """Return the files of the first entities of the province."""
    province = Province(size=SAMPLE)
    found = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]
    return [enterprise for enterprise in found if enterprise is not None]


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


def test_every_index_names_who_supplies_it_on_which_basis() -> None:
    """Ids are unique, departments exist, sections are the house's, persons stand apart."""
    assert len({row.index_id for row in INDEXES}) == len(INDEXES) >= 19
    assert {row.section for row in INDEXES} == {
        *("REG", "OWN", "CHG", "LIC", "PEN", "ABN", "LST", "JUD", "TAX", "SOC", "HON", "EVA"),
        "PSN",
    }
    for row in INDEXES:
        assert row.supplying_dept in DEPARTMENT_CODES
        assert row.legal_basis
        assert row.source_fields
        assert row.supply_deadline_wd > 0
        personal = Category.NATURAL_PERSON in row.entity_categories
        assert personal == (row.section == "PSN") == (row.disclosure == "PERSONAL")


def test_key_areas_are_the_programmes_five_and_those_of_the_law() -> None:
    """Each has a lead that exists; every area that a conduct touches is one of them."""
    assert list(KEY_AREAS)[:5] == [
        "WORK_SAFETY",
        "FOOD_DRUG",
        "ENVIRONMENT",
        "PRIVATE_EDU_HEALTH",
        "INTERNET_FINANCE",
    ]
    assert {area.lead for area in KEY_AREAS.values()} <= DEPARTMENT_CODES
    assert {code for row in CONDUCTS.conducts for code in row.key_areas} <= set(KEY_AREAS)
    assert {row.department for row in LISTS.lists} <= DEPARTMENT_CODES


def test_every_kind_of_duty_has_its_row() -> None:
    """Ten kinds; what the law fixes is marked sure, and has the law's days."""
    assert {row.kind for row in SUPERVISION.duties} == set(DutyKind)
    assert (get_duty_row(DutyKind.WITHDRAW).count, get_duty_row(DutyKind.MERGE).count) == (3, 5)
    assert get_duty_row(DutyKind.WITHDRAW).certainty == "sure"
    assert get_duty_row(DutyKind.DECIDE_REPAIR).certainty == "illustrative"


@pytest.mark.parametrize(
    ("grade", "level", "months"),
    [
        ("EXCELLENT", "A", 24),
        ("GOOD", "B", 12),
        (None, "B", 12),
        ("MEDIUM", "C", 6),
        ("POOR", "D", 3),
    ],
)
def test_the_level_of_supervision_follows_from_the_grade(
    grade: str | None, level: str, months: int
) -> None:
    """The better the grade, the rarer the inspection; without a grade it is the usual one."""
    row = level_for(grade)

    assert (row.level, row.months_between) == (level, months)


def test_duties_follow_from_the_records() -> None:
    """FOUND: five penalties, a repair, two listings, a campaign, and inspections of its level."""
    duties = list_duties(fixed(Outcome.FOUND), on=TODAY)
    kinds = Counter(duty.kind for duty in duties)

    assert kinds[DutyKind.MERGE] == kinds[DutyKind.PUBLISH] == 5
    assert kinds[DutyKind.DECIDE_REPAIR] == 1
    assert kinds[DutyKind.NOTIFY_BEFORE_LISTING] == 2
    assert kinds[DutyKind.KEY_AREA] == 2
    assert kinds[DutyKind.SUPERVISE_ENTITY] in {3, 4}
    merge = next(duty for duty in duties if duty.kind is DutyKind.MERGE)
    assert merge.responsible == get_department("CREDIT", city="3301")
    assert merge.subject == fixed(Outcome.FOUND).entity.uscc


def all_duties(enterprises: list[Enterprise], *, on: date = TODAY) -> list[Duty]:
    """Return the duties about all entities of the sample."""
    return [duty for each in enterprises for duty in list_duties(each, on=on)]


def test_some_duties_are_overdue_and_then_escalated(enterprises: list[Enterprise]) -> None:
    """What is escalated names to whom; what is overdue was due; ids differ."""
    duties = all_duties(enterprises)
    states = Counter(duty.state for duty in duties)

    assert set(states) >= {DutyState.DONE, DutyState.OPEN, DutyState.ESCALATED}
    assert states[DutyState.DONE] > 0.8 * len(duties)
    assert len({duty.duty_id for duty in duties}) > 0.98 * len(duties)
    for duty in duties:
        assert duty.opened_on <= TODAY
        assert duty.opened_on <= duty.due_on
        assert (duty.escalated_to == "CREDIT") == (duty.state is DutyState.ESCALATED)
        assert (duty.closed_on is None) == (duty.state is not DutyState.DONE)
        if duty.state in (DutyState.OVERDUE, DutyState.ESCALATED):
            assert duty.due_on < TODAY


def test_a_late_duty_is_overdue_then_escalated_then_done() -> None:
    """Open on its last day, overdue on the next, escalated ten working days on, done at last."""
    openings = (
        Opening(
            kind=DutyKind.MERGE,
            responsible=get_department("CREDIT", city="3301"),
            trigger=str(number),
            opened_on=date(2026, 3, 2),
        )
        for number in range(400)
    )
    done = ((opening, run(opening, on=date(2026, 12, 31))) for opening in openings)
    opening, late = next(
        (opening, duty)
        for opening, duty in done
        if duty.closed_on and duty.closed_on > date(2026, 3, 25)
    )
    days = (late.due_on, date(2026, 3, 10), date(2026, 3, 24), late.closed_on)

    assert late.due_on == date(2026, 3, 9)
    assert [run(opening, on=day or late.due_on).state for day in days] == [
        DutyState.OPEN,
        DutyState.OVERDUE,
        DutyState.ESCALATED,
        DutyState.DONE,
    ]


def test_a_duty_is_the_same_whenever_it_is_looked_at(enterprises: list[Enterprise]) -> None:
    """What was done stays done on the same day, as far as its record is still the same."""
    done = {x.duty_id: x.closed_on for x in all_duties(enterprises) if x.closed_on}
    later = {
        x.duty_id: x.closed_on
        for x in all_duties(enterprises, on=TODAY + timedelta(days=20))
        if x.closed_on
    }

    shared = done.keys() & later.keys()
    assert len(shared) > 0.8 * len(done)
    assert all(done[duty_id] == later[duty_id] for duty_id in shared)


@pytest.mark.parametrize(
    ("period", "newest"),
    [
        (UpdatePeriod.DAILY, date(2026, 11, 21)),
        (UpdatePeriod.MONTHLY, date(2026, 11, 1)),
        (UpdatePeriod.QUARTERLY, date(2026, 10, 1)),
        (UpdatePeriod.YEARLY, date(2026, 1, 1)),
    ],
)
def test_periods_end_where_the_calendar_says(period: UpdatePeriod, newest: date) -> None:
    """The newest period that is over by a day."""
    assert next(iter(list_periods(period, on=TODAY))) == newest


def test_events_have_no_periods() -> None:
    """What is supplied as it happens is owed on no day of the calendar."""
    assert list(list_periods(UpdatePeriod.ON_EVENT, on=TODAY)) == []


def test_a_delivery_is_pending_then_on_time_late_or_missing() -> None:
    """Over a year of days and all cities every state occurs, most of them on time."""
    index = get_index("C-PEN-01")
    states = Counter(
        make_run(
            SEED, index, city=city, ended_on=date(2026, 1, 1) + timedelta(days=n), on=TODAY
        ).state
        for city in ("3301", "3302", "3303")
        for n in range(324)
    )

    assert set(states) == set(RunState)
    assert states[RunState.ON_TIME] > 0.9 * 3 * 324


def test_a_late_delivery_was_overdue_before_it_came() -> None:
    """The day before it comes it is missing, with nothing accepted; then it is late."""
    index = get_index("C-PEN-01")
    runs = (
        make_run(SEED, index, city="3301", ended_on=date(2025, 1, 1) + timedelta(days=n), on=TODAY)
        for n in range(400)
    )
    late = next(run for run in runs if run.state is RunState.LATE)
    assert late.received_on is not None

    before = make_run(
        SEED,
        index,
        city="3301",
        ended_on=late.ended_on,
        on=late.received_on - timedelta(days=1),
    )

    assert before.state is RunState.MISSING
    assert (before.received_on, before.accepted, before.rejected) == (None, 0, ())


def test_overdue_supplies_are_visible() -> None:
    """Somewhere in eleven cities something is overdue, the oldest stands first."""
    overdue = list_overdue(SEED, on=TODAY)

    assert 1 <= len(overdue) < 200
    assert [run.due_on for run in overdue] == sorted(run.due_on for run in overdue)
    assert all(run.due_on < TODAY and run.state is RunState.MISSING for run in overdue)


def test_the_latest_delivery_is_found() -> None:
    """A daily index has a delivery of the last days."""
    found = find_latest(SEED, get_index("C-PEN-01"), city="3301", on=TODAY)

    assert found is not None
    assert found.received_on is not None
    assert (TODAY - found.received_on).days < 14


def test_who_has_grade_a_is_on_the_red_list_for_a_year(enterprises: list[Enterprise]) -> None:
    """Grade A of a year, and only it, is publicly listed from the May that follows."""
    for each in enterprises:
        graded = {
            row.year + 1 for row in (each.tax.years if each.tax else ()) if row.grade is TaxGrade.A
        }
        listed = {
            x.valid_from.year for x in list_rewards(each, on=TODAY) if x.list_type == "A_TAXPAYER"
        }
        assert listed == graded


def test_something_serious_ends_a_place_on_the_red_list() -> None:
    """An enterprise with grade A that is listed within the term loses the place on that day."""
    each, listed = fixed(Outcome.FOUND), fixed(Outcome.SERIOUS_LIST)
    clean = msgspec.structs.replace(each, penalties=(), listings=())
    entry = msgspec.structs.replace(listed.listings[0], included_on=date(2026, 2, 2))
    both = msgspec.structs.replace(clean, listings=(entry,))

    held = next(x for x in list_rewards(clean, on=TODAY) if x.list_type == "A_TAXPAYER")
    lost = next(x for x in list_rewards(both, on=TODAY) if x.list_type == "A_TAXPAYER")

    assert held.valid_from == date(2025, 5, 1)
    assert held.holds_on(date(2026, 4, 30))
    assert not held.holds_on(date(2026, 5, 1))
    assert lost.withdrawn_on == date(2026, 2, 2)
    assert lost.holds_on(date(2026, 2, 1))
    assert not lost.holds_on(date(2026, 2, 2))


def test_all_red_lists_occur_and_bring_rewards(enterprises: list[Enterprise]) -> None:
    """Every reward is one of the law's kinds; the listed are seldom among the trustworthy."""
    entries = [entry for each in enterprises for entry in list_rewards(each, on=TODAY)]

    assert {entry.list_type for entry in entries} >= {
        "A_TAXPAYER",
        "HIGH_TECH",
        "CONTRACT_HONOURING",
    }
    assert all(entry.rewards and entry.valid_from <= TODAY for entry in entries)


def test_the_level_of_a_poor_one_is_the_strictest(enterprises: list[Enterprise]) -> None:
    """Supervision duties name the level that follows from the entity's own evaluation."""
    for each in enterprises[:200]:
        made = evaluate(each, on=TODAY)
        level = level_for(None if made is None else made.grade_code).level
        inspections = [
            x for x in list_duties(each, on=TODAY) if x.kind is DutyKind.SUPERVISE_ENTITY
        ]
        assert {x.trigger[0] for x in inspections} <= {level}
