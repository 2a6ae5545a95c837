"""Which token a client may take back (RFC 7009, section 2.1)."""

from datetime import datetime
from typing import TypeVar

from creditbridge.access.granted.model import RefreshToken
from creditbridge.access.model import InvalidRequest, OAuthError, Token

AnyToken = TypeVar("AnyToken", Token, RefreshToken)


class TokenUnnamed(InvalidRequest):
    """The request is about no token."""

    message = "The parameter token is missing."


class TokenForeign(OAuthError):
    """The token was issued to another client; it goes on living."""

    code = "token-foreign"
    oauth_code = "invalid_grant"
    message = "The token was issued to another client; only that client can revoke it."


def find_own(token: AnyToken | None, *, client_id: str, now: datetime) -> AnyToken | None:
    """Return the live token that a client may revoke; None where none is left to revoke.

    Raises:
        TokenForeign: another client's, of the same bank too.
    """
    # As unknown as one whose row was purged: the answer is the same on every node (section 2.2).
    if token is None or now >= token.expires_at:
        return None
    if token.client_id != client_id:
        raise TokenForeign
    return token
