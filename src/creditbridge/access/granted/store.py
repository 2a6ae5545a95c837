"""The rows of grants, and of codes and refresh tokens under them. What ended has none.

Whoever needs a grant together with what lies under it locks the grant first: who ends one, and who
gives something under one, then wait for each other and never in a circle. The database itself sees
to it that nothing under a grant outlives it.
"""

from datetime import datetime

import msgspec

from creditbridge.access.granted.model import Code, Grant, GrantedDetail, RefreshToken
from creditbridge.foundation.database import Transaction

PURGE_ROWS_MAX = 1_000
LIST_ROWS_MAX = 100

ADD_GRANT = """
    INSERT INTO access_grants (grant_id, client_id, bank_id, scopes, details, consent_ids,
        person_id, uscc, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def add_grant(tx: Transaction, grant: Grant) -> None:
    """Keep a new grant."""
    await tx.execute(
        ADD_GRANT,
        grant.grant_id,
        grant.client_id,
        grant.bank_id,
        sorted(grant.scopes),
        msgspec.json.encode(grant.details),
        list(grant.consent_ids),
        grant.person_id,
        grant.uscc,
        grant.made_at,
        grant.expires_at,
    )


ADD_CODE = """
    INSERT INTO access_codes (code_digest, grant_id, client_id, redirect_uri, code_challenge,
        proof_key, expires_at, authenticated_at, nonce)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_code(tx: Transaction, code_digest: bytes, code: Code) -> None:
    """Keep a new code under the digest of its secret."""
    await tx.execute(
        ADD_CODE,
        code_digest,
        code.grant_id,
        code.client_id,
        code.redirect_uri,
        code.code_challenge,
        code.proof_key,
        code.expires_at,
        code.authenticated_at,
        code.nonce,
    )


ADD_REFRESH = """
    INSERT INTO access_refresh_tokens (token_digest, grant_id, client_id, issued_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
"""


async def add_refresh_token(tx: Transaction, token_digest: bytes, token: RefreshToken) -> None:
    """Keep a new refresh token under the digest of its secret."""
    await tx.execute(
        ADD_REFRESH,
        token_digest,
        token.grant_id,
        token.client_id,
        token.issued_at,
        token.expires_at,
    )


# The grant is locked as whoever ends it would: of N that bring the code, the second sees what the
# first made of it. MATERIALIZED, so that the instant is one under the lock.
LOCK_CODE = """
    WITH locked AS MATERIALIZED (
        SELECT access_codes.* FROM access_codes JOIN access_grants USING (grant_id)
        WHERE code_digest = $1 FOR UPDATE OF access_grants
    )
    SELECT *, house_now() FROM locked
"""


async def lock_code(tx: Transaction, code_digest: bytes) -> Code | None:
    """Return the code of this digest, expired and spent ones too, and hold off its grant's end.

    `tx.now` is an instant under the lock. That it is unspent may be an old truth: `spend_code`
    tells.
    """
    return await tx.fetch_row_now(Code, LOCK_CODE, code_digest)


# One use, on any number of nodes: of N at once, one gets the row.
SPEND_CODE = """
    UPDATE access_codes SET spent_at = $2
    WHERE code_digest = $1 AND spent_at IS NULL AND expires_at > $2
"""


async def spend_code(tx: Transaction, code_digest: bytes) -> bool:
    """Tell whether this was the one use of the code."""
    return await tx.execute(SPEND_CODE, code_digest, tx.now) == 1


# Shared among those who refresh, and in the way of whoever ends the grant, or the token alone. The
# grant is locked first, for its clause stands first.
HOLD_REFRESH = """
    WITH held AS MATERIALIZED (
        SELECT access_refresh_tokens.*, scopes
        FROM access_refresh_tokens JOIN access_grants USING (grant_id)
        WHERE token_digest = $1
        FOR KEY SHARE OF access_grants FOR KEY SHARE OF access_refresh_tokens
    )
    SELECT *, house_now() FROM held
"""


async def hold_refresh_token(tx: Transaction, token_digest: bytes) -> RefreshToken | None:
    """Return the refresh token of this digest, an expired one too, and hold off its end.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(RefreshToken, HOLD_REFRESH, token_digest)


LOCK_REFRESH = """
    WITH locked AS MATERIALIZED (
        SELECT access_refresh_tokens.*, scopes
        FROM access_refresh_tokens JOIN access_grants USING (grant_id)
        WHERE token_digest = $1
        FOR UPDATE OF access_grants FOR UPDATE OF access_refresh_tokens
    )
    SELECT *, house_now() FROM locked
"""


async def lock_refresh_token(tx: Transaction, token_digest: bytes) -> RefreshToken | None:
    """Return the refresh token of this digest, and hold off whoever would use or end it.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(RefreshToken, LOCK_REFRESH, token_digest)


END_REFRESH = "DELETE FROM access_refresh_tokens WHERE token_digest = $1"
END_TOKENS = "DELETE FROM access_tokens WHERE grant_id = $1"


