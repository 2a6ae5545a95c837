"""Operators, and what they decide together."""

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import Change, Operator

# One row at most, for ever: of N bootstraps one inserts it, and the others touch nothing.
OPEN_HOUSE = "INSERT INTO parties_house (opened_at) VALUES ($1) ON CONFLICT DO NOTHING"


async def open_house(tx: Transaction) -> bool:
    """Tell whether this call opened the house."""
    return await tx.execute(OPEN_HOUSE, tx.now) == 1


IS_OPEN = "SELECT EXISTS (SELECT FROM parties_house)"


async def is_open(tx: Transaction) -> bool:
    """Tell whether the first two operators were enrolled."""
    return await tx.fetch_value(bool, IS_OPEN) is True


ADD_OPERATOR = """
    INSERT INTO parties_operators (operator_id, person_name, person_key, key_id, jwk, enrolled_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_operator(tx: Transaction, operator: Operator, *, person_key: str) -> None:
    """Keep an operator; one row per person and per key."""
    await tx.execute(
        ADD_OPERATOR,
        operator.operator_id,
        operator.person_name,
        person_key,
        operator.key_id,
        operator.jwk,
        tx.now,
    )


FIND_OPERATOR = """
    SELECT operator_id, person_name, key_id, jwk FROM parties_operators WHERE operator_id = $1
"""


async def find_operator(tx: Transaction, operator_id: str) -> Operator | None:
    """Return an operator."""
    return await tx.fetch_row(Operator, FIND_OPERATOR, operator_id)


# The same signed act proposes once: whoever lost the reply sends it again and finds the change.
ADD_CHANGE = """
    INSERT INTO parties_changes (change_id, kind, body, proposed_by, proposed_at, expires_at,
        proposal_act, proposal_act_digest, proposal_signature)
    VALUES ($1, $2, $3, $4, $5, $6, $7, sha256($7), $8)
    ON CONFLICT (proposal_act_digest) DO NOTHING
"""


async def add_change(tx: Transaction, change: Change) -> None:
    """Keep a proposal, unless its act was kept before."""
    await tx.execute(
        ADD_CHANGE,
        change.change_id,
        change.kind.value,
        change.body,
        change.proposed_by,
        change.proposed_at,
        change.expires_at,
        change.proposal_act,
        change.proposal_signature,
    )


GET_PROPOSAL = """
    SELECT change_id, kind, body, proposed_by, proposed_at, expires_at, proposal_act,
        proposal_signature, approved_by, approved_at, approval_act, approval_signature, applied_at
    FROM parties_changes WHERE proposal_act_digest = sha256($1)
"""


async def get_proposal(tx: Transaction, proposal_act: bytes) -> Change:
    """Return the change that an act proposed, which was kept before."""
    (change,) = await tx.fetch_rows(Change, GET_PROPOSAL, proposal_act)
    return change


FIND_CHANGE = """
    SELECT change_id, kind, body, proposed_by, proposed_at, expires_at, proposal_act,
        proposal_signature, approved_by, approved_at, approval_act, approval_signature, applied_at
    FROM parties_changes WHERE change_id = $1
"""


async def find_change(tx: Transaction, change_id: str) -> Change | None:
    """Return a change."""
    return await tx.fetch_row(Change, FIND_CHANGE, change_id)


LOCK_CHANGE = """
    SELECT change_id, kind, body, proposed_by, proposed_at, expires_at, proposal_act,
        proposal_signature, approved_by, approved_at, approval_act, approval_signature, applied_at
    FROM parties_changes WHERE change_id = $1 FOR UPDATE
"""


async def lock_change(tx: Transaction, change_id: str) -> Change | None:
    """Return a change that nobody else can decide until this transaction ends."""
    return await tx.fetch_row(Change, LOCK_CHANGE, change_id)


# The guard repeats the rule: of two approvals at once, the second touches no row.
APPROVE_CHANGE = """
    UPDATE parties_changes
    SET approved_by = $2, approved_at = $3, approval_act = $4, approval_signature = $5
    WHERE change_id = $1 AND approved_by IS NULL
"""


async def approve_change(tx: Transaction, change: Change) -> None:
    """Keep the approval that the change carries."""
    await tx.execute(
        APPROVE_CHANGE,
        change.change_id,
        change.approved_by,
        change.approved_at,
        change.approval_act,
        change.approval_signature,
    )


MARK_APPLIED = "UPDATE parties_changes SET applied_at = $2 WHERE change_id = $1"


async def mark_applied(tx: Transaction, change_id: str) -> None:
    """Note that a change has taken effect."""
    await tx.execute(MARK_APPLIED, change_id, tx.now)
