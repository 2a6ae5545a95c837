"""How many people must approve what: read, and changed once as many as now must have agreed."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.parties.model import Role
from creditbridge.parties.store import quorum as store, representatives
from creditbridge.parties.voices.model import Representative
from creditbridge.parties.voices.quorum import (
    CHANGE_LIFE,
    ApprovalRule,
    ChangeAgreed,
    ChangeGone,
    RuleChange,
    count_for_change,
    require_rules,
)
from creditbridge.parties.voices.rules import is_approver


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A change with who agreed to it and still may; it holds where they are `needed` or more."""

    change: RuleChange
    agreed: tuple[Representative, ...]
    needed: int
    holds: bool = False


async def find_approval_rules(tx: Transaction, uscc: str) -> tuple[ApprovalRule, ...]:
    """Return an enterprise's rules; none where it never set any, and one person is enough."""
    found = await store.find_rules(tx, uscc)
    return () if found is None else found.rules


async def list_rule_changes(tx: Transaction, uscc: str) -> list[Agreement]:
    """Return the changes that wait for agreement, the latest first, up to 20."""
    rules = await find_approval_rules(tx, uscc)
    live = await representatives.list_representatives(tx, uscc)
    waiting = await store.list_waiting(tx, uscc)
    return [await _count(tx, one, rules, live) for one in waiting]


async def propose_rules(
    tx: Transaction, rules: tuple[ApprovalRule, ...], by: Representative
) -> Agreement:
    """Keep other rules, with the agreement of who proposes them; they may hold at once.

    Raises:
        RulesMalformed, RulesUnreachable: no rules that the enterprise could keep.
    """
    held = await representatives.hold_representatives(tx, by.uscc)
    found = await store.lock_rules(tx, by.uscc)
    require_rules(rules, approvers=sum(is_approver(one, now=tx.now) for one in held))
    change = RuleChange(
        change_id=new_id(Kind.CHANGE, now=tx.now),
        uscc=by.uscc,
        rules=rules,
        from_version=0 if found is None else found.approval_rules_version,
        proposed_by=by.person_id,
        proposed_at=tx.now,
        expires_at=tx.now + CHANGE_LIFE,
    )
    await store.add_change(tx, change)
    return await _agree(tx, change, by, held)


async def agree_to_rules(tx: Transaction, change_id: str, by: Representative) -> Agreement:
    """Keep one person's agreement; with the last that is needed the change holds.

    Raises:
        ChangeGone: no such change of this enterprise waits.
        ChangeAgreed: the same person agreed before.
        RulesUnreachable: by now fewer people may approve than the change asks for.
    """
    held = await representatives.hold_representatives(tx, by.uscc)
    await store.lock_rules(tx, by.uscc)
    waiting = {one.change_id: one for one in await store.list_waiting(tx, by.uscc)}
    if (change := waiting.get(change_id)) is None:
        raise ChangeGone
    require_rules(change.rules, approvers=sum(is_approver(one, now=tx.now) for one in held))
    return await _agree(tx, change, by, held)


async def _agree(
    tx: Transaction, change: RuleChange, by: Representative, held: list[Representative]
) -> Agreement:
    if not await store.add_vote(tx, change.change_id, by.person_id):
        raise ChangeAgreed
    present = await find_approval_rules(tx, change.uscc)
    counted = await _count(tx, change, present, held)
    if not counted.holds:
        return counted
    if not await store.set_rules(tx, change):
        raise ChangeGone
    await store.end_change(tx, change.change_id)
    return counted


async def _count(
    tx: Transaction,
    change: RuleChange,
    present: tuple[ApprovalRule, ...],
    live: list[Representative],
) -> Agreement:
    votes = frozenset(await store.list_votes(tx, change.change_id))
    # Who may approve no longer by now does not count: decided at the instant of the last one.
    agreed = tuple(one for one in live if one.person_id in votes and is_approver(one, now=tx.now))
    needed = count_for_change(present)
    # Agents alone cannot change how the enterprise gives its word.
    is_led = any(one.role is Role.LEGAL_REP for one in agreed)
    return Agreement(
        change=change, agreed=agreed, needed=needed, holds=is_led and len(agreed) >= needed
    )
