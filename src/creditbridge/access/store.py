"""The tokens' rows. A revoked token has none."""

from creditbridge.access.model import Token
from creditbridge.foundation.database import Transaction

PURGE_ROWS_MAX = 1_000
ISSUING_LOCK = 0x61636365_73730001  # "access", 1

# Issuers share the lock, a revocation takes it alone: it waits for those that have read a client as
# active, deletes what they issued, and whoever comes next reads the client as it is then. The lock
# ends with the transaction.
JOIN_ISSUERS = "SELECT pg_advisory_xact_lock_shared($1)"
STOP_ISSUERS = "SELECT pg_advisory_xact_lock($1)"

KEEP = """
    INSERT INTO access_tokens
        (token_digest, client_id, bank_id, scopes, thumbprint, proof_key, issued_at, expires_at,
        grant_id, consent_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

# Read on every use, by primary key, joined with nothing: what ends a client or a bank deletes its
# tokens in its own transaction. With the instant, for it is the first thing asked of a request.
FIND = """
    SELECT client_id, bank_id, scopes, thumbprint, proof_key, issued_at, expires_at, grant_id,
        consent_ids, house_now()
    FROM access_tokens WHERE token_digest = $1
"""

# Without a client id: of all clients of the bank.
REVOKE = """
    DELETE FROM access_tokens
    WHERE bank_id = $1 AND (client_id = $2 OR $2::text IS NULL)
"""

# Only the client's own, and only once: whoever revokes at the same time finds nothing.
REVOKE_ONE = "DELETE FROM access_tokens WHERE token_digest = $1 AND client_id = $2"

PURGE = """
    DELETE FROM access_tokens WHERE token_digest IN (
        SELECT token_digest FROM access_tokens WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


async def join_issuers(tx: Transaction) -> None:
    """Hold off revocations until this transaction ends; taken before a client is read."""
    await tx.execute(JOIN_ISSUERS, ISSUING_LOCK)


async def keep_token(tx: Transaction, token_digest: bytes, token: Token) -> None:
    """Keep a token under the digest of its secret."""
    await tx.execute(
        KEEP,
        token_digest,
        token.client_id,
        token.bank_id,
        sorted(token.scopes),
        token.thumbprint,
        token.proof_key,
        token.issued_at,
        token.expires_at,
        token.grant_id,
        None if token.consent_ids is None else sorted(token.consent_ids),
    )


async def find_token(tx: Transaction, token_digest: bytes) -> Token | None:
    """Return the token of this digest, expired ones included; None if unknown or revoked.

    `tx.now` is the instant of the look.
    """
    return await tx.fetch_row_now(Token, FIND, token_digest)


async def stop_issuers(tx: Transaction) -> None:
    """Wait for all who issue, and hold them off until this transaction ends."""
    await tx.execute(STOP_ISSUERS, ISSUING_LOCK)


async def revoke_tokens(tx: Transaction, *, bank_id: str, client_id: str | None) -> int:
    """Delete the tokens of a bank, or of one of its clients; return how many."""
    return await tx.execute(REVOKE, bank_id, client_id)


async def revoke_token(tx: Transaction, token_digest: bytes, *, client_id: str) -> bool:
    """Delete one token of a client; tell whether this deleted it."""
    return await tx.execute(REVOKE_ONE, token_digest, client_id) == 1


async def purge_tokens(tx: Transaction) -> int:
    """Delete up to 1,000 expired tokens; return how many."""
    return await tx.execute(PURGE, tx.now, PURGE_ROWS_MAX)
