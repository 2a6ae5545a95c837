"""What of the provider's word is believed, and what of the browser's. Pure: the clock is given."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec

from creditbridge.login.model import (
    FormTokenInvalid,
    Identity,
    IdentityRejected,
    ReturnInvalid,
    Session,
    SignInTry,
)
from creditbridge.login.settings import LoginSettings
from creditbridge.parties.model import Role
from creditbridge.protocols.uscc import UsccInvalid, parse_uscc

SKEW = timedelta(seconds=30)
ID_TOKEN_LIFE_MAX = timedelta(hours=1)
RETURN_CHARACTERS_MAX = 1024
_FORM_TOKEN_LABEL = b"creditbridge-form-token-v1"
# A path of ours: one slash (two would name a host), then characters that no browser rewrites.
_RETURN = re.compile(r"/(?![/\\])[A-Za-z0-9/._~?=&%-]*")

PersonName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
# At most 255 ASCII characters (OpenID Connect Core 1.0, section 2).
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class EnterpriseClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The enterprise that the person speaks for, as the provider has proven it."""

    uscc: Annotated[str, msgspec.Meta(max_length=18)]
    name: PersonName
    role: Role
    since: date | None = None  # Since when the person has this role, by the register.


class IdTokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that we read of an ID token; a provider may add others."""

    iss: str
    sub: Subject
    person: Subject  # One natural person, whatever their account, role or enterprise.
    aud: str | list[str]
    exp: Instant
    iat: Instant
    name: PersonName
    enterprise: EnterpriseClaim
    nonce: str | None = None
    azp: str | None = None
    auth_time: Instant | None = None


def require_identity(
    claims: IdTokenClaims, settings: LoginSettings, attempt: SignInTry, *, now: datetime
) -> Identity:
    """Return whom a verified ID token names (OpenID Connect Core 1.0, section 3.1.3.7).

    Raises:
        IdentityRejected: other issuer, audience, party or nonce; not of this moment; not proven
            anew where the try asks for it; no USCC.
    """
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    # Byte for byte, as the provider spells it: a slash more is another issuer (section 3.1.3.7).
    if claims.iss != settings.issuer:
        raise IdentityRejected(detail="iss")
    # Alone in the audience: a token that others may use too is none for us.
    if audience != [settings.client_id] or claims.azp not in {None, settings.client_id}:
        raise IdentityRejected(detail="aud or azp")
    # A token stolen elsewhere carries another try's nonce (section 15.5.2).
    nonce = claims.nonce
    if nonce is None or not hmac.compare_digest(nonce.encode(), attempt.nonce.encode()):
        raise IdentityRejected(detail="nonce")
    _require_fresh(claims, now=now)
    _require_anew(claims, attempt)
    try:
        uscc = parse_uscc(claims.enterprise.uscc).value
    except UsccInvalid as error:
        raise IdentityRejected(detail="enterprise.uscc") from error
    return Identity(
        issuer=claims.iss,
        subject=claims.sub,
        person=claims.person,
        name=claims.name,
        uscc=uscc,
        enterprise_name=claims.enterprise.name,
        role=claims.enterprise.role,
        office_since=claims.enterprise.since,
    )


def _require_fresh(claims: IdTokenClaims, *, now: datetime) -> None:
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    if seconds >= claims.exp + skew:
        raise IdentityRejected(detail="exp")
    # Born in the future: a clock that is wrong by more than that judges nothing else rightly.
    if claims.iat > seconds + skew:
        raise IdentityRejected(detail="iat")
    # The nonce already ties the token to this try; a life of days would be a provider's mistake.
    if claims.exp - claims.iat > ID_TOKEN_LIFE_MAX.total_seconds():
        raise IdentityRejected(detail="exp - iat")


def _require_anew(claims: IdTokenClaims, attempt: SignInTry) -> None:
    after = attempt.authenticated_after
    if after is None:
        return
    # A provider that passes the wish over would let whoever finds an open browser say yes
    # (section 3.1.3.7).
    if claims.auth_time is None or claims.auth_time < (after - SKEW).timestamp():
        raise IdentityRejected(detail="auth_time")


def require_return(path: str) -> str:
    """Return a path of this site, to go to after sign-in.

    Raises:
        ReturnInvalid: another site, or a text that a browser might read as one.
    """
    # An open redirect would lend our name to a phishing page.
    if len(path) > RETURN_CHARACTERS_MAX or _RETURN.fullmatch(path) is None:
        raise ReturnInvalid
    return path


def derive_form_token(cookie: str) -> str:
    """Return the form token of a session: 43 characters, from the cookie's own 256 bits.

    Derived, so that nothing of it lies at rest; another site can read neither.
    """
    digest = hmac.new(cookie.encode("ascii"), _FORM_TOKEN_LABEL, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def require_form_token(session: Session, sent: str | None) -> None:
    """Accept a form that carries its session's token (PROTOCOLS Z8).

    Raises:
        FormTokenInvalid: none, or another.
    """
    # In constant time: the token is checked on every form, and can be tried often.
    if sent is None or not hmac.compare_digest(session.form_token.encode(), sent.encode()):
        raise FormTokenInvalid
