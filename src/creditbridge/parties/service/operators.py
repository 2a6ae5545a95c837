"""Operators, and the changes that two of them decide."""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.foundation.keys import thumbprint
from creditbridge.parties.acts import SignedApproval, SignedConfirmation, SignedProposal
from creditbridge.parties.changes import KINDS
from creditbridge.parties.model import Applied, Change, Operator, OperatorEnrolment
from creditbridge.parties.rules import (
    CHANGE_LIFE,
    ChangeAltered,
    ChangeUnknown,
    digest_body,
    digest_change,
    encode_act,
    identify_person,
    require_approved,
    require_operator_signature,
    require_second_operator,
    require_two_persons,
)
from creditbridge.parties.store import changes


class HouseOpened(Refused):
    """The first two operators were enrolled before; there is no second bootstrap."""

    code = "house-opened"
    message = "The first two operators are enrolled already."


class HouseUnopened(Refused):
    """Nothing is served before two distinct persons are enrolled as operators."""

    code = "house-unopened"
    message = "Enrol the first two operators before anything else."


class OperatorUnknown(Refused):
    """No such operator."""

    code = "operator-unknown"
    message = "There is no such operator."


async def enrol_operators(
    tx: Transaction, enrolments: tuple[OperatorEnrolment, OperatorEnrolment]
) -> tuple[Operator, Operator]:
    """Open the house with its first two operators, once for ever.

    Raises:
        SameOperator: one person, or one key, twice.
        HouseOpened: somebody did before, or at the same time.
    """
    require_two_persons(*enrolments)
    # The statement decides, not a look beforehand: of two bootstraps at once, one wins.
    if not await changes.open_house(tx):
        raise HouseOpened
    first = await _enrol_operator(tx, enrolments[0])
    return first, await _enrol_operator(tx, enrolments[1])


async def require_opened(tx: Transaction) -> None:
    """Accept a house whose first two operators are enrolled.

    Raises:
        HouseUnopened: they are not.
    """
    if not await changes.is_open(tx):
        raise HouseUnopened


async def get_operator(tx: Transaction, operator_id: str) -> Operator:
    """Return an operator.

    Raises:
        HouseUnopened: there are no operators yet.
        OperatorUnknown: there is no such one.
    """
    await require_opened(tx)
    known = is_id(Kind.OPERATOR, operator_id)
    operator = await changes.find_operator(tx, operator_id) if known else None
    if operator is None:
        raise OperatorUnknown
    return operator


async def require_confirmation(tx: Transaction, confirmation: SignedConfirmation) -> Operator:
    """Return the operator who signed a fresh confirmation.

    Raises:
        Refused: no such operator, a stale act.
        SignatureInvalid: not this operator's signature.
    """
    operator = await get_operator(tx, confirmation.act.operator_id)
    require_operator_signature(confirmation.act, confirmation.signature, operator, now=tx.now)
    return operator


async def get_change(tx: Transaction, change_id: str) -> Change:
    """Return a change, for an operator to read before approving it.

    Raises:
        ChangeUnknown: there is none.
    """
    known = is_id(Kind.CHANGE, change_id)
    if not known or (change := await changes.find_change(tx, change_id)) is None:
        raise ChangeUnknown
    return change


async def propose_change(tx: Transaction, proposal: SignedProposal) -> Change:
    """Keep what one operator proposes; the same signed act again returns the same change.

    Raises:
        Refused: no such operator, a stale act, another body than the act names.
        SignatureInvalid: not this operator's signature.
        Malformed: a body that could not take effect.
    """
    act = proposal.act
    operator = await get_operator(tx, act.operator_id)
    require_operator_signature(act, proposal.signature, operator, now=tx.now)
    if act.body_digest != digest_body(proposal.body):
        raise ChangeAltered
    # Read now, so that nobody is asked to approve what could not take effect.
    KINDS[act.kind].read(proposal.body)
    change = Change(
        change_id=new_id(Kind.CHANGE, now=tx.now),
        kind=act.kind,
        body=proposal.body,
        proposed_by=operator.operator_id,
        proposed_at=tx.now,
        expires_at=tx.now + CHANGE_LIFE,
        proposal_act=encode_act(act),
        proposal_signature=proposal.signature,
    )
    await changes.add_change(tx, change)
    # Perhaps an earlier change: the same signed act came before, and its reply was lost.
    return await changes.get_proposal(tx, change.proposal_act)


async def approve_change(tx: Transaction, approval: SignedApproval) -> Change:
    """Keep a second operator's approval of exactly this change and return it, approved.

    Raises:
        Refused: no such operator or change, the same person, decided, expired, altered, stale.
        SignatureInvalid: not this operator's signature.
    """
    act = approval.act
    approver = await get_operator(tx, act.operator_id)
    found = await _lock_change(tx, act.change_id)
    now = await tx.renew_now()
    proposer = None if found is None else await changes.find_operator(tx, found.proposed_by)
    change = require_second_operator(found, proposer=proposer, approver=approver, now=now)
    # After the rule on persons: who may not approve learns nothing of whether they signed well.
    require_operator_signature(act, approval.signature, approver, now=now)
    # Approved is what was read: another body, term or proposer has another digest.
    if act.change_digest != digest_change(change):
        raise ChangeAltered
    approved = replace(
        change,
        approved_by=approver.operator_id,
        approved_at=now,
        approval_act=encode_act(act),
        approval_signature=approval.signature,
    )
    await changes.approve_change(tx, approved)
    return approved


async def apply_change(tx: Transaction, change_id: str) -> Applied:
    """Put an approved change in force, once, and return what it has changed.

    Nothing is written where it refuses.

    Raises:
        Refused: the change is unknown, unapproved, applied or expired, or cannot be any more.
    """
    found = await _lock_change(tx, change_id)
    # The instant after the wait for the row: the day may have ended meanwhile.
    change = require_approved(found, now=await tx.renew_now())
    applied = await KINDS[change.kind].apply(tx, change)
    # In the same transaction: a crash in between neither loses the change nor makes it twice.
    await changes.mark_applied(tx, change.change_id)
    return applied


async def _lock_change(tx: Transaction, change_id: str) -> Change | None:
    # Nobody else decides or applies it until this transaction ends.
    return await changes.lock_change(tx, change_id) if is_id(Kind.CHANGE, change_id) else None


async def _enrol_operator(tx: Transaction, enrolment: OperatorEnrolment) -> Operator:
    operator = Operator(
        operator_id=new_id(Kind.OPERATOR, now=tx.now),
        person_name=enrolment.person_name,
        key_id=thumbprint(enrolment.key.material),
        jwk=msgspec.json.encode(enrolment.key.to_jwk()),
    )
    person_key = identify_person(enrolment.person_name)
    await changes.add_operator(tx, operator, person_key=person_key)
    return operator
