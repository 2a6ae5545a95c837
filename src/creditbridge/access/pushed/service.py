"""Pushed requests: kept, opened by whoever follows the link, decided once."""

import hashlib
import re
import secrets

from creditbridge.access.pushed import store
from creditbridge.access.pushed.model import (
    OPENED_LIFE,
    PUSHED_LIFE,
    REQUEST_URI_PREFIX,
    OpenedRequest,
    PushedAnswer,
    PushedRequest,
    RequestUriInvalid,
)
from creditbridge.foundation.database import Transaction
from creditbridge.parties.onboarding import is_client_id

URI_RANDOM_BYTES = 32
_REQUEST_URI = re.compile(re.escape(REQUEST_URI_PREFIX) + r"[A-Za-z0-9_-]{43}")


async def keep_request(tx: Transaction, pushed: PushedRequest) -> PushedAnswer:
    """Keep a request under a fresh address of 256 random bits, for 90 s until it is opened."""
    # A guess opens a page at most; who decides signs in. Yet the address is the client's alone.
    request_uri = REQUEST_URI_PREFIX + secrets.token_urlsafe(URI_RANDOM_BYTES)
    await store.keep(tx, _digest(request_uri), pushed, expires_at=tx.now + PUSHED_LIFE)
    return PushedAnswer(request_uri=request_uri, expires_in=int(PUSHED_LIFE.total_seconds()))


async def open_request(tx: Transaction, *, client_id: str, request_uri: str) -> OpenedRequest:
    """Return a client's request; from its first opening on it lives 15 minutes.

    Raises:
        RequestUriInvalid: unknown, another client's, expired, or decided.
    """
    _require_shape(client_id, request_uri)
    opened = await store.open_request(
        tx, _digest(request_uri), client_id=client_id, expires_at=tx.now + OPENED_LIFE
    )
    return _require(opened)


async def spend_request(tx: Transaction, *, client_id: str, request_uri: str) -> OpenedRequest:
    """Return a client's request that is decided now; it is spent with this transaction.

    Raises:
        RequestUriInvalid: never opened, expired, or decided before.
    """
    _require_shape(client_id, request_uri)
    return _require(await store.spend(tx, _digest(request_uri), client_id=client_id))


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 expired requests; return how many."""
    return await store.purge(tx)


def _require(opened: OpenedRequest | None) -> OpenedRequest:
    if opened is None:
        raise RequestUriInvalid
    return opened


def _require_shape(client_id: str, request_uri: str) -> None:
    # What no client can be called, and what is no address of ours, costs no query.
    if not is_client_id(client_id) or _REQUEST_URI.fullmatch(request_uri) is None:
        raise RequestUriInvalid


def _digest(request_uri: str) -> bytes:
    # Kept by digest: who reads the table can open nobody's request.
    return hashlib.sha256(request_uri.encode("ascii")).digest()
