"""Consents that rest on one person's word, and those that wait for another's."""

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction

# Whoever confirmed it last, else everybody whose yes it was.
LOCK_RESTING = """
    SELECT * FROM consents WHERE uscc = $1 AND state IN ('ACTIVE', 'PAUSED')
        AND confirm_by IS NULL AND CASE WHEN confirmed_by IS NOT NULL THEN confirmed_by = $2
            ELSE signer_person_id = $2 OR EXISTS (
                SELECT FROM consents_approvals AS approvals
                WHERE approvals.consent_id = consents.consent_id AND approvals.person_id = $2)
            END
    ORDER BY consent_id LIMIT $3 FOR UPDATE
"""


async def lock_resting(
    tx: Transaction, *, uscc: str, person_id: str, rows_max: int
) -> list[Consent]:
    """Return given consents of an enterprise that rest on a person's word, in order of ids."""
    return await tx.fetch_rows(Consent, LOCK_RESTING, uscc, person_id, rows_max)


# From the version that the rule saw, and from no other.
TURN = """
    UPDATE consents SET version = $3, state = $4, confirm_by = $5, confirmed_by = $6
    WHERE consent_id = $1 AND version = $2
"""


async def turn(tx: Transaction, after: Consent) -> bool:
    """Tell whether a consent now waits, or is confirmed, as given."""
    before = after.version - 1
    row = (after.version, after.state, after.confirm_by, after.confirmed_by)
    return await tx.execute(TURN, after.consent_id, before, *row) == 1


LOCK_UNCONFIRMED = """
    SELECT * FROM consents WHERE state = 'PAUSED' AND confirm_by <= $1
    ORDER BY confirm_by LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def lock_unconfirmed(tx: Transaction, *, rows_max: int) -> list[Consent]:
    """Return consents that nobody confirmed in time and no other node works on."""
    return await tx.fetch_rows(Consent, LOCK_UNCONFIRMED, tx.now, rows_max)


# What was said to a request that still waits falls with the right to say it.
DROP_APPROVALS = """
    WITH fallen AS (
        DELETE FROM consents_approvals AS approvals USING consents
        WHERE approvals.consent_id = consents.consent_id AND consents.uscc = $1
            AND consents.state = 'REQUESTED' AND approvals.person_id = $2
            AND approvals.version = consents.version
        RETURNING approvals.consent_id
    )
    UPDATE consents SET approvals_given = greatest(approvals_given - 1, 0)
    FROM fallen WHERE consents.consent_id = fallen.consent_id
"""


async def drop_approvals(tx: Transaction, *, uscc: str, person_id: str) -> int:
    """Delete a person's approvals of requests that wait; return how many there were."""
    return await tx.execute(DROP_APPROVALS, uscc, person_id)
