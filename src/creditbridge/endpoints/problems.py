"""Every refusal as problem details (RFC 9457). HTTP status is known in this file alone."""

from collections.abc import Mapping

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from creditbridge.admission.rules import EnterpriseLimited, RateLimited
from creditbridge.consents.model import ConsentFrequency
from creditbridge.endpoints.exchange import HttpRequest, header
from creditbridge.foundation.errors import (
    CreditbridgeError,
    Malformed,
    Refused,
    Unavailable,
    Untrusted,
)
from creditbridge.foundation.logging import get_logger
from creditbridge.protocols.dpop import ALGORITHMS
from creditbridge.protocols.problem import MEDIA_TYPE, FieldProblem, Problem
from creditbridge.protocols.strict_json import JsonMalformed

log = get_logger("endpoints")

KINDS: Mapping[type[CreditbridgeError], int] = {
    Malformed: 400,
    Refused: 403,
    Untrusted: 502,
    Unavailable: 503,
}
# Where the code says more than its kind.
CODES: Mapping[str, int] = {
    "answer-gone": 410,
    "business-id-taken": 409,
    "certificate-missing": 401,
    "certificate-revoked": 401,
    "certificate-unfit": 401,
    "certificate-unregistered": 401,
    "certificate-untrusted": 401,
    # Allowed, and too soon: the same words as for any other rate.
    "consent-frequency": 429,
    "consent-unknown": 404,
    "content-digest-invalid": 401,
    "content-type-unsupported": 415,
    "change-unknown": 404,
    "client-unknown": 404,
    "dispute-open": 409,
    "document-unknown": 404,
    "dispute-unknown": 404,
    "disputes-too-many": 429,
    "enterprise-limited": 429,
    "enterprise-unknown": 404,
    "bank-unknown": 404,
    "idempotency-in-flight": 409,
    "idempotency-key-reused": 422,
    "invalid-client": 401,
    "invalid-dpop-proof": 401,
    "invalid-token": 401,
    # Our own rows do not fit together: nothing that a caller or a platform did.
    "dispute-unreadable": 500,
    "ledger-corrupt": 500,
    "ledger-seal-broken": 500,
    "ledger-tile-missing": 500,
    "look-unknown": 404,
    "not-acceptable": 406,
    "not-found": 404,
    "opening-unsound": 500,
    "platform-deadline": 504,
    "platform-refused": 502,
    "rate-limited": 429,
    "request-unknown": 404,
    "review-not-possible": 409,
    "revocation-unknown": 401,
    "session-missing": 401,
    "token-missing": 401,
    "use-dpop-nonce": 401,
}
# What the router or the server refuses before any handler runs.
PLAIN: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be understood as it stands."),
    404: ("not-found", "There is nothing at this address for this caller."),
    405: ("method-not-allowed", "This address does not answer to this method."),
    406: ("not-acceptable", "The Accept header excludes what this address answers with."),
    413: ("body-too-large", "The body is larger than this address accepts."),
    415: ("content-type-unsupported", "Send the body as application/json."),
}
CERTIFICATE_CODES = frozenset(
    {
        "certificate-revoked",
        "certificate-unfit",
        "certificate-unregistered",
        "certificate-untrusted",
        "revocation-unknown",
    }
)
UNAUTHORIZED = 401
# What a challenge calls an error of the proof (RFC 9449, sections 7.1 and 9).
PROOF_ERRORS: Mapping[str, str] = {
    "invalid-dpop-proof": "invalid_dpop_proof",
    "use-dpop-nonce": "use_dpop_nonce",
}
ALGORITHM_LIST = f'algs="{" ".join(ALGORITHMS)}"'
SERVER_ERROR = 500
TOO_LARGE = 413
INTERNAL = ("internal-error", "The gateway failed; the request may be repeated.")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An error as HTTP tells it."""

    status: int
    headers: Mapping[str, str]
    problem: Problem


def status_of(error: CreditbridgeError) -> int:
    """Return the HTTP status of an error of the house."""
    # A caller's signature; a platform's is told by the platform's own codes.
    if error.code.startswith("signature-"):
        return UNAUTHORIZED
    if (status := CODES.get(error.code)) is not None:
        return status
    # A kind that is none of the four is a fault of the house, and no caller can mend it.
    return next((status for kind, status in KINDS.items() if isinstance(error, kind)), SERVER_ERROR)


def tell(
    error: CreditbridgeError, *, interaction_id: str | None = None, is_dpop: bool = False
) -> Told:
    """Return an error of the house as HTTP tells it; its detail stays in the log.

    `is_dpop` tells whether the token came under that scheme (RFC 9449, section 7.1).
    """
    status = status_of(error)
    headers = {"cache-control": "no-store", "content-type": MEDIA_TYPE}
    if status == UNAUTHORIZED:
        # A 401 without a challenge is no 401 (RFC 9110, section 11.6.1).
        headers["www-authenticate"] = _challenge(error.code, is_dpop=is_dpop)
    if error.code in CERTIFICATE_CODES:
        # Its TLS connection must not go on: a new one needs a certificate that is good (T3).
        headers["connection"] = "close"
    next_at = error.next_at if isinstance(error, ConsentFrequency) else None
    if isinstance(error, Unavailable | RateLimited | EnterpriseLimited | ConsentFrequency):
        # Without it every client invents its own wait, and an outage ends in a storm.
        headers["retry-after"] = str(error.retry_after_seconds)
    if error.receipt_header is not None:
        headers["creditbridge-receipt"] = error.receipt_header
    problem = Problem(
        status=status,
        code=error.code,
        detail=error.prose,
        instance=error.decision_id,
        # What is given again with the same bytes names no single exchange.
        interaction_id=None if error.is_kept else interaction_id,
        errors=_fields(error),
        next_at=next_at,
    )
    return Told(status=status, headers=headers, problem=problem)


def answer_error(request: HttpRequest, error: CreditbridgeError) -> Response[bytes]:
    """Answer an error of the house."""
    told = tell(error, interaction_id=interaction_of(request), is_dpop=_is_dpop(request))
    # A refusal is the gateway at work; only what a person here should look at is a warning.
    say = log.info if told.status < SERVER_ERROR else log.warning
    say("request.refused", code=error.code, status=told.status, detail=error.detail)
    return _answer(told)


def answer_plain(request: HttpRequest, error: HTTPException) -> Response[bytes]:
    """Answer what the router refused: an unknown address, a wrong method, too large a body."""
    # The router turns what a handler raised into one of these: still a defect of ours.
    if error.status_code >= SERVER_ERROR:
        return answer_unforeseen(request, error)
    code, prose = PLAIN.get(error.status_code, PLAIN[400])
    headers = {"cache-control": "no-store", "content-type": MEDIA_TYPE}
    # A 405 must name what is allowed (RFC 9110, section 15.5.6).
    if "allow" in (sent := error.headers or {}):
        headers["allow"] = sent["allow"]
    return _answer(_told(request, error.status_code, code, prose, headers))


def answer_unforeseen(request: HttpRequest, error: Exception) -> Response[bytes]:
    """Answer a defect of ours: the caller learns that it happened, the log learns what."""
    log.error("request.failed", exc_info=error)
    headers = {"cache-control": "no-store", "content-type": MEDIA_TYPE}
    return _answer(_told(request, SERVER_ERROR, *INTERNAL, headers))


def interaction_of(request: HttpRequest) -> str | None:
    """Return the exchange's interaction id."""
    found: object = request.scope["state"].get("interaction_id")
    return found if isinstance(found, str) else None


