"""How many people must approve what, at and around each bound."""

import pytest

from creditbridge.parties.voices.model import Reach
from creditbridge.parties.voices.quorum import (
    APPROVERS_MAX,
    RULES_MAX,
    ApprovalRule,
    RulesMalformed,
    RulesUnreachable,
    count_for_change,
    count_needed,
    require_rules,
)
from creditbridge.profile.codes import Purpose, SectionCode

REACH = Reach(
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
    sections=frozenset({SectionCode.REG, SectionCode.PEN}),
    days=1,
    queries=1,
)
LOANS = ApprovalRule(approvers=2, purposes=frozenset({Purpose.PRE_LOAN_REVIEW}))
WIDE = ApprovalRule(approvers=3, sections_min=2)


@pytest.mark.parametrize(
    ("rules", "needed"),
    [
        ((), 1),
        ((LOANS,), 2),
        ((WIDE,), 3),
        ((LOANS, WIDE), 3),
        ((ApprovalRule(approvers=3, sections_min=3),), 1),
        ((ApprovalRule(approvers=2, purposes=frozenset({Purpose.POST_LOAN})),), 1),
    ],
)
def test_the_strictest_rule_that_fits_counts(rules: tuple[ApprovalRule, ...], needed: int) -> None:
    """One person where none fits; else the most of those that do."""
    assert count_needed(rules, REACH) == needed


def test_a_change_takes_what_the_strictest_rule_takes() -> None:
    """Whatever it is about: else the weakest rule would open all others."""
    assert count_for_change(()) == 1
    assert count_for_change((LOANS, WIDE)) == 3


@pytest.mark.parametrize(
    ("rules", "approvers"),
    [
        ((ApprovalRule(approvers=0),), 5),
        ((ApprovalRule(approvers=APPROVERS_MAX + 1),), 20),
        ((ApprovalRule(approvers=1, sections_min=-1),), 5),
        ((ApprovalRule(approvers=1, sections_min=65),), 5),
        ((ApprovalRule(approvers=1),) * (RULES_MAX + 1), 5),
    ],
)
def test_rules_that_nobody_could_read_are_none(
    rules: tuple[ApprovalRule, ...], approvers: int
) -> None:
    """Beyond each bound."""
    with pytest.raises(RulesMalformed):
        require_rules(rules, approvers=approvers)


def test_rules_ask_for_no_more_people_than_there_are() -> None:
    """At the number of those who may approve they stand; one more, and nothing could be given."""
    require_rules((WIDE,), approvers=3)
    require_rules((), approvers=0 + 1)

    with pytest.raises(RulesUnreachable):
        require_rules((WIDE,), approvers=2)
