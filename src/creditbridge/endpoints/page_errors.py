"""Errors on the people's door, as a page that says what to do next."""

from litestar import Response
from litestar.exceptions import HTTPException

from creditbridge.access.model import OAuthError
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.problems import INTERNAL, PLAIN, interaction_of, status_of
from creditbridge.endpoints.views import ErrorView
from creditbridge.endpoints.visits import see_other, show
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.decide_authorization import SignInStale
from creditbridge.login.model import SessionMissing, SignInExpired, SignInRefused

log = get_logger("portal")

SIGN_IN = "/portal/sign-in"
BAD_REQUEST = 400
SERVER_ERROR = 500
# Where signing in again is the way on.
AGAIN = (SessionMissing, SignInExpired, SignInRefused, SignInStale)


def answer_page(
    request: HttpRequest, error: Exception, *, sign_in: str = SIGN_IN
) -> Response[bytes]:
    """Answer whatever was raised with a page; who is not signed in is led to the way in."""
    # Never for a form: what was typed would be lost without a word.
    if isinstance(error, SessionMissing) and request.method == "GET":
        return see_other(sign_in)
    code, status = _read(error)
    if status >= SERVER_ERROR:
        log.error("page.failed", exc_info=error)
    else:
        log.info("page.refused", code=code, status=status, detail=getattr(error, "detail", ""))
    view = ErrorView(
        code=code,
        interaction_id=interaction_of(request) or "",
        offers_sign_in=isinstance(error, AGAIN),
        sign_in=_way_in(error) or sign_in,
    )
    # Without the visitor: an error page must not fail on the session that was the error.
    return show(request, "error", None, view=view, status=status)


def _way_in(error: Exception) -> str | None:
    return error.return_to if isinstance(error, SignInRefused) else None


def _read(error: Exception) -> tuple[str, int]:
    # In the words that the standards have for it, as clients' engineers look them up.
    if isinstance(error, OAuthError):
        return error.oauth_code, BAD_REQUEST
    if isinstance(error, CreditbridgeError):
        return error.code, status_of(error)
    if isinstance(error, HTTPException) and error.status_code < SERVER_ERROR:
        return PLAIN.get(error.status_code, PLAIN[400])[0], error.status_code
    return INTERNAL[0], SERVER_ERROR
