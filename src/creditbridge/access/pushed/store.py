"""The rows of pushed requests. One that was decided has none."""

from datetime import datetime

import msgspec

from creditbridge.access.pushed.model import OpenedRequest, PushedRequest
from creditbridge.foundation.database import Transaction

PURGE_ROWS_MAX = 1_000


class OpenedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An opened request as its row says."""

    pushed: bytes
    opened_at: datetime
    expires_at: datetime


KEEP = """
    INSERT INTO access_pushed_requests (uri_digest, client_id, pushed, pushed_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
"""


async def keep(
    tx: Transaction, uri_digest: bytes, pushed: PushedRequest, *, expires_at: datetime
) -> None:
    """Keep a request under the digest of its address."""
    encoded = msgspec.json.encode(pushed)
    await tx.execute(KEEP, uri_digest, pushed.request.client_id, encoded, tx.now, expires_at)


# The first who opens it gives it its later end; whoever comes after finds the same instants.
OPEN = """
    UPDATE access_pushed_requests SET
        opened_at = coalesce(opened_at, $3),
        expires_at = CASE WHEN opened_at IS NULL THEN $4 ELSE expires_at END
    WHERE uri_digest = $1 AND client_id = $2 AND expires_at > $3
    RETURNING pushed, opened_at, expires_at
"""


async def open_request(
    tx: Transaction, uri_digest: bytes, *, client_id: str, expires_at: datetime
) -> OpenedRequest | None:
    """Return a client's request, opened now or before; None if unknown, expired or decided."""
    row = await tx.fetch_row(OpenedRow, OPEN, uri_digest, client_id, tx.now, expires_at)
    return _read(row)


def _read(row: OpenedRow | None) -> OpenedRequest | None:
    if row is None:
        return None
    return OpenedRequest(
        pushed=msgspec.json.decode(row.pushed, type=PushedRequest),
        opened_at=row.opened_at,
        expires_at=row.expires_at,
    )


# One decision: of N that complete it at once, one gets the row.
SPEND = """
    DELETE FROM access_pushed_requests
    WHERE uri_digest = $1 AND client_id = $2 AND opened_at IS NOT NULL AND expires_at > $3
    RETURNING pushed, opened_at, expires_at
"""


async def spend(tx: Transaction, uri_digest: bytes, *, client_id: str) -> OpenedRequest | None:
    """Return the request for the one decision on it; None if never opened, expired or decided."""
    return _read(await tx.fetch_row(OpenedRow, SPEND, uri_digest, client_id, tx.now))


PURGE = """
    DELETE FROM access_pushed_requests WHERE uri_digest IN (
        SELECT uri_digest FROM access_pushed_requests WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 expired requests; return how many."""
    return await tx.execute(PURGE, tx.now, PURGE_ROWS_MAX)
