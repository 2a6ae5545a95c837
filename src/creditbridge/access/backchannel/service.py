"""Requests without a browser: kept, found in the portal, decided once, polled by their client."""

import secrets
from datetime import datetime, timedelta

from creditbridge.access.backchannel import store
from creditbridge.access.backchannel.model import (
    FETCH_TIME,
    BackchannelAnswer,
    Outcome,
    RequestUnknown,
    SentRequest,
    WaitingRequest,
)
from creditbridge.access.tokens import digest_secret
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id, new_id

ID_RANDOM_BYTES = 32


async def keep_request(
    tx: Transaction, pushed: SentRequest, *, life: timedelta
) -> BackchannelAnswer:
    """Keep a request, and return what its client polls with: 256 random bits."""
    auth_req_id = secrets.token_urlsafe(ID_RANDOM_BYTES)
    # Another name for the portal: whoever reads a page there can fetch no token.
    request_id = new_id(Kind.REQUEST, now=tx.now)
    await store.keep(tx, digest_secret(auth_req_id), request_id, pushed, expires_at=tx.now + life)
    return BackchannelAnswer(auth_req_id=auth_req_id, expires_in=int(life.total_seconds()))


async def list_requests(tx: Transaction, uscc: str) -> list[WaitingRequest]:
    """Return up to fifty requests that wait for an enterprise, the latest first."""
    return await store.list_waiting(tx, uscc)


async def get_request(tx: Transaction, request_id: str, *, uscc: str) -> WaitingRequest:
    """Return a request that waits for this enterprise.

    Raises:
        RequestUnknown: there is none, or no longer.
    """
    found = None
    if is_id(Kind.REQUEST, request_id):
        found = await store.find_waiting(tx, request_id, uscc=uscc)
    if found is None:
        raise RequestUnknown
    return found


async def take_request(tx: Transaction, request_id: str, *, uscc: str) -> WaitingRequest:
    """Return a request for the one decision on it; until the transaction ends nobody else can.

    Raises:
        RequestUnknown: there is none, or it was decided, or is too late for that.
    """
    found = None
    if is_id(Kind.REQUEST, request_id):
        found = await store.lock_waiting(tx, request_id, uscc=uscc)
    if found is None or tx.now >= found.expires_at:
        raise RequestUnknown
    return found


async def approve_request(
    tx: Transaction, request_id: str, *, grant_id: str, authenticated_at: datetime
) -> None:
    """Let the client of a request that was taken fetch its tokens, for a minute at least."""
    await store.close(
        tx,
        request_id,
        Outcome.APPROVED,
        grant_id=grant_id,
        authenticated_at=authenticated_at,
        fetch_until=tx.now + FETCH_TIME,
    )


async def refuse_request(tx: Transaction, request_id: str) -> None:
    """Let the client of a request that was taken learn of a no, for a minute at least."""
    await store.close(
        tx,
        request_id,
        Outcome.REFUSED,
        grant_id=None,
        authenticated_at=None,
        fetch_until=tx.now + FETCH_TIME,
    )
