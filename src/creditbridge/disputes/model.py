"""A dispute of a record, as the enterprise filed it and the platform answers it."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Refused
from creditbridge.profile.codes import SectionCode


class Ground(StrEnum):
    """What is wrong with a record."""

    NOT_OURS = "NOT_OURS"
    WRONG_FACT = "WRONG_FACT"
    ALREADY_REPAIRED = "ALREADY_REPAIRED"
    ALREADY_ENDED = "ALREADY_ENDED"
    OTHER = "OTHER"


class DisputeState(StrEnum):
    """Where a dispute stands; FILED and REVIEW wait to be passed on where `passed_at` is None."""

    FILED = "FILED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"  # Not taken up: the platform knows no such record of this enterprise.
    ANSWERED = "ANSWERED"
    REVIEW = "REVIEW"
    CLOSED = "CLOSED"


class Outcome(StrEnum):
    """What the platform does with the record."""

    DELETE = "DELETE"
    CORRECT = "CORRECT"
    SUPPLEMENT = "SUPPLEMENT"
    KEEP = "KEEP"


class Stage(StrEnum):
    """Which of the two times the platform is asked."""

    FIRST = "FIRST"
    REVIEW = "REVIEW"


class Slip(StrEnum):
    """What a person has to put right before a form counts; also the id of the field."""

    RECORD = "record"
    NUMBER = "number"
    GROUND = "ground"
    TEXT = "text"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a person typed. Nothing of it is checked yet."""

    record_id: str = ""
    number: str = ""
    ground: str = ""
    text: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What of a dispute may be personal: sealed at rest, and in no log.

    `number` is that under which the source keeps the record, `source_record_id` in the profile.
    """

    number: str
    text: str


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute that is well formed, of a record that its platform is known of."""

    uscc: str
    person_id: str
    report_id: str
    record_id: str
    platform: str
    section: SectionCode
    ground: Ground
    words: Words


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute; `version` rises with each change.

    `is_extended` and `passed_at` are of the stage that runs: they begin anew with a review.
    """

    dispute_id: str
    uscc: str
    person_id: str
    report_id: str
    record_id: str
    platform: str
    section: SectionCode
    ground: Ground
    state: DisputeState
    version: int
    filed_at: datetime
    passed_at: datetime | None = None
    is_extended: bool = False
    answered_at: datetime | None = None
    outcome: Outcome | None = None
    review_at: datetime | None = None
    closed_at: datetime | None = None
    review_outcome: Outcome | None = None


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    """By when a stage must be answered; `days_left` is below 0 where it is overdue.

    `is_certain` where the holidays of every year in between are known.
    """

    due_on: date
    days_left: int
    is_certain: bool


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform says of a dispute that it was passed; `outcome` once it answered."""

    is_taken: bool
    is_extended: bool = False
    outcome: Outcome | None = None


class DisputeOpen(Refused):
    """This record is disputed already, and that dispute has not ended."""

    code = "dispute-open"
    message = "A dispute of this record is open already."


class DisputesTooMany(Refused):
    """This enterprise has as many open disputes as are looked after at once."""

    code = "disputes-too-many"
    message = "Too many disputes of this enterprise are open. Wait for an answer to one of them."


class ReviewMissing(Refused):
    """No first answer that a review could be asked of, or one is asked for already."""

    code = "review-not-possible"
    message = "A review can be asked for once, after the first answer."
