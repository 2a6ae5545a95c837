"""The rows of tries and sessions, found by the digest of a secret that only the browser holds."""

from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.login.model import SignInTry

PURGE_ROWS_MAX = 1_000

KEEP_TRY = """
    INSERT INTO login_tries
        (state_digest, binding_digest, nonce, code_verifier, return_to, expires_at,
        authenticated_after)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# One statement spends the try: of two ways back with one state, one gets the row. Another browser
# gets none and spends none, so that nobody can end a try by guessing at it.
TAKE_TRY = """
    DELETE FROM login_tries
    WHERE state_digest = $1 AND binding_digest = $2 AND expires_at > $3
    RETURNING nonce, code_verifier, return_to, authenticated_after
"""

OPEN_SESSION = """
    INSERT INTO login_sessions
        (cookie_digest, person_id, uscc, signed_in_at, seen_at, ends_at, anew)
    VALUES ($1, $2, $3, $4, $4, $5, $6)
"""

# Finding a session is using it, which puts off its idle end; its absolute end stays.
USE_SESSION = """
    UPDATE login_sessions SET seen_at = $2
    WHERE cookie_digest = $1 AND ends_at > $2 AND seen_at > $3
    RETURNING person_id, uscc, signed_in_at, ends_at, anew
"""

CLOSE_SESSION = "DELETE FROM login_sessions WHERE cookie_digest = $1"

CLOSE_SESSIONS_OF = """
    DELETE FROM login_sessions WHERE person_id = $1 AND (uscc = $2 OR $2::text IS NULL)
"""

PURGE_TRIES = """
    DELETE FROM login_tries WHERE state_digest IN (
        SELECT state_digest FROM login_tries WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""

PURGE_SESSIONS = """
    DELETE FROM login_sessions WHERE cookie_digest IN (
        SELECT cookie_digest FROM login_sessions WHERE ends_at <= $1
        ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its row says; the form token follows from the cookie."""

    person_id: str
    uscc: str
    signed_in_at: datetime
    ends_at: datetime
    anew: bool


async def keep_try(
    tx: Transaction,
    attempt: SignInTry,
    *,
    state_digest: bytes,
    binding_digest: bytes,
    expires_at: datetime,
) -> None:
    """Keep a try under the digests of its state and of its browser's cookie."""
    await tx.execute(
        KEEP_TRY,
        state_digest,
        binding_digest,
        attempt.nonce,
        attempt.code_verifier,
        attempt.return_to,
        expires_at,
        attempt.authenticated_after,
    )


async def take_try(
    tx: Transaction, *, state_digest: bytes, binding_digest: bytes
) -> SignInTry | None:
    """Spend an open try of this browser; None if there is none."""
    return await tx.fetch_row(SignInTry, TAKE_TRY, state_digest, binding_digest, tx.now)


async def open_session(tx: Transaction, cookie_digest: bytes, session: SessionRow) -> None:
    """Keep a session that begins now."""
    await tx.execute(
        OPEN_SESSION,
        cookie_digest,
        session.person_id,
        session.uscc,
        session.signed_in_at,
        session.ends_at,
        session.anew,
    )


async def use_session(
    tx: Transaction, cookie_digest: bytes, *, seen_after: datetime
) -> SessionRow | None:
    """Return the live session and put off its idle end; None if idle too long, ended, unknown."""
    return await tx.fetch_row(SessionRow, USE_SESSION, cookie_digest, tx.now, seen_after)


async def close_session(tx: Transaction, cookie_digest: bytes) -> None:
    """Delete a session, if there is one."""
    await tx.execute(CLOSE_SESSION, cookie_digest)


async def close_sessions_of(tx: Transaction, person_id: str, uscc: str | None) -> int:
    """Delete a person's sessions, all or those for one enterprise; return how many."""
    return await tx.execute(CLOSE_SESSIONS_OF, person_id, uscc)


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 ended tries and as many ended sessions; return how many."""
    tries = await tx.execute(PURGE_TRIES, tx.now, PURGE_ROWS_MAX)
    return tries + await tx.execute(PURGE_SESSIONS, tx.now, PURGE_ROWS_MAX)
