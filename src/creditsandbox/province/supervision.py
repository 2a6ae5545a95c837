"""The tables of the supervision responsibility system: duties, levels, key areas."""

from datetime import date
from enum import StrEnum

import msgspec

from creditsandbox.province.tables import read_table


class DutyKind(StrEnum):
    """What a department may owe."""

    SUPPLY = "SUPPLY"
    MERGE = "MERGE"
    PUBLISH = "PUBLISH"
    WITHDRAW = "WITHDRAW"
    ANSWER_DISPUTE = "ANSWER_DISPUTE"
    REVIEW_DISPUTE = "REVIEW_DISPUTE"
    DECIDE_REPAIR = "DECIDE_REPAIR"
    NOTIFY_BEFORE_LISTING = "NOTIFY_BEFORE_LISTING"
    SUPERVISE_ENTITY = "SUPERVISE_ENTITY"
    KEY_AREA = "KEY_AREA"


class DeadlineUnit(StrEnum):
    """How a deadline is counted, or where else it stands."""

    WORKING_DAYS = "WORKING_DAYS"
    DAYS = "DAYS"
    INDEX = "INDEX"
    LEVEL = "LEVEL"
    BEFORE_DECISION = "BEFORE_DECISION"


class DutyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of duty: its deadline, its basis, and how sure that is."""

    kind: DutyKind
    count: int
    unit: DeadlineUnit
    basis: str
    certainty: str


class LevelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A level of supervision; the grade null stands for who is not evaluated."""

    level: str
    name: str
    grades: tuple[str | None, ...]
    months_between: int


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """Duties and levels, and what becomes of a duty that nobody does."""

    duties: tuple[DutyRow, ...]
    levels: tuple[LevelRow, ...]
    escalated_after_wd: int
    escalated_to: str


class KeyArea(msgspec.Struct, frozen=True, kw_only=True):
    """A key area: who leads, who assists, where its evidence stands, its campaign's days."""

    code: str
    zh: str
    lead: str
    assisting: tuple[str, ...]
    evidence: tuple[str, ...]
    campaign: tuple[date, date] | None


class KeyAreas(msgspec.Struct, frozen=True, kw_only=True):
    """All key areas."""

    areas: tuple[KeyArea, ...]


SUPERVISION = read_table("supervision.json", Supervision)
KEY_AREAS = {area.code: area for area in read_table("key_areas.json", KeyAreas).areas}
_DUTIES = {row.kind: row for row in SUPERVISION.duties}


def get_duty_row(kind: DutyKind) -> DutyRow:
    """Return the row of a kind of duty."""
    return _DUTIES[kind]


def level_for(grade: str | None) -> LevelRow:
    """Return the level of supervision that follows from a grade, or from none."""
    return next(row for row in SUPERVISION.levels if grade in row.grades)
