"""Consents that are over and not yet called so. What another node works on is passed over."""

from collections.abc import Sequence

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction

LOCK_OVER = """
    SELECT * FROM consents WHERE state IN ('ACTIVE', 'PAUSED') AND valid_to <= $1
    ORDER BY valid_to LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def lock_over(tx: Transaction, *, rows_max: int) -> list[Consent]:
    """Return consents past their term that no other node works on."""
    return await tx.fetch_rows(Consent, LOCK_OVER, tx.now, rows_max)


# A use may have come back, or the consent ended otherwise, since it was marked.
UNMARK = """
    DELETE FROM consents_used_up USING consents
    WHERE consents_used_up.consent_id = consents.consent_id
        AND (state NOT IN ('ACTIVE', 'PAUSED') OR used < max_queries)
"""

LOCK_USED_UP = """
    SELECT consents.* FROM consents JOIN consents_used_up USING (consent_id)
    WHERE state = 'ACTIVE' AND used >= max_queries
    ORDER BY consent_id LIMIT $1 FOR UPDATE OF consents SKIP LOCKED
"""


async def lock_used_up(tx: Transaction, *, rows_max: int) -> list[Consent]:
    """Return active consents whose uses are all taken and that no other node works on."""
    await tx.execute(UNMARK)
    return await tx.fetch_rows(Consent, LOCK_USED_UP, rows_max)


LOCK_OF_BUSINESS = """
    SELECT * FROM consents WHERE bank_id = $1 AND uscc = $2 AND business_ref = $3
        AND state IN ('ACTIVE', 'PAUSED') AND business_closed_at IS NULL
    ORDER BY consent_id LIMIT $4 FOR UPDATE
"""


async def lock_of_business(tx: Transaction, consent: Consent, *, rows_max: int) -> list[Consent]:
    """Return the standing consents for the business that a consent names, in order of their ids."""
    return await tx.fetch_rows(
        Consent, LOCK_OF_BUSINESS, consent.bank_id, consent.uscc, consent.business_ref, rows_max
    )


CLOSE_BUSINESS = """
    UPDATE consents SET business_closed_at = $3, version = $4
    WHERE consent_id = $1 AND version = $2
"""


async def close_business(tx: Transaction, after: Consent) -> bool:
    """Tell whether the consent now knows of the end; False where another moved it first."""
    before = after.version - 1
    changed = await tx.execute(
        CLOSE_BUSINESS, after.consent_id, before, after.business_closed_at, after.version
    )
    return changed == 1


FIND_STOPPED = """
    SELECT consent_id FROM consents WHERE consent_id = ANY ($1)
        AND (state NOT IN ('ACTIVE', 'EXHAUSTED') OR valid_to <= $2)
    UNION ALL
    SELECT person_consent_id FROM consents_persons WHERE person_consent_id = ANY ($1)
        AND (state <> 'ACTIVE' OR valid_to <= $2)
"""


class Stopped(msgspec.Struct, frozen=True):
    """A consent that does not stand."""

    consent_id: str


async def find_stopped(tx: Transaction, consent_ids: Sequence[str]) -> list[str]:
    """Return which of these consents, enterprises' and persons', do not stand now."""
    rows = await tx.fetch_rows(Stopped, FIND_STOPPED, consent_ids, tx.now)
    return [row.consent_id for row in rows]
