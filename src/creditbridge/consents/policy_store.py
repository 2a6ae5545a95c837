"""The table of policies: one row for each time that two operators decided."""

import msgspec

from creditbridge.consents.policy import SignedPolicy
from creditbridge.foundation.database import Transaction

LIST_POLICIES = "SELECT * FROM consent_policies ORDER BY version"


async def list_policies(tx: Transaction) -> list[SignedPolicy]:
    """Return every policy, oldest first: one for each time that two operators decided."""
    return await tx.fetch_rows(SignedPolicy, LIST_POLICIES)


# One after the other, without a gap: of two with the same number one is kept.
ADD_POLICY = """
    INSERT INTO consent_policies (version, use_from, policy, signature, key_id, change_id)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE $1 = (SELECT 1 + coalesce(max(version), 0) FROM consent_policies)
    ON CONFLICT (version) DO NOTHING
"""


async def add_policy(tx: Transaction, signed: SignedPolicy) -> bool:
    """Tell whether the policy is kept; False where another has its number, or it leaves a gap."""
    return await tx.execute(ADD_POLICY, *msgspec.structs.astuple(signed)) == 1
