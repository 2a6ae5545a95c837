"""What entries say of tokens and grants, and of callers that were turned away."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class TokenExtent(Terms, frozen=True, kw_only=True):
    """Whose a token is, what it opens, what it is bound to, and until when."""

    client: str
    scope: frozenset[str]
    thumbprint: str | None = None  # base64url of the certificate's SHA-256 (RFC 8705, section 3.1).
    expires_at: Instant
    proof_key: str | None = None  # Thumbprint of a public JWK (RFC 9449, section 6.1).
    grant_id: str | None = None  # Absent where the client asked in its own name.


class TokenIssued(TokenExtent, frozen=True, kw_only=True):
    """A client holds a token that only its certificate, or a key of its own, can use."""


class TokenRefused(Terms, frozen=True, kw_only=True):
    """A known client did not get a token."""

    client: str
    code: str
    grant_id: str | None = None  # Of the code or refresh token that it brought, where known.


class TokenRevoked(TokenExtent, frozen=True, kw_only=True):
    """A client took one of its own tokens back, named by the terms under which it was issued.

    One of a grant that is bound to nothing was a refresh token, and took the access tokens along.
    """


class GrantMade(Terms, frozen=True, kw_only=True):
    """A person's yes gave a client a grant; one entry for each consent that it rests on."""

    grant_id: str
    client: str
    scope: frozenset[str]
    expires_at: Instant


class GrantRevoked(Terms, frozen=True, kw_only=True):
    """A grant ended before its time, with every code and token under it; its consents go on."""

    grant_id: str
    client: str
    reason: str  # A code: whose act ended it, or what gave it away.


class CallerRefused(Terms, frozen=True, kw_only=True):
    """A known client was turned away at a door before its request had any effect."""

    client: str
    door: str  # The route's word, never the path that was asked for.
    code: str


class CallerLimited(Terms, frozen=True, kw_only=True):
    """A known client asked beyond a quota: one entry per minute, client, door and policy."""

    client: str
    door: str
    policy: str  # The quota's name; of refusals beyond the first few of a minute their code.
    minute: Instant
    count: int


class StrangersRefused(Terms, frozen=True, kw_only=True):
    """Callers that nobody knows were turned away: one entry per minute, door and rule."""

    minute: Instant
    door: str
    code: str
    count: int


class AuthorizationRefused(Terms, frozen=True, kw_only=True):
    """A client's request to a person was answered with a no: the person's own, or the house's."""

    client: str
    code: str
