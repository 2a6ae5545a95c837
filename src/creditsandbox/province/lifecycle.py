"""What becomes of an adverse record: published, repaired, revoked, expired, deleted. Pure.

Three levels decide when a record may be repaired and when its publication ends by itself (Order
36); five years after its determination it is deleted, but not while its subject is still listed
(ZJ 16). Periods begin on the day of the document and are counted in months of the calendar.
"""

from datetime import date
from enum import StrEnum

import msgspec

from creditsandbox.province.codes import Disclosure, Finality, Procedure, Severity
from creditsandbox.province.days import add_months
from creditsandbox.province.model import Enterprise, Listing, Penalty
from creditsandbox.province.tables import read_table

MONTHS_PER_YEAR = 12


class LevelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A level: whether it is published at all, the earliest repair and the latest publication."""

    severity: Severity
    is_published: bool
    earliest_months: int
    latest_months: int


class RetentionRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many years an adverse record is kept, by which rule."""

    years: int
    source: str
    certainty: str


class RepairRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of an edition, with their source and how sure it is."""

    edition: str
    valid_from: date
    source: str
    certainty: str
    levels: tuple[LevelRow, ...]
    retention: RetentionRow


RULES = read_table("repair.json", RepairRules)
_LEVELS = {row.severity: row for row in RULES.levels}


class Fate(StrEnum):
    """How a record stands on a day; only ACTIVE leaves the platform as a record in force."""

    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"
    EXPIRED = "EXPIRED"
    REPAIRED = "REPAIRED"
    WITHDRAWN = "WITHDRAWN"
    DELETED = "DELETED"


class Obstacle(StrEnum):
    """What stands between a record and its repair."""

    NOT_FINAL = "NOT_FINAL"
    TOO_EARLY = "TOO_EARLY"
    NOT_CORRECTED = "NOT_CORRECTED"
    DUTIES_OPEN = "DUTIES_OPEN"
    NO_COMMITMENT = "NO_COMMITMENT"


class RepairCase(msgspec.Struct, frozen=True, kw_only=True):
    """What an applicant shows; under a plan of reorganisation duties are performed meanwhile."""

    is_corrected: bool
    duties_fulfilled: bool
    has_committed: bool
    under_reorganisation: bool = False


def earliest_repair_on(decided_on: date, severity: Severity) -> date:
    """Return the first day on which a matter of a level may be repaired."""
    return add_months(decided_on, _LEVELS[severity].earliest_months)


def publicity_ends_on(decided_on: date, severity: Severity) -> date:
    """Return the first day on which a matter of a level is no longer published."""
    return add_months(decided_on, _LEVELS[severity].latest_months)


def retention_ends_on(determined_on: date) -> date:
    """Return the first day on which an adverse record is no longer kept."""
    return add_months(determined_on, RULES.retention.years * MONTHS_PER_YEAR)


def list_obstacles(penalty: Penalty, case: RepairCase, *, on: date) -> tuple[Obstacle, ...]:
    """Return everything that stands between a penalty and its repair on a day; none: repair it."""
    fulfilled = case.duties_fulfilled or case.under_reorganisation
    checks = {
        Obstacle.NOT_FINAL: penalty.finality is Finality.FINAL,
        Obstacle.TOO_EARLY: on >= earliest_repair_on(penalty.decided_on, penalty.severity),
        Obstacle.NOT_CORRECTED: case.is_corrected,
        Obstacle.DUTIES_OPEN: fulfilled,
        Obstacle.NO_COMMITMENT: case.has_committed,
    }
    return tuple(obstacle for obstacle, holds in checks.items() if not holds)


def fate_of_penalty(penalty: Penalty, *, on: date) -> Fate:
    """Tell how a penalty stands on a day: what was taken back before what ran out."""
    if retention_ends_on(penalty.decided_on) <= on:
        return Fate.DELETED
    if penalty.revoked_on is not None and penalty.revoked_on <= on:
        return Fate.WITHDRAWN
    if penalty.repaired_on is not None and penalty.repaired_on <= on:
        return Fate.REPAIRED
    return Fate.EXPIRED if penalty.publicity_ends_on <= on else Fate.ACTIVE


def fate_of_listing(entry: Listing, *, on: date) -> Fate:
    """Tell how an entry stands on a day; who is still on the list is kept beyond five years."""
    if entry.removed_on is None or on < entry.removed_on:
        return Fate.ACTIVE
    return Fate.DELETED if retention_ends_on(entry.included_on) <= on else Fate.REMOVED


def is_adverse(penalty: Penalty) -> bool:
    """Tell whether a penalty is adverse information: final, and not decided on the spot (ZJ 11)."""
    return penalty.finality is Finality.FINAL and penalty.procedure is Procedure.ORDINARY


def show(enterprise: Enterprise, *, on: date) -> Enterprise:
    """Return the file as a platform shows it that withholds at the source what is not in force.

    Repaired, revoked, expired, deleted and removed records are gone, without a trace or a count;
    so is what is shared among government alone. The provincial platform marks them instead, and
    leaves the withholding to whoever asks.
    """
    return msgspec.structs.replace(
        enterprise,
        penalties=tuple(
            penalty
            for penalty in enterprise.penalties
            if fate_of_penalty(penalty, on=on) is Fate.ACTIVE
            and penalty.disclosure is not Disclosure.GOV_ONLY
        ),
        listings=tuple(
            entry for entry in enterprise.listings if fate_of_listing(entry, on=on) is Fate.ACTIVE
        ),
        abnormalities=tuple(
            entry for entry in enterprise.abnormalities if not is_past(entry.removed_on, on=on)
        ),
        judgments=tuple(
            judgment for judgment in enterprise.judgments if not is_past(judgment.removed_on, on=on)
        ),
    )


def is_past(ended_on: date | None, *, on: date) -> bool:
    """Tell whether something has ended by a day."""
    return ended_on is not None and ended_on <= on
