"""What departments deliver: one run for each index, city and period, with its clock. Pure.

A run that is late or missing makes the sections that rest on its index STALE or UNKNOWN; that is
for a dialect to say, the province only knows when something came.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from creditsandbox.province.authorities import Department
from creditsandbox.province.days import add_months, add_working_days
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.indexes import INDEXES, IndexDefinition, UpdatePeriod
from creditsandbox.province.tables import DIVISIONS

LATE_PER_THOUSAND = 25
MISSING_PER_THOUSAND = 4
LATE_DAYS_MAX = 12
ROWS_MAX = 900
REJECTED_PER_THOUSAND = 60
REASONS = ("MASKED_ID", "OUTER_CHECK_WRONG", "NOT_IN_CATALOGUE", "SENTINEL_DATE", "DUPLICATE")
MONTHS = {UpdatePeriod.MONTHLY: 1, UpdatePeriod.QUARTERLY: 3, UpdatePeriod.YEARLY: 12}
DAYS = {UpdatePeriod.DAILY: 1, UpdatePeriod.WEEKLY: 7}


class RunState(StrEnum):
    """How a run stands on a day."""

    PENDING = "PENDING"
    ON_TIME = "ON_TIME"
    LATE = "LATE"
    MISSING = "MISSING"


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken, and why."""

    row: int
    reason: str


class SupplyRun(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is owed; `ended_on` is the first day after its period."""

    index_id: str
    department: Department
    ended_on: date
    due_on: date
    received_on: date | None
    state: RunState
    accepted: int
    rejected: tuple[Rejection, ...]


def list_overdue(seed: int, *, on: date) -> tuple[SupplyRun, ...]:
    """Return every delivery of the last two periods that is overdue on a day, the oldest first."""
    runs = (
        make_run(seed, index, city=city.code, ended_on=ended_on, on=on)
        for index in INDEXES
        for city in DIVISIONS.cities
        for ended_on in list_periods(index.update_period, on=on)
    )
    overdue = (run for run in runs if run.received_on is None and run.due_on < on)
    return tuple(sorted(overdue, key=lambda run: (run.due_on, run.index_id, run.department.uscc)))


def find_latest(seed: int, index: IndexDefinition, *, city: str, on: date) -> SupplyRun | None:
    """Return the last delivery of an index in a city that came until a day."""
    runs = (
        make_run(seed, index, city=city, ended_on=ended_on, on=on)
        for ended_on in list_periods(index.update_period, on=on)
    )
    return next((run for run in runs if run.received_on is not None), None)


def list_periods(period: UpdatePeriod, *, on: date) -> Iterator[date]:
    """Yield the ends of the last periods until a day, the newest first; events have none."""
    if (months := MONTHS.get(period)) is not None:
        count = (on.year * 12 + on.month - 1) // months * months
        newest = date(count // 12, count % 12 + 1, 1)
        yield from (add_months(newest, -months * number) for number in range(3))
    elif (days := DAYS.get(period)) is not None:
        newest = on - timedelta(days=on.toordinal() % days)
        yield from (newest - timedelta(days=days * number) for number in range(30))


def make_run(
    seed: int, index: IndexDefinition, *, city: str, ended_on: date, on: date
) -> SupplyRun:
    """Return one run as it stands on a day."""
    draw = Draw("supply", seed, index.index_id, city, ended_on.isoformat())
    due_on = add_working_days(ended_on, index.supply_deadline_wd)
    late, missing = draw.chance(LATE_PER_THOUSAND), draw.chance(MISSING_PER_THOUSAND)
    early = ended_on + timedelta(days=draw.below((due_on - ended_on).days + 1))
    comes_on = due_on + timedelta(days=1 + draw.below(LATE_DAYS_MAX)) if late else early
    received_on = comes_on if comes_on <= on and not missing else None
    rows = draw.below(ROWS_MAX)
    rejected = (
        (Rejection(row=draw.below(rows), reason=draw.pick(REASONS)),)
        if draw.chance(REJECTED_PER_THOUSAND) and rows
        else ()
    )
    return SupplyRun(
        index_id=index.index_id,
        department=get_department(index.supplying_dept, city=city),
        ended_on=ended_on,
        due_on=due_on,
        received_on=received_on,
        state=state_of(received_on, due_on=due_on, on=on),
        accepted=rows - len(rejected) if received_on else 0,
        rejected=rejected if received_on else (),
    )


def state_of(received_on: date | None, *, due_on: date, on: date) -> RunState:
    """Tell whether a delivery was on time, is late, is missing, or is not due yet."""
    if received_on is None:
        return RunState.MISSING if due_on < on else RunState.PENDING
    return RunState.LATE if due_on < received_on else RunState.ON_TIME
