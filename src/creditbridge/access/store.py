"""The tokens' rows. A revoked token has none."""

from collections.abc import Sequence

from creditbridge.access.model import Token, format_scopes
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.sharing import PerTransaction, PutOff

PURGE_ROWS_MAX = 1_000
ISSUING_LOCK = 0x61636365_73730001  # "access", 1

# Issuers share the lock, a revocation takes it alone: it waits for those that have read a client as
# active, deletes what they issued, and whoever comes next reads the client as it is then. The lock
# ends with the transaction.
STOP_ISSUERS = "SELECT pg_advisory_xact_lock($1)"

# Neither a scope nor an id holds a space; an array of arrays would be one array to `unnest`.
KEEP = """
    INSERT INTO access_tokens
        (token_digest, client_id, bank_id, scopes, thumbprint, proof_key, issued_at, expires_at,
        grant_id, consent_ids)
    SELECT token_digest, client_id, bank_id, string_to_array(scopes, ' '), thumbprint, proof_key,
        issued_at, expires_at, grant_id, string_to_array(consent_ids, ' ')
    FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[])
        AS given (token_digest, client_id, bank_id, scopes, thumbprint, proof_key, issued_at,
            expires_at, grant_id, consent_ids)
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


_joined: PerTransaction[set[int]] = PerTransaction(set)


async def join_issuers(tx: Transaction) -> None:
    """Hold off revocations until this transaction ends; taken before a client is read.

    What is read next is to bring the instant behind the lock. Whoever shares the transaction has
    joined already.
    """
    joined = _joined.of(tx)
    if not joined:
        await tx.share_lock(ISSUING_LOCK)
        joined.add(ISSUING_LOCK)


async def _write_tokens(tx: Transaction, rows: Sequence[tuple[bytes, Token]]) -> None:
    # Beside it the ledger takes its numbers: the two need one round trip.
    columns = zip(*(_columns_of(digest, token) for digest, token in rows), strict=True)
    await tx.join_next(KEEP, *map(list, columns))


def _columns_of(digest: bytes, token: Token) -> tuple[object, ...]:
    consents = None if token.consent_ids is None else format_scopes(token.consent_ids)
    return (
        digest,
        token.client_id,
        token.bank_id,
        format_scopes(token.scopes),
        token.thumbprint,
        token.proof_key,
        token.issued_at,
        token.expires_at,
        token.grant_id,
        consents,
    )


_kept = PutOff(_write_tokens)


def keep_token(tx: Transaction, token_digest: bytes, token: Token) -> None:
    """Keep a token under the digest of its secret, right before the transaction commits."""
    _kept.add(tx, (token_digest, token))


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
