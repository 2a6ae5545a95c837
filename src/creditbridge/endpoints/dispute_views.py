"""What the pages of disputes show: facts only, without words and without markup."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.disputes.model import (
    Dispute,
    DisputeState,
    Draft,
    Ground,
    Outcome,
    Slip,
    Words,
)
from creditbridge.disputes.rules import count_down
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.dates import begin_of


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """By when an answer is owed; `days_over` where that day is past."""

    due_at: datetime
    days_left: int
    days_over: int
    is_extended: bool
    is_certain: bool


class DisputeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One dispute in the list."""

    dispute_id: str
    section: SectionCode
    ground: Ground
    state: DisputeState
    filed_at: datetime
    is_passed: bool
    due: Due | None


class DisputeListView(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise's disputes, the latest first."""

    disputes: tuple[DisputeLine, ...]


class DisputeView(msgspec.Struct, frozen=True, kw_only=True):
    """One dispute: what was said, and what became of it."""

    line: DisputeLine
    report_id: str
    record_id: str
    words: Words
    passed_at: datetime | None
    answered_at: datetime | None
    outcome: Outcome | None
    review_at: datetime | None
    review_outcome: Outcome | None
    closed_at: datetime | None
    can_ask_review: bool


class FilingView(msgspec.Struct, frozen=True, kw_only=True):
    """The form, with what was typed and what of it must be put right."""

    report_id: str
    draft: Draft = Draft()
    slips: tuple[Slip, ...] = ()
    grounds: tuple[Ground, ...] = tuple(Ground)


def line_of(dispute: Dispute, *, now: datetime) -> DisputeLine:
    """Return a dispute as the list shows it."""
    counted = count_down(dispute, now=now)
    due = None
    if counted is not None:
        due = Due(
            due_at=begin_of(counted.due_on),
            days_left=max(0, counted.days_left),
            days_over=max(0, -counted.days_left),
            is_extended=dispute.is_extended,
            is_certain=counted.is_certain,
        )
    return DisputeLine(
        dispute_id=dispute.dispute_id,
        section=dispute.section,
        ground=dispute.ground,
        state=dispute.state,
        filed_at=dispute.filed_at,
        is_passed=dispute.passed_at is not None,
        due=due,
    )


def list_view(disputes: Sequence[Dispute], *, now: datetime) -> DisputeListView:
    """Return the list."""
    return DisputeListView(disputes=tuple(line_of(one, now=now) for one in disputes))


def dispute_view(dispute: Dispute, words: Words, *, now: datetime) -> DisputeView:
    """Return one dispute's story."""
    return DisputeView(
        line=line_of(dispute, now=now),
        report_id=dispute.report_id,
        record_id=dispute.record_id,
        words=words,
        passed_at=dispute.passed_at,
        answered_at=dispute.answered_at,
        outcome=dispute.outcome,
        review_at=dispute.review_at,
        review_outcome=dispute.review_outcome,
        closed_at=dispute.closed_at,
        can_ask_review=dispute.state is DisputeState.ANSWERED,
    )
