"""The rows of the naive gateway: each statement takes a connection and commits alone."""

import hashlib

import asyncpg

FIND_CALLER = """
    SELECT client_id, thumbprint FROM tokens WHERE token_hash = $1 AND expires_at > now()
"""
TAKE_NONCE = "INSERT INTO nonces VALUES ($1, $2) ON CONFLICT DO NOTHING"
TAKE_KEY = "INSERT INTO idempotency VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
TAKE_USE = """
    UPDATE consents SET used = used + 1
    WHERE consent_id = $1 AND client_id = $2 AND uscc = $3 AND purpose = $4 AND sections @> $5
      AND valid_to > now() AND used < max_queries
    RETURNING used
"""
WRITE_INTENT = "INSERT INTO intents VALUES ($1, $2, $3, $4)"
WRITE_DELIVERY = "INSERT INTO deliveries VALUES ($1, $2, $3)"
KEEP_ANSWER = "UPDATE idempotency SET status = $3, body = $4 WHERE client_id = $1 AND key = $2"

ONE_ROW = "INSERT 0 1"


class Store:
    """Every row that a report writes or reads."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def find_token(self, secret: str) -> tuple[str, str] | None:
        """Return client and certificate thumbprint of a live token."""
        row = await self._pool.fetchrow(FIND_CALLER, hashlib.sha256(secret.encode()).digest())
        return None if row is None else (row["client_id"], row["thumbprint"])

    async def take_nonce(self, key_id: str, nonce: str) -> bool:
        """Spend a nonce; False where it was spent before."""
        return await self._pool.execute(TAKE_NONCE, key_id, nonce) == ONE_ROW

    async def take_key(self, client_id: str, key: str, body: bytes) -> bool:
        """Take an idempotency key; False where it was taken before."""
        fingerprint = hashlib.sha256(body).digest()
        return await self._pool.execute(TAKE_KEY, client_id, key, fingerprint) == ONE_ROW

    async def take_use(
        self, client_id: str, consent_id: str, *, uscc: str, purpose: str, sections: list[str]
    ) -> bool:
        """Take one use of a consent that covers the request; False where none does."""
        used = await self._pool.fetchval(TAKE_USE, consent_id, client_id, uscc, purpose, sections)
        return used is not None

    async def write_intent(
        self, report_id: str, consent_id: str, query_id: str, body: bytes
    ) -> None:
        """Write down what is about to be asked."""
        digest = hashlib.sha256(body).digest()
        await self._pool.execute(WRITE_INTENT, report_id, consent_id, query_id, digest)

    async def write_delivery(self, report_id: str, profile: bytes, signature: str) -> None:
        """Write down what is about to leave."""
        digest = hashlib.sha256(profile).digest()
        await self._pool.execute(WRITE_DELIVERY, report_id, digest, signature)

    async def keep_answer(self, client_id: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer under its idempotency key."""
        await self._pool.execute(KEEP_ANSWER, client_id, key, status, body)
