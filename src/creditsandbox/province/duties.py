"""Which department owes which action about an entity, by when, and whether it was done. Pure.

Duties follow from what is on file; whether one was done in time is drawn from its id, so that the
same duty is late for everybody who looks. What is not done in time is overdue, then escalated.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Disclosure
from creditsandbox.province.days import add_months, add_working_days
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.model import Enterprise, Penalty
from creditsandbox.province.supervision import (
    KEY_AREAS,
    SUPERVISION,
    DeadlineUnit,
    DutyKind,
    get_duty_row,
    level_for,
)

IN_TIME_PER_THOUSAND = 930
NEVER_PER_THOUSAND = 10
LATE_DAYS_MAX = 25
NOTICE_DAYS = 20  # Whoever is to be listed is heard in these days before the decision.
INSPECTIONS_MAX = 4


class DutyState(StrEnum):
    """How a duty stands on a day."""

    OPEN = "OPEN"
    DONE = "DONE"
    OVERDUE = "OVERDUE"
    ESCALATED = "ESCALATED"


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A duty; `closed_on` may lie after its deadline, and is None while it is not done."""

    duty_id: str
    kind: DutyKind
    responsible: Department
    assisting: tuple[str, ...] = ()
    subject: str | None = None
    key_area: str | None = None
    trigger: str
    legal_basis: str
    opened_on: date
    due_on: date
    state: DutyState
    closed_on: date | None = None
    escalated_to: str | None = None


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A duty as it begins; `due_on` where its row's deadline does not say it."""

    kind: DutyKind
    responsible: Department
    trigger: str
    opened_on: date
    due_on: date | None = None
    subject: str | None = None
    key_area: str | None = None
    assisting: tuple[str, ...] = ()


def list_duties(enterprise: Enterprise, *, on: date) -> tuple[Duty, ...]:
    """Return every duty about an entity until a day, the newest first."""
    openings = (*_open_records(enterprise), *_open_inspections(enterprise, on))
    uscc = enterprise.entity.uscc
    duties = [
        run(msgspec.structs.replace(opening, subject=uscc), on=on)
        for opening in openings
        if opening.opened_on <= on
    ]
    return tuple(sorted(duties, key=lambda duty: (duty.opened_on, duty.duty_id), reverse=True))


def run(opening: Opening, *, on: date) -> Duty:
    """Return a duty as it stands on a day."""
    row = get_duty_row(opening.kind)
    due_on = opening.due_on or count_deadline(opening.kind, opening.opened_on)
    duty_id = name_duty(opening)
    closed_on = draw_closing(duty_id, opened_on=opening.opened_on, due_on=due_on)
    done = closed_on is not None and closed_on <= on
    escalates_on = add_working_days(due_on, SUPERVISION.escalated_after_wd)
    state = DutyState.DONE if done else state_of_open(due_on, escalates_on, on=on)
    return Duty(
        duty_id=duty_id,
        kind=opening.kind,
        responsible=opening.responsible,
        assisting=opening.assisting,
        subject=opening.subject,
        key_area=opening.key_area,
        trigger=opening.trigger,
        legal_basis=row.basis,
        opened_on=opening.opened_on,
        due_on=due_on,
        state=state,
        closed_on=closed_on if done else None,
        escalated_to=SUPERVISION.escalated_to if state is DutyState.ESCALATED else None,
    )


def name_duty(opening: Opening) -> str:
    """Return an id that says what the duty is about, the same whenever it is looked at."""
    parts = (opening.kind, opening.subject or opening.responsible.uscc, opening.trigger)
    return ":".join((*parts, opening.opened_on.isoformat()))


def count_deadline(kind: DutyKind, opened_on: date) -> date:
    """Return the last day of a duty whose row counts days."""
    row = get_duty_row(kind)
    if row.unit is DeadlineUnit.WORKING_DAYS:
        return add_working_days(opened_on, row.count)
    return opened_on + timedelta(days=row.count)


def draw_closing(duty_id: str, *, opened_on: date, due_on: date) -> date | None:
    """Return the day on which a duty is done; None: never."""
    draw = Draw("duty", duty_id)
    in_time, never = draw.chance(IN_TIME_PER_THOUSAND), draw.chance(NEVER_PER_THOUSAND)
    early = opened_on + timedelta(days=draw.below((due_on - opened_on).days + 1))
    late = due_on + timedelta(days=1 + draw.below(LATE_DAYS_MAX))
    if never:
        return None
    return early if in_time else late


def state_of_open(due_on: date, escalates_on: date, *, on: date) -> DutyState:
    """Tell how a duty stands that is not done."""
    if on <= due_on:
        return DutyState.OPEN
    return DutyState.OVERDUE if on <= escalates_on else DutyState.ESCALATED


def _open_records(enterprise: Enterprise) -> Iterator[Opening]:
    for penalty in enterprise.penalties:
        yield from _open_penalty(enterprise, penalty)
    for entry in enterprise.listings:
        yield Opening(
            kind=DutyKind.NOTIFY_BEFORE_LISTING,
            responsible=entry.authority,
            trigger=entry.decision_no,
            opened_on=entry.included_on - timedelta(days=NOTICE_DAYS),
            due_on=entry.included_on,
        )


def _open_penalty(enterprise: Enterprise, penalty: Penalty) -> Iterator[Opening]:
    city, number, authority = enterprise.entity.city, penalty.document_no, penalty.authority
    centre = get_department("CREDIT", city=city)
    days = [
        (DutyKind.MERGE, centre, penalty.decided_on),
        (DutyKind.WITHDRAW, authority, penalty.revoked_on),
        (DutyKind.DECIDE_REPAIR, authority, penalty.repaired_on),
    ]
    if penalty.disclosure is Disclosure.PUBLIC:
        days.append((DutyKind.PUBLISH, authority, penalty.decided_on))
    for kind, responsible, opened_on in days:
        if opened_on is not None:
            yield Opening(kind=kind, responsible=responsible, trigger=number, opened_on=opened_on)
    for code in penalty.key_areas:
        area = KEY_AREAS[code]
        if area.campaign and area.campaign[0] <= penalty.decided_on <= area.campaign[1]:
            yield Opening(
                kind=DutyKind.KEY_AREA,
                responsible=get_department(area.lead, city=city),
                trigger=number,
                opened_on=penalty.decided_on,
                key_area=code,
                assisting=area.assisting,
            )


def _open_inspections(enterprise: Enterprise, on: date) -> Iterator[Opening]:
    made = evaluate(enterprise, on=on)
    level = level_for(None if made is None else made.grade_code)
    first = enterprise.registration.approved_on
    months = (on.year - first.year) * 12 + on.month - first.month
    newest = months // level.months_between
    for count in range(max(0, newest - INSPECTIONS_MAX + 1), newest + 1):
        yield Opening(
            kind=DutyKind.SUPERVISE_ENTITY,
            responsible=enterprise.registration.authority,
            trigger=f"{level.level}-{count}",
            opened_on=add_months(first, count * level.months_between),
            due_on=add_months(first, (count + 1) * level.months_between),
        )
