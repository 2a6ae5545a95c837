"""A dispute as the platform handles it: annotated at once, answered in working days. Pure.

Five working days, extendable to twenty in all with approval; who is not content may ask for one
review, which has the same clock (ZJ 30 and 31). Every change returns a new dispute.
"""

from datetime import date
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Refused
from creditsandbox.province.days import add_working_days

ANSWER_WORKING_DAYS = 5
EXTENDED_WORKING_DAYS = 20


class DisputeOutcome(StrEnum):
    """What the department does with the record (ZJ 31)."""

    DELETE = "DELETE"
    CORRECT = "CORRECT"
    SUPPLEMENT = "SUPPLEMENT"
    KEEP = "KEEP"


class DisputeStand(StrEnum):
    """How a dispute stands on a day."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ANSWERED = "ANSWERED"


class DisputeMisplaced(Refused):
    """A step that this dispute cannot take now."""

    code = "dispute-misplaced"
    message = "The dispute does not stand where this step begins."


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, and when."""

    outcome: DisputeOutcome
    answered_on: date


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute of one record; `opened_on` is that of the stage that runs, a review begins anew."""

    dispute_no: str
    uscc: str
    section: str
    record_no: str
    opened_on: date
    is_review: bool = False
    is_extended: bool = False
    answer: Answer | None = None


def due_on(dispute: Dispute) -> date:
    """Return the last day on which the present stage may be answered."""
    days = EXTENDED_WORKING_DAYS if dispute.is_extended else ANSWER_WORKING_DAYS
    return add_working_days(dispute.opened_on, days)


def stand_on(dispute: Dispute, day: date) -> DisputeStand:
    """Tell how a dispute stands on a day; due means through the end of that day."""
    if dispute.answer is not None and dispute.answer.answered_on <= day:
        return DisputeStand.ANSWERED
    return DisputeStand.OVERDUE if day > due_on(dispute) else DisputeStand.OPEN


def extend(dispute: Dispute) -> Dispute:
    """Return the dispute with the longer clock.

    Raises:
        DisputeMisplaced: extended already, or answered.
    """
    if dispute.is_extended or dispute.answer is not None:
        raise DisputeMisplaced
    return msgspec.structs.replace(dispute, is_extended=True)


def answer(dispute: Dispute, outcome: DisputeOutcome, *, on: date) -> Dispute:
    """Return the dispute with its answer, late or not.

    Raises:
        DisputeMisplaced: answered already, or before it was opened.
    """
    if dispute.answer is not None or on < dispute.opened_on:
        raise DisputeMisplaced
    return msgspec.structs.replace(dispute, answer=Answer(outcome=outcome, answered_on=on))


def review(dispute: Dispute, *, on: date) -> Dispute:
    """Return the dispute in review, its clock wound anew.

    Raises:
        DisputeMisplaced: not answered yet, or reviewed once already.
    """
    if dispute.answer is None or dispute.is_review or on < dispute.answer.answered_on:
        raise DisputeMisplaced
    return msgspec.structs.replace(
        dispute, opened_on=on, is_review=True, is_extended=False, answer=None
    )
