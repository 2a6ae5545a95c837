"""ABN: who stands among the abnormal, and who does no longer."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from msgspec.structs import asdict, replace

from creditbridge.profile.codes import FlagState
from creditbridge.profile.policy import DEFAULT_POLICY
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import Abnormality, Penalty
from creditbridge.profile.sections.abnormalities import (
    AbnormalityReason,
    identify_abnormality,
    judge_active,
    outlives_removal,
    show_abnormality,
)

TODAY = date(2026, 11, 21)
ENTERED = date(2026, 7, 10)
AbnormalityOf = Callable[..., Abnormality]


@pytest.fixture
def entry_of(head: RecordBase) -> AbnormalityOf:
    """Makes an entry of July that stands, with changes."""

    def make(**changes: object) -> Abnormality:
        fields = {**asdict(head), "record_id": "rec_abnormal"}
        made = Abnormality(
            **fields,
            decision_no="杭市监异[2026]7号",
            is_mark=False,
            reason=AbnormalityReason.NO_ANNUAL_REPORT,
            reason_text="未按期公示年报",
            included=ENTERED,
            authority="杭州市市场监督管理局",
            authority_uscc=None,
            removed=None,
            removal_reason=None,
            removal_authority=None,
        )
        return replace(made, **changes)

    return make


@pytest.mark.parametrize(
    ("removed", "is_shown"),
    [
        (None, True),
        (ENTERED, False),
        (ENTERED + timedelta(days=1), False),
        (ENTERED - timedelta(days=1), True),
    ],
    ids=["never", "same-day", "later", "before-it-was-entered-again"],
)
def test_l19_a_removal_wins_unless_the_entry_is_newer(
    entry_of: AbnormalityOf, removed: date | None, *, is_shown: bool
) -> None:
    """Entered and removed on one day: removed."""
    entry = entry_of(removed=removed)

    assert (show_abnormality(entry, TODAY, DEFAULT_POLICY) is entry) == is_shown


def test_an_entry_raises_its_flag(entry_of: AbnormalityOf, penalty: Penalty) -> None:
    """A mark as well; without one the flag is clear."""
    mark = entry_of(is_mark=True)

    finding = judge_active([mark, penalty], TODAY, DEFAULT_POLICY)

    assert (finding.state, finding.evidence) == (FlagState.RAISED, (mark,))
    assert judge_active([penalty], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


def test_an_entry_is_named_by_authority_and_number(
    entry_of: AbnormalityOf, penalty: Penalty
) -> None:
    """Without a number it stands for itself."""
    assert identify_abnormality(entry_of()) == ("杭州市市场监督管理局", "杭市监异[2026]7号")
    assert identify_abnormality(entry_of(decision_no=None)) is None
    assert identify_abnormality(penalty) is None
    assert show_abnormality(penalty, TODAY, DEFAULT_POLICY) is None


def test_only_an_entry_made_after_the_removal_outlives_it(
    entry_of: AbnormalityOf, penalty: Penalty
) -> None:
    """Of two rows under one number; a record of another kind outlives nothing."""
    ended = entry_of(removed=date(2026, 8, 1))

    assert outlives_removal(entry_of(included=date(2026, 8, 2)), ended)
    assert not outlives_removal(entry_of(included=date(2026, 8, 1)), ended)
    assert not outlives_removal(entry_of(included=None), ended)
    assert not outlives_removal(penalty, ended)
    assert not outlives_removal(ended, penalty)