async def end_refresh_token(tx: Transaction, token_digest: bytes, *, grant_id: str) -> None:
    """End a refresh token that this transaction holds, and every access token of its grant."""
    await tx.execute(END_REFRESH, token_digest)
    await tx.execute(END_TOKENS, grant_id)


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """A grant's row: its details are JSON."""

    grant_id: str
    client_id: str
    bank_id: str
    scopes: frozenset[str]
    details: bytes
    person_id: str
    uscc: str
    made_at: datetime
    expires_at: datetime

    def to_grant(self) -> Grant:
        """Return the grant."""
        return Grant(
            grant_id=self.grant_id,
            client_id=self.client_id,
            bank_id=self.bank_id,
            scopes=self.scopes,
            details=msgspec.json.decode(self.details, type=tuple[GrantedDetail, ...]),
            person_id=self.person_id,
            uscc=self.uscc,
            made_at=self.made_at,
            expires_at=self.expires_at,
        )


FIND_GRANT = "SELECT * FROM access_grants WHERE grant_id = $1"


async def find_grant(tx: Transaction, grant_id: str) -> Grant | None:
    """Return a grant, an expired one too, whoever's."""
    return _read(await tx.fetch_row(GrantRow, FIND_GRANT, grant_id))


# The client is in the statement: another's grant is as absent as one that never was.
FIND_OWN_GRANT = """
    SELECT * FROM access_grants WHERE grant_id = $1 AND client_id = $2 AND expires_at > $3
"""


async def find_own_grant(tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
    """Return a client's own live grant."""
    return _read(await tx.fetch_row(GrantRow, FIND_OWN_GRANT, grant_id, client_id, tx.now))


# Codes, refresh tokens and access tokens under it go in the same statement, by their foreign keys;
# one that is being given waits for this, or this for it.
END_GRANT = "DELETE FROM access_grants WHERE grant_id = $1"


async def end_grant(tx: Transaction, grant_id: str) -> None:
    """End a grant that this transaction holds."""
    await tx.execute(END_GRANT, grant_id)


END_OWN_GRANT = """
    DELETE FROM access_grants WHERE grant_id = $1 AND client_id = $2 AND expires_at > $3
    RETURNING *
"""


async def end_own_grant(tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
    """End a client's own live grant and return it; None where there is none, or no more."""
    return _read(await tx.fetch_row(GrantRow, END_OWN_GRANT, grant_id, client_id, tx.now))


# In the order of their ids: two ends that share grants wait for each other, and not in a circle.
END_OF_CONSENT = """
    WITH ended AS MATERIALIZED (
        SELECT grant_id FROM access_grants WHERE consent_ids @> ARRAY[$1::text]
        ORDER BY grant_id FOR UPDATE
    )
    DELETE FROM access_grants USING ended WHERE access_grants.grant_id = ended.grant_id
    RETURNING access_grants.*
"""


async def end_grants_of_consent(tx: Transaction, consent_id: str) -> list[Grant]:
    """End every grant that names a consent and return them."""
    rows = await tx.fetch_rows(GrantRow, END_OF_CONSENT, consent_id)
    return [row.to_grant() for row in rows]


LIST_OF_CONSENT = """
    SELECT * FROM access_grants WHERE consent_ids @> ARRAY[$1::text] AND expires_at > $2
    ORDER BY grant_id LIMIT $3
"""


async def list_grants_of_consent(tx: Transaction, consent_id: str) -> list[Grant]:
    """Return up to a hundred live grants that name a consent, oldest first."""
    rows = await tx.fetch_rows(GrantRow, LIST_OF_CONSENT, consent_id, tx.now, LIST_ROWS_MAX)
    return [row.to_grant() for row in rows]


LOCK_OF_BANK = """
    SELECT FROM access_grants WHERE bank_id = $1 AND (client_id = $2 OR $2::text IS NULL)
    ORDER BY grant_id FOR UPDATE
"""


async def lock_grants(tx: Transaction, *, bank_id: str, client_id: str | None) -> None:
    """Lock the grants of a bank, or of one of its clients, before what lies under them."""
    await tx.execute(LOCK_OF_BANK, bank_id, client_id)


END_OF_BANK = """
    DELETE FROM access_grants WHERE bank_id = $1 AND (client_id = $2 OR $2::text IS NULL)
"""


async def end_grants(tx: Transaction, *, bank_id: str, client_id: str | None) -> int:
    """End the grants of a bank, or of one of its clients; return how many."""
    return await tx.execute(END_OF_BANK, bank_id, client_id)


PURGE_EXPIRED = """
    DELETE FROM access_grants WHERE grant_id IN (
        SELECT grant_id FROM access_grants WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""
# A code that nobody brought in time: nothing was given under its grant, and nothing can be any
# more. Both rows are locked, so that a code spent at this instant is seen as spent.
PURGE_UNSPENT = """
    DELETE FROM access_grants WHERE grant_id IN (
        SELECT grant_id FROM access_codes JOIN access_grants USING (grant_id)
        WHERE spent_at IS NULL AND access_codes.expires_at <= $1
        ORDER BY access_codes.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


async def purge_grants(tx: Transaction) -> int:
    """Delete up to 1,000 grants past their end and as many never taken up; return how many."""
    expired = await tx.execute(PURGE_EXPIRED, tx.now, PURGE_ROWS_MAX)
    return expired + await tx.execute(PURGE_UNSPENT, tx.now, PURGE_ROWS_MAX)


def _read(row: GrantRow | None) -> Grant | None:
    return None if row is None else row.to_grant()
