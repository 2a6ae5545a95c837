"""What changes of a client after it came in, and the acts that suspended a bank."""

from datetime import datetime

from creditbridge.foundation.database import Transaction
from creditbridge.parties.acts import SignedSuspension
from creditbridge.parties.model import SenderConstraint, Standing
from creditbridge.protocols.certificate_binding import SubjectMatcher

IS_SUBJECT_TAKEN = """
    SELECT EXISTS (SELECT FROM parties_clients WHERE (matcher_kind, matcher_value) = ($1, $2))
"""


async def is_subject_taken(tx: Transaction, matcher: SubjectMatcher) -> bool:
    """Tell whether a client is registered under this subject."""
    return await tx.fetch_value(bool, IS_SUBJECT_TAKEN, matcher.kind, matcher.value) is True


SET_SUBJECT = """
    UPDATE parties_clients SET matcher_kind = $2, matcher_value = $3 WHERE client_id = $1
"""


async def set_subject(tx: Transaction, client_id: str, matcher: SubjectMatcher) -> None:
    """Let another subject count for a client, and the earlier one no more."""
    await tx.execute(SET_SUBJECT, client_id, matcher.kind, matcher.value)


SET_CONSTRAINT = "UPDATE parties_clients SET sender_constraint = $2 WHERE client_id = $1"


async def set_constraint(tx: Transaction, client_id: str, constraint: SenderConstraint) -> None:
    """Keep what a client's tokens are bound to from now on."""
    await tx.execute(SET_CONSTRAINT, client_id, constraint)


SET_REDIRECTS = "UPDATE parties_clients SET redirect_uris = $2 WHERE client_id = $1"


async def set_redirects(tx: Transaction, client_id: str, redirect_uris: frozenset[str]) -> None:
    """Let answers over a browser go to these addresses, and to no others."""
    await tx.execute(SET_REDIRECTS, client_id, sorted(redirect_uris))


SET_STANDING = "UPDATE parties_clients SET state = $2 WHERE client_id = $1"


async def set_standing(tx: Transaction, client_id: str, state: Standing) -> None:
    """Keep a client's new standing."""
    await tx.execute(SET_STANDING, client_id, state)


# Never later than before: what was to end soon does not live on because it is ended once more.
END_KEYS = """
    UPDATE parties_client_keys SET ends_at = least(ends_at, $3)
    WHERE client_id = $1 AND key_id = ANY ($2::text[])
"""


async def end_keys(tx: Transaction, client_id: str, key_ids: list[str], *, at: datetime) -> None:
    """End keys of a client; the rows stay, as pins of the past verify what was signed then."""
    await tx.execute(END_KEYS, client_id, key_ids, at)


LIST_CLIENT_IDS = "SELECT client_id FROM parties_clients WHERE bank_id = $1 ORDER BY client_id"


async def list_client_ids(tx: Transaction, bank_id: str) -> list[str]:
    """Return the ids of a bank's clients, whatever their standing."""
    rows = await tx.fetch_rows(dict[str, str], LIST_CLIENT_IDS, bank_id)
    return [row["client_id"] for row in rows]


ADD_SUSPENSION = """
    INSERT INTO parties_suspensions
        (act_digest, bank_id, suspended_by, suspended_at, act, signature)
    VALUES (sha256($1), $2, $3, $4, $1, $5)
    ON CONFLICT DO NOTHING
"""


async def add_suspension(tx: Transaction, suspension: SignedSuspension, *, encoded: bytes) -> bool:
    """Tell whether this act, as it was signed, is kept for the first time."""
    act = suspension.act
    row = (encoded, act.bank_id, act.operator_id, tx.now, suspension.signature)
    return await tx.execute(ADD_SUSPENSION, *row) == 1
