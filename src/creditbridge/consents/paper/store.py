"""Letters on paper, and the operators who confirmed them."""

from collections.abc import Sequence

from creditbridge.consents.model import Consent
from creditbridge.consents.paper.model import Confirmation, Count
from creditbridge.foundation.database import Transaction

FIND_LETTER = "SELECT * FROM consents WHERE consent_id = $1 AND form = 'PAPER_SCAN'"


async def find_letter(tx: Transaction, consent_id: str) -> Consent | None:
    """Return a consent on paper, whoever's."""
    return await tx.fetch_row(Consent, FIND_LETTER, consent_id)


LOCK_LETTER = "SELECT * FROM consents WHERE consent_id = $1 AND form = 'PAPER_SCAN' FOR UPDATE"


async def lock_letter(tx: Transaction, consent_id: str) -> Consent | None:
    """Return a consent on paper, which stays as it is until this transaction ends."""
    return await tx.fetch_row(Consent, LOCK_LETTER, consent_id)


# Of two confirmations of one person at once, through whichever account or key, one is kept.
ADD_CONFIRMATION = """
    INSERT INTO consents_scans_confirmed
        (consent_id, version, operator_id, person_key, key_id, confirmed_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
"""


async def add_confirmation(tx: Transaction, said: Confirmation) -> bool:
    """Tell whether this operator had not confirmed the letter before."""
    added = await tx.execute(
        ADD_CONFIRMATION,
        said.consent_id,
        said.version,
        said.operator_id,
        said.person_key,
        said.key_id,
        tx.now,
    )
    return added == 1


COUNT_CONFIRMATIONS = """
    SELECT consent_id, count(*)::int AS given FROM consents_scans_confirmed
    WHERE consent_id = ANY ($1) GROUP BY consent_id
"""


async def count_confirmations(tx: Transaction, consent_ids: Sequence[str]) -> dict[str, int]:
    """Return how many operators confirmed each of these letters; those of nobody are absent."""
    rows = await tx.fetch_rows(Count, COUNT_CONFIRMATIONS, consent_ids)
    return {row.consent_id: row.given for row in rows}


# What waits for an operator, the soonest to lapse first; then what an enterprise disowned.
LIST_LETTERS = """
    SELECT * FROM consents WHERE form = 'PAPER_SCAN'
        AND (state = 'REQUESTED' AND lapses_at > $1 OR reason = 'letter-disowned')
    ORDER BY state = 'REQUESTED' DESC, CASE WHEN ended_at IS NULL THEN lapses_at END,
        ended_at DESC, consent_id LIMIT $2
"""


async def list_letters(tx: Transaction, *, rows_max: int) -> list[Consent]:
    """Return the letters that an operator has to see: those that wait first."""
    return await tx.fetch_rows(Consent, LIST_LETTERS, tx.now, rows_max)
