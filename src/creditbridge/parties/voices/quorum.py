"""How many people must approve what, as an enterprise set it; and what it takes to change that.

Pure: the clock is an argument.
"""

from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.parties.voices.model import Reach
from creditbridge.profile.codes import Purpose

RULES_MAX = 8
APPROVERS_MAX = 10
SECTIONS_MAX = 64
CHANGE_LIFE = timedelta(days=7)


# Stored as JSON: add members with a default, never rename.
class ApprovalRule(msgspec.Struct, frozen=True, kw_only=True):
    """A consent for one of the purposes that reaches that many sections needs that many people."""

    approvers: int
    purposes: frozenset[Purpose] = frozenset()  # Empty: whatever the purpose.
    sections_min: int = 0


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """Other rules than the present ones, until enough people agreed to them.

    `from_version` is of the rules that stood when it was proposed: it changes those and no others.
    """

    change_id: str
    uscc: str
    rules: tuple[ApprovalRule, ...]
    from_version: int
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    applied_at: datetime | None = None


class RulesMalformed(Malformed):
    """Rules that nobody could read, or too many of them."""

    code = "approval-rules-malformed"
    message = "At most 8 rules, each with 1 to 10 people, purposes that are known, and 0 to 64."


class RulesUnreachable(Refused):
    """More people than may approve at present would have to."""

    code = "approval-rules-unreachable"
    message = "Fewer people may approve at present than these rules ask for; appoint them first."


class ChangeGone(Refused):
    """No such change of this enterprise waits, or the rules have changed since."""

    code = "approval-change-gone"
    message = "This change does not wait any more; look at the rules again."


class ChangeAgreed(Refused):
    """The same person agreed before."""

    code = "approval-change-agreed"
    message = "You have agreed to this already; another person has to agree, too."


def count_needed(rules: tuple[ApprovalRule, ...], reach: Reach) -> int:
    """Return how many people must approve something that goes so far: the most of all rules."""
    fitting = (
        rule.approvers
        for rule in rules
        if (not rule.purposes or rule.purposes & reach.purposes)
        and len(reach.sections) >= rule.sections_min
    )
    return max(fitting, default=1)


def count_for_change(rules: tuple[ApprovalRule, ...]) -> int:
    """Return how many people must agree to other rules: as many as the present ones ever ask."""
    # The most, and not that of one case: else the weakest rule would open all others.
    return max((rule.approvers for rule in rules), default=1)


def require_rules(rules: tuple[ApprovalRule, ...], *, approvers: int) -> None:
    """Accept rules that as many people as may approve at present can keep.

    Raises:
        RulesMalformed: their shape.
        RulesUnreachable: nobody could approve anything under them.
    """
    if len(rules) > RULES_MAX:
        raise RulesMalformed
    for rule in rules:
        sound = 1 <= rule.approvers <= APPROVERS_MAX and 0 <= rule.sections_min <= SECTIONS_MAX
        if not sound:
            raise RulesMalformed
    if count_for_change(rules) > approvers:
        raise RulesUnreachable
