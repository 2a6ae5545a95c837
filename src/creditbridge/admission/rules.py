"""What an idempotency key says about a request that comes again. Pure: the clock is an argument.

As in the IETF draft "The Idempotency-Key HTTP Header Field", with the house's times.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from creditbridge.admission.model import KeyState, TakenKey
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.protocols.rate_limit_fields import Allowance

KEY_CHARACTERS_MAX = 255
LOOKS_RULE = "looks-per-enterprise"
LOOKS_RULE_VERSION = "1"
BUSINESS_ID_CHARACTERS_MAX = 64

# A structured string (RFC 9651, section 3.3.3): printable ASCII, quote and backslash escaped.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r'\\(["\\])')
_BARE = re.compile(r"[!#-\[\]-~]+")
_BUSINESS_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")


class KeyMissing(Malformed):
    """The request needs an Idempotency-Key."""

    code = "idempotency-key-missing"
    message = "Send an Idempotency-Key header, so that the request can be repeated safely."


class KeyMalformed(Malformed):
    """The Idempotency-Key is no structured string of sensible length."""

    code = "idempotency-key-malformed"
    message = "The Idempotency-Key must be one string of 1 to 255 printable ASCII characters."


class KeyInFlight(Refused):
    """The same request is being worked on."""

    code = "idempotency-in-flight"
    message = "A request with this Idempotency-Key is still being answered; ask again shortly."


class KeyReused(Refused):
    """The key was used for another request."""

    code = "idempotency-key-reused"
    message = "This Idempotency-Key belongs to another request; use a new key."


class AnswerGone(Refused):
    """The request was answered, and the answer is no longer kept; it is not asked for again.

    `receipt` is the ledger's receipt for the answer, `event_id` the event that decided.
    """

    code = "answer-gone"
    message = "The answer was given and is no longer kept; the receipt proves it."

    def __init__(self, *, receipt: bytes | None, event_id: str, detail: str = "") -> None:
        super().__init__(detail=detail)
        self.receipt = receipt
        self.event_id = event_id
        if receipt is not None:
            # The bytes as a byte sequence (RFC 9651, section 3.3.5).
            self.receipt_header = f":{b64encode(receipt).decode('ascii')}:"


class RateLimited(Refused):
    """A client has spent a quota, or several.

    `allowances` are those of all its quotas; `policy` is the spent one that lasts longest, for
    `retry_after_seconds`.
    """

    code = "rate-limited"
    message = "The limit for this client is reached; repeat after the time in Retry-After."

    def __init__(self, allowances: tuple[Allowance, ...], spent: Sequence[Allowance]) -> None:
        last = max(spent, key=lambda one: one.reset_seconds)
        super().__init__(detail=last.policy)
        self.allowances = allowances
        self.policy = last.policy
        self.retry_after_seconds = last.reset_seconds


class EnterpriseLimited(Refused):
    """A bank has taken all the reports about one enterprise that it may in a window."""

    code = "enterprise-limited"
    message = (
        "Your bank has taken as many reports about this enterprise as it may for now; "
        "come again after the time in Retry-After."
    )

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class NonceReplayed(Refused):
    """The nonce of a signed message came a second time."""

    code = "signature-replayed"
    message = "This signed message was received before; sign each message with a new nonce."


class BusinessIdMalformed(Malformed):
    """A bank's business request id of another shape."""

    code = "business-id-malformed"
    message = "The business request id must be 1 to 64 letters, digits and . _ : / -"


class BusinessIdTaken(Refused):
    """The bank's business request id was used before, by whichever of its clients.

    `same_request` tells whether it was for a request with the same fingerprint.
    """

    code = "business-id-taken"
    message = "The bank has used this business request id; one business request is one query."

    def __init__(self, *, same_request: bool) -> None:
        super().__init__()
        self.same_request = same_request


def parse_key(header: str | None) -> str:
    """Return the key out of its header; a structured string and its bare form are equal.

    Raises:
        KeyMissing: no header.
        KeyMalformed: another shape.
    """
    if header is None:
        raise KeyMissing
    text = header.strip(" \t")
    if (quoted := _QUOTED.fullmatch(text)) is not None:
        # Unescaped, so that two spellings of one key cannot buy two queries.
        key = _ESCAPED.sub(r"\1", quoted[1])
    elif _BARE.fullmatch(text) is not None:
        key = text
    else:
        raise KeyMalformed
    if not 0 < len(key) <= KEY_CHARACTERS_MAX:
        raise KeyMalformed
    return key


def require_business_id(text: str) -> str:
    """Return a bank's business request id.

    Raises:
        BusinessIdMalformed: another shape.
    """
    if len(text) > BUSINESS_ID_CHARACTERS_MAX or _BUSINESS_ID.fullmatch(text) is None:
        raise BusinessIdMalformed
    return text


def fingerprint_of(method: str, target: str, body: bytes) -> bytes:
    """Return what tells one request from another: SHA-256 over its three parts, 32 bytes."""
    parts = (method.encode(), target.encode(), body)
    # Each part by its own digest: no byte can move from one part into the next.
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def require_answer(taken: TakenKey, fingerprint: bytes, *, now: datetime) -> bytes:
    """Return the sealed answer that was given under a key.

    Raises:
        KeyReused: the key belongs to another request.
        KeyInFlight: nothing is decided yet.
        AnswerGone: the answer is no longer kept.
    """
    # The other request first: whoever sends it learns nothing of how the first one ended.
    if taken.fingerprint != fingerprint:
        raise KeyReused
    if taken.state is KeyState.IN_FLIGHT:
        raise KeyInFlight
    # The row may wait for its purge: the promise of minutes holds by the instant (law 9).
    if taken.sealed is None or taken.body_until is None or now >= taken.body_until:
        raise answer_gone(taken)
    return taken.sealed


def answer_gone(taken: TakenKey, *, detail: str = "") -> AnswerGone:
    """Return the error for an answer that is no longer there."""
    return AnswerGone(receipt=taken.receipt, event_id=taken.event_id or "", detail=detail)
