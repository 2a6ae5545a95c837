"""What a token request may ask, and what a token opens. Pure: the clock is an argument."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from creditbridge.access.model import (
    Credential,
    InvalidScope,
    ScopeInsufficient,
    Token,
    TokenInvalid,
    TokenMisplaced,
    TokenMissing,
    TokenUnbound,
)
from creditbridge.protocols.certificate_binding import PeerCertificate

SCOPE_CHARACTERS_MAX = 1024
SCHEMES = frozenset({"bearer", "dpop"})  # RFC 6750, section 2.1; RFC 9449, section 7.1
_SCOPES = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
# `b64token`, exactly as we issue it: the prefix and 256 bits in base64url.
_TOKEN = re.compile(r"cbt_[A-Za-z0-9_-]{43}")


def decide_scopes(asked: str | None, registered: frozenset[str]) -> frozenset[str]:
    """Return the scopes to grant: those asked, or all registered ones where none is named.

    Raises:
        InvalidScope: malformed, not registered for this client, or nothing to grant.
    """
    # The default of an absent `scope` is ours to choose and to publish (RFC 6749, section 3.3).
    if asked is None:
        scopes = registered
    elif len(asked) > SCOPE_CHARACTERS_MAX or _SCOPES.fullmatch(asked) is None:
        raise InvalidScope(detail="malformed scope")
    else:
        scopes = frozenset(asked.split(" "))
    # All or nothing: a token with less than was asked for fails later, where nobody looks for the
    # reason.
    if not scopes or not scopes <= registered:
        raise InvalidScope
    return scopes


def read_credential(
    authorization: Sequence[str], *, parameter_names: Collection[str] = ()
) -> Credential:
    """Return the token of a request to a resource; its shape is checked, nothing else.

    `authorization` holds every Authorization header, `parameter_names` the names in the query and
    in a form body.

    Raises:
        TokenMisplaced: in the query or the body, or more than one header.
        TokenMissing: no header, or another scheme.
        TokenInvalid: not of the shape that this house issues.
    """
    # Query and body end in logs and histories; FAPI 2.0 (section 5.3.4) wants the header alone.
    if "access_token" in parameter_names or len(authorization) > 1:
        raise TokenMisplaced
    scheme, _, token = (authorization[0] if authorization else "").strip(" \t").partition(" ")
    # The scheme's case does not matter (RFC 9110, section 11.1).
    if (scheme := scheme.lower()) not in SCHEMES:
        raise TokenMissing
    token = token.lstrip(" ")
    # A malformed token is `invalid_token` as well (RFC 6750, section 3.1), and needs no look-up.
    if _TOKEN.fullmatch(token) is None:
        raise TokenInvalid(detail="malformed")
    return Credential(scheme=scheme, secret=token)


def require_live(token: Token | None, *, now: datetime) -> Token:
    """Return the token while it lives.

    Raises:
        TokenInvalid: unknown, revoked (both: no row) or expired; valid while `now` < its end.
    """
    if token is None:
        raise TokenInvalid(detail="unknown or revoked")
    # The row may outlive its end until a purge: the instant decides, not its presence.
    if now >= token.expires_at:
        raise TokenInvalid(detail="expired")
    return token


def require_binding(token: Token, certificate: PeerCertificate | None) -> None:
    """Accept the token over the connection that it is bound to (RFC 8705, section 3).

    Raises:
        TokenUnbound: no certificate, another bank's, or a renewed one.
    """
    # A stolen token is worthless without the key of the certificate (law 3).
    if certificate is None or certificate.thumbprint != token.thumbprint:
        raise TokenUnbound(token)


def require_scope(token: Token, scope: str) -> None:
    """Accept the token where it carries the scope.

    Raises:
        ScopeInsufficient: it does not.
    """
    if scope not in token.scopes:
        raise ScopeInsufficient(detail=f"needs {scope}")
