"""Decisions taken by hand: what the rules allow, what they change, and that the feed tells."""

from datetime import date, timedelta

import msgspec
import pytest

from creditsandbox.province.acts import ActMisplaced, apply_acts, make_act
from creditsandbox.province.codes import Finality
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.lifecycle import Fate, fate_of_penalty, show
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province
from creditsandbox.province.state import Act, ActKind, State
from creditsandbox.province.withdrawals import START, EndReason

TODAY = date(2026, 11, 21)


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


def number_of(conduct_days: int) -> str:
    """Return the document number of FOUND's penalty of so many days."""
    numbers = [each.document_no for each in fixed(Outcome.FOUND).penalties]
    return next(number for number in numbers if number.endswith(f"〕{conduct_days}号"))


def test_a_repair_ends_sharing_use_and_the_lost_points() -> None:
    """The day before nothing is changed; on the day it is shown no more, and 50 points are back."""
    each = fixed(Outcome.FOUND)
    act = make_act(each, ActKind.REPAIR, number_of(120), on=TODAY)

    before = apply_acts(each, (act,), on=TODAY - timedelta(days=1))
    after = apply_acts(each, (act,), on=TODAY)

    assert before == each
    repaired = next(x for x in after.penalties if x.document_no == act.number)
    assert fate_of_penalty(repaired, on=TODAY) is Fate.REPAIRED
    assert act.number not in {x.document_no for x in show(after, on=TODAY).penalties}
    scores = [evaluate(x, on=TODAY) for x in (before, after)]
    assert [made.score if made else None for made in scores] == [605, 655]
    assert scores[1] is not None
    assert scores[1].evaluated_on == TODAY


@pytest.mark.parametrize(
    ("days", "kind", "why"),
    [
        (300, ActKind.REPAIR, "TOO_EARLY"),
        (12, ActKind.REPAIR, "NOT_FINAL, TOO_EARLY"),
        (280, ActKind.REPAIR, "REPAIRED"),
        (280, ActKind.REVOKE, "REPAIRED"),
        (120, ActKind.REMOVE, "penalties are repaired, revoked or corrected"),
    ],
)
def test_the_rules_stand_between_a_tester_and_a_decision(
    days: int, kind: ActKind, why: str
) -> None:
    """A serious matter waits a year, an open one is not final, a repaired one is over."""
    with pytest.raises(ActMisplaced) as refused:
        make_act(fixed(Outcome.FOUND), kind, number_of(days), on=TODAY)

    assert refused.value.detail == why


def test_a_revoked_penalty_is_withdrawn() -> None:
    """Its finality is REVOKED since that day, and it costs nothing any more."""
    each = fixed(Outcome.FOUND)
    act = make_act(each, ActKind.REVOKE, number_of(300), on=TODAY)

    after = apply_acts(each, (act,), on=TODAY)

    revoked = next(x for x in after.penalties if x.document_no == act.number)
    assert (revoked.finality, revoked.revoked_on) == (Finality.REVOKED, TODAY)
    assert fate_of_penalty(revoked, on=TODAY) is Fate.WITHDRAWN


def test_a_listing_an_entry_and_a_judgment_are_removed() -> None:
    """All three of SERIOUS_LIST leave what is shown; they cannot be repaired or removed twice."""
    each = fixed(Outcome.SERIOUS_LIST)
    numbers = [
        each.listings[0].decision_no,
        each.abnormalities[0].decision_no,
        each.judgments[1].case_no,
    ]
    acts = tuple(make_act(each, ActKind.REMOVE, number, on=TODAY) for number in numbers)
    after = apply_acts(each, acts, on=TODAY)
    shown = show(after, on=TODAY)

    assert [act.section for act in acts] == ["LST", "ABN", "JUD"]
    assert (shown.listings, shown.abnormalities) == ((), ())
    assert numbers[2] not in {x.case_no for x in shown.judgments}
    with pytest.raises(ActMisplaced):
        make_act(each, ActKind.REPAIR, numbers[0], on=TODAY)
    with pytest.raises(ActMisplaced):
        make_act(after, ActKind.REMOVE, numbers[0], on=TODAY)
    with pytest.raises(ActMisplaced):
        make_act(each, ActKind.REMOVE, "no such number", on=TODAY)


@pytest.mark.parametrize("section", ["PEN", "LST", "ABN", "JUD"])
def test_a_dispute_upheld_deletes_the_record(section: str) -> None:
    """CORRECT leaves nothing of it, whatever its section."""
    each = fixed(Outcome.SERIOUS_LIST)
    numbers = {
        "PEN": [x.document_no for x in each.penalties],
        "LST": [x.decision_no for x in each.listings],
        "ABN": [x.decision_no for x in each.abnormalities],
        "JUD": [x.case_no for x in each.judgments],
    }
    act = make_act(each, ActKind.CORRECT, numbers[section][0], on=TODAY)

    after = apply_acts(each, (act,), on=TODAY)

    left = {
        "PEN": [x.document_no for x in after.penalties],
        "LST": [x.decision_no for x in after.listings],
        "ABN": [x.decision_no for x in after.abnormalities],
        "JUD": [x.case_no for x in after.judgments],
    }
    assert act.section == section
    assert left == numbers | {section: numbers[section][1:]}


def test_the_feed_tells_of_a_decision_once_and_behind_the_days_others() -> None:
    """The repair comes on its day; the same penalty does not run out again a year later."""
    province = Province(size=300)
    penalised = next(
        (each, penalty)
        for uscc in province.list_codes()
        if (each := province.find_enterprise(uscc, on=TODAY)) is not None
        for penalty in each.penalties
        if fate_of_penalty(penalty, on=TODAY) is Fate.ACTIVE
    )
    each, penalty = penalised
    act = make_act(each, ActKind.REVOKE, penalty.document_no, on=TODAY)
    state = State(acts=(act,))

    def read(which: State) -> list[tuple[str, EndReason, date]]:
        events = province.list_endings(which, after=START, until=date(2027, 12, 31))
        return [
            (event.cursor, event.reason, event.on)
            for event in events
            if (event.uscc, event.number) == (act.uscc, act.number)
        ]

    assert read(state) == [("20261121-900000", EndReason.REVOKED, TODAY)]
    assert [reason for _, reason, _ in read(State())] in (
        [EndReason.EXPIRED],
        [EndReason.REPAIRED],
        [EndReason.REVOKED],
    )
    after = province.list_endings(state, after="20261121-900000", until=TODAY)
    assert after == ()


def test_an_act_of_another_changes_nothing() -> None:
    """Decisions about one enterprise leave the files of all others the same object."""
    each = fixed(Outcome.FOUND)
    act = Act(kind=ActKind.REPAIR, uscc="other", section="PEN", number=number_of(120), on=TODAY)

    assert apply_acts(each, (act,), on=TODAY) is each


def test_the_province_applies_the_state() -> None:
    """A province that is asked with a state answers with its decisions."""
    each = fixed(Outcome.FOUND)
    act = make_act(each, ActKind.REPAIR, number_of(120), on=TODAY)

    found = Province(size=1).find_enterprise(each.entity.uscc, on=TODAY, state=State(acts=(act,)))

    assert found is not None
    assert msgspec.structs.replace(found, penalties=()) == msgspec.structs.replace(
        each, penalties=()
    )
    assert found.penalties != each.penalties
