"""What the law withholds, situation by situation."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.profile.codes import (
    DataClass,
    Disclosure,
    DisputeState,
    Finality,
    InfoClass,
    Lifecycle,
    MatchBy,
    SectionCode,
)
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    NoneSection,
    PresentSection,
    Section,
    SourceAnswer,
    Unconfirmed,
    records_of,
)
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.record import Dispute, match_by
from creditbridge.profile.sections import Listing, Penalty
from creditbridge.profile.sections.penalties import Procedure
from creditbridge.profile.suppression import suppress

AnswerOf = Callable[..., SourceAnswer]
Present = Callable[..., PresentSection]
PEN, REG, EVA, LST = SectionCode.PEN, SectionCode.REG, SectionCode.EVA, SectionCode.LST
SECOND = timedelta(seconds=1)
DISPUTE = Dispute(
    state=DisputeState.OPEN,
    opened_at=datetime(2026, 11, 10, tzinfo=UTC),
    due_at=None,
    note=None,
    suspends=False,
)


@pytest.fixture
def serve_penalty(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime
) -> Callable[..., Section]:
    """Serve one penalty, and return its section."""

    def serve(penalty: Penalty, *, policy: Policy = DEFAULT_POLICY) -> Section:
        merged = merge([answer_of({PEN: present(penalty)})])
        return suppress(merged, extent=extent, now=now, policy=policy).sections[PEN]

    return serve


def test_an_active_record_is_shown(
    serve_penalty: Callable[..., Section], present: Present, penalty: Penalty
) -> None:
    """As it is."""
    assert serve_penalty(penalty) == present(penalty)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"lifecycle": Lifecycle.REPAIRED}, id="l16-repaired"),
        pytest.param({"lifecycle": Lifecycle.EXPIRED}, id="expired"),
        pytest.param({"lifecycle": Lifecycle.WITHDRAWN}, id="withdrawn"),
        pytest.param({"lifecycle": Lifecycle.REMOVED}, id="removed"),
        pytest.param({"finality": Finality.REVOKED}, id="l20-revoked"),
        pytest.param({"disclosure": Disclosure.GOV_ONLY}, id="l11-government-only"),
        pytest.param({"data_class": DataClass.GOV_ONLY}, id="l11-government-class"),
        pytest.param({"data_class": DataClass.PERSONAL}, id="natural-person"),
        pytest.param({"procedure": Procedure.SIMPLE}, id="l09-simple-procedure"),
        pytest.param({"dispute": replace(DISPUTE, suspends=True)}, id="suspended"),
        pytest.param({"dispute": replace(DISPUTE, state=DisputeState.UPHELD)}, id="dispute-upheld"),
    ],
)
def test_what_is_withheld_leaves_no_trace(
    serve_penalty: Callable[..., Section],
    none: NoneSection,
    penalty: Penalty,
    change: dict[str, object],
) -> None:
    """The section is NONE, as if the source held nothing: no hint, no count."""
    assert serve_penalty(replace(penalty, **change)) == none


@pytest.mark.parametrize("end", ["publicity_end", "retention_end"])
def test_l12_a_record_is_over_at_its_end_to_the_second(
    serve_penalty: Callable[..., Section],
    none: NoneSection,
    penalty: Penalty,
    now: datetime,
    end: str,
) -> None:
    """Shown while now is before the end; not at it, not after it."""
    before = replace(penalty, **{end: now + SECOND})

    assert records_of(serve_penalty(before)) == (before,)
    assert serve_penalty(replace(penalty, **{end: now})) == none
    assert serve_penalty(replace(penalty, **{end: now - SECOND})) == none


def test_the_earlier_of_two_ends_counts(
    serve_penalty: Callable[..., Section], none: NoneSection, penalty: Penalty, now: datetime
) -> None:
    """Retention may end before publication, and the other way round."""
    later = now + timedelta(days=1)

    assert serve_penalty(replace(penalty, publicity_end=later, retention_end=now)) == none
    assert serve_penalty(replace(penalty, publicity_end=now, retention_end=later)) == none


@pytest.mark.parametrize("state", [DisputeState.OPEN, DisputeState.REJECTED])
def test_a_disputed_record_is_shown_with_its_annotation(
    serve_penalty: Callable[..., Section], penalty: Penalty, state: DisputeState
) -> None:
    """Open or rejected, the objection travels with the record."""
    disputed = replace(penalty, dispute=replace(DISPUTE, state=state))

    assert records_of(serve_penalty(disputed)) == (disputed,)


def test_a_rejected_dispute_no_longer_suspends(
    serve_penalty: Callable[..., Section], penalty: Penalty
) -> None:
    """Suspension lasts while the objection is open."""
    dispute = replace(DISPUTE, state=DisputeState.REJECTED, suspends=True)

    assert records_of(serve_penalty(replace(penalty, dispute=dispute)))


@pytest.mark.parametrize(
    "finality", [Finality.APPEAL_OPEN, Finality.UNDER_REVIEW, Finality.UNKNOWN]
)
def test_l09_what_is_not_final_is_basic_or_hidden(
    serve_penalty: Callable[..., Section],
    none: NoneSection,
    penalty: Penalty,
    finality: Finality,
) -> None:
    """BASIC with its finality by default; nothing where the operator chose to hide it."""
    pending = replace(penalty, finality=finality)

    shown = records_of(serve_penalty(pending))
    assert [(each.info_class, each.finality) for each in shown] == [(InfoClass.BASIC, finality)]
    assert serve_penalty(pending, policy=Policy(hides_not_final=True)) == none
    assert records_of(serve_penalty(penalty, policy=Policy(hides_not_final=True)))


def test_l09_an_appealed_listing_is_basic_too(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime, listing: Listing
) -> None:
    """Only what is final is adverse, whatever its section."""
    appealed = replace(listing, finality=Finality.APPEAL_OPEN)
    merged = merge([answer_of({LST: present(appealed)})])

    section = suppress(merged, extent=extent, now=now).sections[LST]

    assert [record.info_class for record in records_of(section)] == [InfoClass.BASIC]


def test_a_match_by_name_is_shown_apart(
    answer_of: AnswerOf,
    present: Present,
    none: NoneSection,
    extent: Extent,
    now: datetime,
    penalty: Penalty,
) -> None:
    """In `unconfirmed`, in no section."""
    namesake = replace(penalty, match=match_by(MatchBy.NAME))

    served = suppress(merge([answer_of({PEN: present(namesake)})]), extent=extent, now=now)

    assert served.sections[PEN] == none
    assert served.unconfirmed == (Unconfirmed(section=PEN, record=namesake),)


def test_a_withheld_namesake_is_not_shown_either(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime, penalty: Penalty
) -> None:
    """The law comes before the match."""
    namesake = replace(penalty, match=match_by(MatchBy.NAME), disclosure=Disclosure.GOV_ONLY)

    served = suppress(merge([answer_of({PEN: present(namesake)})]), extent=extent, now=now)

    assert served.unconfirmed == ()
