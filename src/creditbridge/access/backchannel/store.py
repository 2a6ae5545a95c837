"""The rows of requests that wait for a person. One whose tokens were fetched has none."""

from datetime import datetime, timedelta

import msgspec

from creditbridge.access.backchannel.model import (
    INTERVAL_SECONDS,
    SLOWER_SECONDS,
    Outcome,
    Polled,
    SentRequest,
    WaitingRequest,
)
from creditbridge.foundation.database import Transaction

PURGE_ROWS_MAX = 1_000
WAITING_MAX = 50
KEPT = timedelta(days=1)  # After its end, so that its client learns of that.

KEEP = """
    INSERT INTO access_backchannel_requests (request_id, auth_req_digest, client_id, uscc, pushed,
        asked_at, expires_at, interval_seconds)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def keep(
    tx: Transaction,
    auth_req_digest: bytes,
    request_id: str,
    pushed: SentRequest,
    *,
    expires_at: datetime,
) -> None:
    """Keep a request under the digest of what its client polls with."""
    request, encoded = pushed.request, msgspec.json.encode(pushed)
    await tx.execute(
        KEEP,
        request_id,
        auth_req_digest,
        request.client_id,
        request.uscc,
        encoded,
        tx.now,
        expires_at,
        INTERVAL_SECONDS,
    )


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits, as its row says."""

    request_id: str
    pushed: bytes
    asked_at: datetime
    expires_at: datetime

    def to_request(self) -> WaitingRequest:
        """Return the request."""
        return WaitingRequest(
            request_id=self.request_id,
            pushed=msgspec.json.decode(self.pushed, type=SentRequest),
            asked_at=self.asked_at,
            expires_at=self.expires_at,
        )


LIST = """
    SELECT request_id, pushed, asked_at, expires_at FROM access_backchannel_requests
    WHERE uscc = $1 AND outcome IS NULL AND expires_at > $2
    ORDER BY asked_at DESC, request_id DESC LIMIT $3
"""


async def list_waiting(tx: Transaction, uscc: str) -> list[WaitingRequest]:
    """Return up to fifty requests that wait for an enterprise, the latest first."""
    rows = await tx.fetch_rows(WaitingRow, LIST, uscc, tx.now, WAITING_MAX)
    return [row.to_request() for row in rows]


FIND = """
    SELECT request_id, pushed, asked_at, expires_at FROM access_backchannel_requests
    WHERE request_id = $1 AND uscc = $2 AND outcome IS NULL AND expires_at > $3
"""


async def find_waiting(tx: Transaction, request_id: str, *, uscc: str) -> WaitingRequest | None:
    """Return a request that waits for this enterprise."""
    row = await tx.fetch_row(WaitingRow, FIND, request_id, uscc, tx.now)
    return None if row is None else row.to_request()


# One decision: of N at once the others wait here, and find no open row afterwards.
LOCK = """
    WITH locked AS MATERIALIZED (
        SELECT request_id, pushed, asked_at, expires_at FROM access_backchannel_requests
        WHERE request_id = $1 AND uscc = $2 AND outcome IS NULL FOR UPDATE
    )
    SELECT *, house_now() FROM locked
"""


async def lock_waiting(tx: Transaction, request_id: str, *, uscc: str) -> WaitingRequest | None:
    """Return a request that nobody has decided, expired ones too, for the one decision on it.

    `tx.now` is an instant under the lock.
    """
    row = await tx.fetch_row_now(WaitingRow, LOCK, request_id, uscc)
    return None if row is None else row.to_request()


CLOSE = """
    UPDATE access_backchannel_requests
    SET outcome = $2, grant_id = $3, authenticated_at = $4, expires_at = greatest(expires_at, $5)
    WHERE request_id = $1
"""


async def close(
    tx: Transaction,
    request_id: str,
    outcome: Outcome,
    *,
    grant_id: str | None,
    authenticated_at: datetime | None,
    fetch_until: datetime,
) -> None:
    """Write down the decision on a request that this transaction holds."""
    await tx.execute(CLOSE, request_id, outcome, grant_id, authenticated_at, fetch_until)


# One statement judges the poll and lengthens the wait: two at once are one in time, one too early.
# The instant is one under the lock.
POLL = """
    WITH locked AS MATERIALIZED (
        SELECT * FROM access_backchannel_requests
        WHERE auth_req_digest = $1 AND client_id = $2 FOR UPDATE
    ), timed AS MATERIALIZED (
        SELECT locked.*, house_now() AS house_now FROM locked
    ), judged AS MATERIALIZED (
        SELECT timed.*, coalesce(
            timed.house_now < polled_at + make_interval(secs => interval_seconds), false
        ) AS is_early FROM timed
    )
    UPDATE access_backchannel_requests AS waiting SET
        polled_at = judged.house_now,
        interval_seconds = waiting.interval_seconds
            + CASE WHEN judged.is_early THEN $3 ELSE 0 END
    FROM judged WHERE waiting.request_id = judged.request_id
    RETURNING waiting.request_id, waiting.expires_at, waiting.outcome, waiting.grant_id,
        waiting.authenticated_at, judged.is_early, judged.house_now
"""


async def poll(tx: Transaction, auth_req_digest: bytes, *, client_id: str) -> Polled | None:
    """Return a client's request as this poll finds it, and hold it; None where there is none.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(Polled, POLL, auth_req_digest, client_id, SLOWER_SECONDS)


SPEND = "DELETE FROM access_backchannel_requests WHERE request_id = $1"


async def spend(tx: Transaction, request_id: str) -> None:
    """End a request that this transaction holds: its tokens are given."""
    await tx.execute(SPEND, request_id)


# What was approved and never fetched gave nothing, and can give nothing any more.
PURGE_GRANTS = """
    DELETE FROM access_grants WHERE grant_id IN (
        SELECT grant_id FROM access_backchannel_requests
        WHERE expires_at <= $1 AND grant_id IS NOT NULL
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""
PURGE = """
    DELETE FROM access_backchannel_requests WHERE request_id IN (
        SELECT request_id FROM access_backchannel_requests WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 requests that ended a day ago, and grants that nobody fetched."""
    ended = tx.now - KEPT
    deleted = await tx.execute(PURGE_GRANTS, ended, PURGE_ROWS_MAX)
    return deleted + await tx.execute(PURGE, ended, PURGE_ROWS_MAX)
