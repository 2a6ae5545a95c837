"""How many people must approve what, and the changes of it that wait for agreement."""

from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.voices.quorum import ApprovalRule, RuleChange

WAITING_MAX = 20


class RulesRow(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise's rules as its row holds them."""

    approval_rules: bytes | None
    approval_rules_version: int

    @property
    def rules(self) -> tuple[ApprovalRule, ...]:
        """The rules; none where the enterprise never set any."""
        return () if self.approval_rules is None else _decode(self.approval_rules)


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change as its row holds it."""

    change_id: str
    uscc: str
    rules: bytes
    from_version: int
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    applied_at: datetime | None = None

    def to_change(self) -> RuleChange:
        """Return the change."""
        return RuleChange(
            change_id=self.change_id,
            uscc=self.uscc,
            rules=_decode(self.rules),
            from_version=self.from_version,
            proposed_by=self.proposed_by,
            proposed_at=self.proposed_at,
            expires_at=self.expires_at,
            applied_at=self.applied_at,
        )


FIND_RULES = """
    SELECT approval_rules, approval_rules_version FROM parties_enterprises WHERE uscc = $1
"""


async def find_rules(tx: Transaction, uscc: str) -> RulesRow | None:
    """Return an enterprise's rules with their version."""
    return await tx.fetch_row(RulesRow, FIND_RULES, uscc)


LOCK_RULES = """
    SELECT approval_rules, approval_rules_version FROM parties_enterprises
    WHERE uscc = $1 FOR NO KEY UPDATE
"""


async def lock_rules(tx: Transaction, uscc: str) -> RulesRow | None:
    """Return an enterprise's rules, which stay as they are until this transaction ends."""
    return await tx.fetch_row(RulesRow, LOCK_RULES, uscc)


# From the version that the change was made for, and from no other.
SET_RULES = """
    UPDATE parties_enterprises
    SET approval_rules = $3, approval_rules_version = approval_rules_version + 1
    WHERE uscc = $1 AND approval_rules_version = $2
"""


async def set_rules(tx: Transaction, change: RuleChange) -> bool:
    """Tell whether the rules of a change stand now."""
    encoded = msgspec.json.encode(change.rules, order="sorted")
    return await tx.execute(SET_RULES, change.uscc, change.from_version, encoded) == 1


ADD_CHANGE = """
    INSERT INTO parties_rule_changes
        (change_id, uscc, rules, from_version, proposed_by, proposed_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def add_change(tx: Transaction, change: RuleChange) -> None:
    """Keep a change that waits."""
    await tx.execute(
        ADD_CHANGE,
        change.change_id,
        change.uscc,
        msgspec.json.encode(change.rules, order="sorted"),
        change.from_version,
        change.proposed_by,
        change.proposed_at,
        change.expires_at,
    )


# What was proposed for rules that stand no longer waits for nothing.
LIST_WAITING = """
    SELECT changes.* FROM parties_rule_changes AS changes
    JOIN parties_enterprises USING (uscc)
    WHERE uscc = $1 AND applied_at IS NULL AND expires_at > $2
        AND from_version = approval_rules_version
    ORDER BY proposed_at DESC LIMIT $3
"""


async def list_waiting(tx: Transaction, uscc: str) -> list[RuleChange]:
    """Return the changes that wait for agreement, the latest first, up to 20."""
    rows = await tx.fetch_rows(ChangeRow, LIST_WAITING, uscc, tx.now, WAITING_MAX)
    return [row.to_change() for row in rows]


# One vote per natural person, in one statement.
ADD_VOTE = """
    INSERT INTO parties_rule_votes (change_id, person_id, agreed_at) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
"""


async def add_vote(tx: Transaction, change_id: str, person_id: str) -> bool:
    """Tell whether this person had not agreed before."""
    return await tx.execute(ADD_VOTE, change_id, person_id, tx.now) == 1


class VoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who agreed."""

    person_id: str


LIST_VOTES = "SELECT person_id FROM parties_rule_votes WHERE change_id = $1 ORDER BY person_id"


async def list_votes(tx: Transaction, change_id: str) -> list[str]:
    """Return the ids of the people who agreed."""
    return [row.person_id for row in await tx.fetch_rows(VoteRow, LIST_VOTES, change_id)]


END_CHANGE = "UPDATE parties_rule_changes SET applied_at = $2 WHERE change_id = $1"


async def end_change(tx: Transaction, change_id: str) -> None:
    """Keep that a change holds from now on."""
    await tx.execute(END_CHANGE, change_id, tx.now)


def _decode(raw: bytes) -> tuple[ApprovalRule, ...]:
    return msgspec.json.decode(raw, type=tuple[ApprovalRule, ...])
