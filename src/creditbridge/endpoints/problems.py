"""Every refusal as problem details (RFC 9457). HTTP status is known in this file alone."""

from collections.abc import Mapping

import structlog
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from creditbridge.foundation.errors import (
    CreditbridgeError,
    Malformed,
    Refused,
    Unavailable,
    Untrusted,
)
from creditbridge.protocols.problem import Problem

log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
KINDS: Mapping[type[CreditbridgeError], int] = {
    Malformed: 400,
    Refused: 403,
    Untrusted: 502,
    Unavailable: 503,
}
# Where the code says more than its kind (PROTOCOLS, section 3: refusals of a report).
CODES: Mapping[str, int] = {
    "answer-gone": 410,
    "certificate-missing": 401,
    "content-digest-invalid": 401,
    "content-type-unsupported": 415,
    "enterprise-unknown": 404,
    "form-token-invalid": 403,
    "idempotency-in-flight": 409,
    "idempotency-key-reused": 422,
    "invalid-client": 401,
    "invalid-token": 401,
    "business-id-reused": 409,
    "not-found": 404,
    "platform-deadline": 504,
    "token-missing": 401,
}
# What the router or the server refuses before any handler runs.
PLAIN: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be understood as it stands."),
    404: ("not-found", "There is nothing at this address for this caller."),
    405: ("method-not-allowed", "This address does not answer to this method."),
    406: ("not-acceptable", "The answer is JSON; the Accept header excludes it."),
    413: ("body-too-large", "The body is larger than this address accepts."),
    415: ("content-type-unsupported", "Send the body as application/json."),
    429: ("too-many-requests", "The limit is reached; repeat after the time in Retry-After."),
}
INTERNAL_STATUS = 500
INTERNAL = ("internal-error", "The gateway failed; the request may be repeated.")


def status_of(error: CreditbridgeError) -> int:
    """Return the HTTP status of an error of the house."""
    if error.code.startswith("signature-") and isinstance(error, Untrusted | Refused):
        return 401
    if (status := CODES.get(error.code)) is not None:
        return status
    return next((status for kind, status in KINDS.items() if isinstance(error, kind)), 500)


def answer_error(
    request: Request[object, object, State], error: CreditbridgeError
) -> Response[bytes]:
    """Answer an error of the house; its detail goes to the log only."""
    status = status_of(error)
    log.info("request.refused", code=error.code, status=status, detail=error.detail)
    headers = dict[str, str]()
    if status == 401:  # noqa: PLR2004 - HTTP's own number
        headers["www-authenticate"] = f'Bearer error="{oauth_word(error.code)}"'
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(error.retry_after_seconds)
    return _answer(request, status, error.code, error.prose, headers)


def oauth_word(code: str) -> str:
    """Return what RFC 6750 calls a refusal of the caller."""
    return "invalid_token" if code != "invalid-client" else "invalid_client"


def answer_plain(request: Request[object, object, State], error: HTTPException) -> Response[bytes]:
    """Answer what the router refused: an unknown address, a wrong method, too large a body."""
    status = error.status_code
    if status >= INTERNAL_STATUS:
        return answer_unforeseen(request, error)
    code, prose = PLAIN.get(status, PLAIN[400])
    allowed = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
    return _answer(request, status, code, prose, allowed)


def answer_unforeseen(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    """Answer a defect of ours: the caller learns that it happened, the log learns what."""
    log.error("request.failed", exc_info=error)
    return _answer(request, INTERNAL_STATUS, *INTERNAL, {})


def _answer(
    request: Request[object, object, State],
    status: int,
    code: str,
    prose: str,
    headers: Mapping[str, str],
) -> Response[bytes]:
    problem = Problem(
        status=status, code=code, detail=prose, interaction_id=request.scope["state"]["interaction_id"]
    )
    return Response(
        problem.encode(),
        status_code=status,
        headers={"cache-control": "no-store", **headers},
        media_type=PROBLEM_MEDIA_TYPE,
    )


HANDLERS = {
    CreditbridgeError: answer_error,
    HTTPException: answer_plain,
    Exception: answer_unforeseen,
}
