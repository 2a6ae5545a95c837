"""When a dispute is well formed, how it moves, by when it must be answered. Pure."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from creditbridge.disputes.model import (
    Countdown,
    Dispute,
    DisputeState,
    Draft,
    Ground,
    ReviewMissing,
    Slip,
    Stage,
    Told,
)
from creditbridge.disputes.working_days import DAY, SATURDAY, YEARS
from creditbridge.profile.dates import day_of

# Five working days, at most twenty in all where they were extended (ZJ 31).
ANSWER_DAYS = 5
ANSWER_DAYS_MAX = 20
TEXT_CHARACTERS_MAX = 1_000
NUMBER_CHARACTERS_MAX = 512
OPEN_MAX = 100
FIRST_WAIT = timedelta(minutes=1)
WAIT_MAX = timedelta(hours=1)
WAITING = frozenset({DisputeState.FILED, DisputeState.ACCEPTED, DisputeState.REVIEW})
_RECORD_ID = re.compile(r"rec_[A-Za-z0-9_-]{43}")


def tidy(draft: Draft) -> Draft:
    """Return what was typed, without the blanks around it; line ends are those of one kind."""
    return Draft(
        record_id=draft.record_id.strip(),
        number=draft.number.strip(),
        ground=draft.ground,
        text=draft.text.replace("\r\n", "\n").strip(),
    )


def list_slips(draft: Draft) -> frozenset[Slip]:
    """Return what of a tidy draft is not well formed."""
    checks = {
        Slip.RECORD: _RECORD_ID.fullmatch(draft.record_id) is not None,
        Slip.NUMBER: _is_text(draft.number, NUMBER_CHARACTERS_MAX),
        Slip.GROUND: draft.ground in set(Ground),
        Slip.TEXT: _is_text(draft.text.replace("\n", " "), TEXT_CHARACTERS_MAX),
    }
    return frozenset(slip for slip, holds in checks.items() if not holds)


def _is_text(text: str, characters_max: int) -> bool:
    return 0 < len(text) <= characters_max and all(map(_is_shown, text))


def _is_shown(character: str) -> bool:
    # Python calls the ideographic space unprintable; Chinese texts are full of it.
    return character.isprintable() or unicodedata.category(character) == "Zs"


def is_worked(day: date) -> bool:
    """Tell whether a day is a working day; by weekends alone where its year is not known."""
    year = YEARS.get(day.year)
    if year is not None and (day in year.off or day in year.worked):
        return day in year.worked
    return day.weekday() < SATURDAY


def add_working_days(day: date, count: int) -> date:
    """Return the last of so many working days that follow a day."""
    while count:
        day += DAY
        count -= is_worked(day)
    return day


def count_working_days(after: date, until: date) -> int:
    """Return how many working days follow one day up to another, that one counted.

    Below 0 where `until` lies before `after`.
    """
    if until < after:
        return -count_working_days(until, after)
    days = (after + DAY * number for number in range(1, (until - after).days + 1))
    return sum(map(is_worked, days))


def stage_of(dispute: Dispute) -> Stage:
    """Return which of the two times the platform is asked, or was asked last."""
    return Stage.FIRST if dispute.review_at is None else Stage.REVIEW


def count_down(dispute: Dispute, *, now: datetime) -> Countdown | None:
    """Return by when the stage that runs must be answered; None where nothing is owed.

    The day of filing is not counted. A delay on the way to the platform is not the enterprise's,
    so the days run from when it filed, and not from when the platform was reached.
    """
    if dispute.state not in WAITING:
        return None
    begun_on = day_of(dispute.review_at or dispute.filed_at)
    due_on = add_working_days(begun_on, ANSWER_DAYS_MAX if dispute.is_extended else ANSWER_DAYS)
    today = day_of(now)
    years = range(min(begun_on, today).year, max(due_on, today).year + 1)
    return Countdown(
        due_on=due_on,
        days_left=count_working_days(today, due_on),
        is_certain=all(year in YEARS for year in years),
    )


def apply_told(dispute: Dispute, told: Told, *, now: datetime) -> Dispute:
    """Return a dispute after what its platform says of it; itself where that is no news."""
    if dispute.state not in WAITING:
        return dispute
    first = dispute.review_at is None
    if not told.is_taken:
        # A review that is not taken up leaves the first answer as it stands.
        state = DisputeState.REJECTED if first else DisputeState.CLOSED
        return replace(dispute, state=state, closed_at=now)
    passed = replace(
        dispute,
        state=DisputeState.ACCEPTED if first else DisputeState.REVIEW,
        passed_at=dispute.passed_at or now,
        is_extended=dispute.is_extended or told.is_extended,
    )
    if told.outcome is None:
        return passed
    if first:
        return replace(passed, state=DisputeState.ANSWERED, answered_at=now, outcome=told.outcome)
    return replace(passed, state=DisputeState.CLOSED, closed_at=now, review_outcome=told.outcome)


def begin_review(dispute: Dispute, *, now: datetime) -> Dispute:
    """Return a dispute of which a review is asked.

    Raises:
        ReviewMissing: no first answer yet, or a review before.
    """
    if dispute.state is not DisputeState.ANSWERED:
        raise ReviewMissing
    return replace(
        dispute, state=DisputeState.REVIEW, review_at=now, passed_at=None, is_extended=False
    )


def wait_after(tries: int) -> timedelta:
    """Return how long until the platform is tried or asked again, after so many times."""
    factor: int = 2 ** min(tries, 10)  # Capped: a large power is no length of time.
    return min(FIRST_WAIT * factor, WAIT_MAX)
