"""What a person let a client have: a grant, the code that brings it, the refresh token under it.

A grant is not the consents that it names (Grant Management for OAuth 2.0): it ends with the first
of them, and they may outlive it. What was given under a grant ends with it.
"""

from datetime import datetime, timedelta

import msgspec

from creditbridge.access.authorization import ReportDetail
from creditbridge.access.model import OAuthError, ScopeInsufficient, Token, format_scopes

CODE_LIFE = timedelta(seconds=30)  # FAPI 2.0, section 5.3.2.1: at most 60 s.
EMPTY_GRANT_LIFE = timedelta(days=1)  # Of one that names no consent, whose end would be its own.


# Stored with grants: add members with a default, never rename.
class GrantedDetail(ReportDetail, frozen=True, kw_only=True):
    """One consent as the person gave it, in the words of `authorization_details` (RFC 9396)."""

    consent_id: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one client may have by one person's yes, while the row is there and until its end.

    `uscc` is the enterprise for which the person spoke.
    """

    grant_id: str
    client_id: str
    bank_id: str
    scopes: frozenset[str]
    details: tuple[GrantedDetail, ...]
    person_id: str
    uscc: str
    made_at: datetime
    expires_at: datetime

    @property
    def consent_ids(self) -> tuple[str, ...]:
        """The consents that the grant rests on, each once; it stands while all of them do."""
        return tuple(dict.fromkeys(detail.consent_id for detail in self.details))


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """That a person proved who they are, for what an ID token tells.

    `nonce` is the client's own; `authenticated_at` is None for codes from before it was kept.
    """

    person_id: str
    authenticated_at: datetime | None = None
    nonce: str | None = None


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code as the database knows it: by its digest, for one use.

    `proof_key` is the thumbprint of the one DPoP key that may use it (RFC 9449, section 10).
    Where its grant holds `openid`, `authenticated_at` and `nonce` are for the ID token.
    """

    grant_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str
    expires_at: datetime
    proof_key: str | None = None
    spent_at: datetime | None = None
    authenticated_at: datetime | None = None
    nonce: str | None = None


class RefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token as the database knows it: by its digest, for its client alone.

    `scopes` are those of its grant.
    """

    grant_id: str
    client_id: str
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime


class IssuedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh code: the secret, which exists nowhere else, and the grant that it brings."""

    secret: str
    grant: Grant


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant type decided that the client gets.

    Without a grant the token is the client's own (client_credentials). `refreshable` where a
    refresh token goes with it, if the client is registered for such, `authentication` where an ID
    token does.
    """

    scopes: frozenset[str]
    grant: Grant | None = None
    details: tuple[GrantedDetail, ...] = ()
    refreshable: bool = False
    authentication: Authentication | None = None

    @property
    def consent_ids(self) -> frozenset[str] | None:
        """The consents that the token reaches; None where it reaches every one of its bank."""
        if self.grant is None:
            return None
        return frozenset(detail.consent_id for detail in self.details)


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token: the secrets, which exist nowhere else, and what is kept of them."""

    secret: str
    token: Token
    details: tuple[GrantedDetail, ...] = ()
    refresh_token: str | None = None
    id_token: str | None = None

    def to_answer(self) -> dict[str, object]:
        """Return the members of the success answer (RFC 6749, section 5.1).

        With those of RFC 9396, section 7, and OpenID Connect Core 1.0, section 3.1.3.3.
        """
        token = self.token
        members: dict[str, object] = {
            "access_token": self.secret,
            "token_type": token.token_type,
            "expires_in": int((token.expires_at - token.issued_at).total_seconds()),
            "scope": format_scopes(token.scopes),
        }
        given = {
            "refresh_token": self.refresh_token,
            "id_token": self.id_token,
            "authorization_details": self.details or None,
            "grant_id": token.grant_id,
        }
        return members | {name: value for name, value in given.items() if value is not None}


class InvalidGrant(OAuthError):
    """The code or refresh token is none for this client now; nobody learns why.

    `grant_id` is its grant's, where one is known: for the ledger, never for the client.
    """

    code = "invalid-grant"
    oauth_code = "invalid_grant"
    message = (
        "The code or refresh token is unknown, expired, spent or revoked, was issued to another "
        "client, or does not fit its redirect_uri or code_verifier."
    )

    def __init__(
        self, message: str | None = None, *, detail: str = "", grant_id: str | None = None
    ) -> None:
        super().__init__(message, detail=detail)
        self.grant_id = grant_id


class CodeReused(InvalidGrant):
    """A good request brought a code that was spent before (RFC 6749, section 4.1.2).

    `grant` has ended by it.
    """

    code = "code-reused"

    def __init__(self, grant: Grant) -> None:
        super().__init__(detail="a spent code", grant_id=grant.grant_id)
        self.grant = grant


class ConsentGone(InvalidGrant):
    """A consent that the grant rests on does not stand; `reason` is the code of why.

    Its client is told that reason: the consent is one of its own.
    """

    def __init__(self, reason: str, message: str, *, grant_id: str) -> None:
        super().__init__(message, detail=reason, grant_id=grant_id)
        self.reason = reason


class UnauthorizedClient(OAuthError):
    """The client may not use this grant type at all."""

    code = "unauthorized-client"
    oauth_code = "unauthorized_client"
    message = "This client is not registered for this grant type."


class OwnTokenNeeded(ScopeInsufficient):
    """A token of a grant was brought where the client acts in its own name."""

    message = "This needs a token of the client_credentials grant; this one is of a grant."


class ConsentOutsideGrant(ScopeInsufficient):
    """The token's grant does not name this consent, whether or not there is such a consent."""

    message = "The access token was granted for other consents than the one that is named."