def _told(
    request: HttpRequest, status: int, code: str, prose: str, headers: Mapping[str, str]
) -> Told:
    problem = Problem(
        status=status, code=code, detail=prose, interaction_id=interaction_of(request)
    )
    return Told(status=status, headers=headers, problem=problem)


def _is_dpop(request: HttpRequest) -> bool:
    sent = (header(request, "authorization") or "").strip(" \t")
    return sent.partition(" ")[0].lower() == "dpop"


def _challenge(code: str, *, is_dpop: bool) -> str:
    # No token at all: the challenge bears no error (RFC 6750, section 3.1).
    if code == "token-missing":
        return f"Bearer, DPoP {ALGORITHM_LIST}"
    if is_dpop:
        return f'DPoP error="{PROOF_ERRORS.get(code, "invalid_token")}", {ALGORITHM_LIST}'
    # Whose token is bound to a key learns here under which scheme it works (RFC 9449, section 7.2).
    return f'Bearer error="invalid_token", DPoP {ALGORITHM_LIST}'


def _fields(error: CreditbridgeError) -> tuple[FieldProblem, ...]:
    if isinstance(error, JsonMalformed) and error.pointer:
        return (FieldProblem(pointer=error.pointer, detail=error.prose),)
    return ()


def _answer(told: Told) -> Response[bytes]:
    return Response(
        told.problem.encode(),
        status_code=told.status,
        headers=dict(told.headers),
        media_type=MEDIA_TYPE,
    )


def answer_any(request: HttpRequest, error: Exception) -> Response[bytes]:
    """Answer whatever was raised: the one broad net, at the edge."""
    if isinstance(error, CreditbridgeError):
        return answer_error(request, error)
    if isinstance(error, HTTPException):
        return answer_plain(request, error)
    return answer_unforeseen(request, error)
