"""When a code or a refresh token is worth anything, and what a token of a grant opens. Pure."""

from datetime import datetime

import msgspec

from creditbridge.access.granted.model import (
    Code,
    ConsentOutsideGrant,
    Grant,
    GrantedDetail,
    InvalidGrant,
    OwnTokenNeeded,
    RefreshToken,
    UnauthorizedClient,
)
from creditbridge.access.model import InvalidDpopProof
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.foundation.errors import Malformed
from creditbridge.parties.model import Client
from creditbridge.protocols.pkce import VerifierMismatch, require_verifier
from creditbridge.protocols.strict_json import decode

NOT_GRANTED = "A token can be asked for details of its grant alone, each as it was granted."


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """What a client brings beside its code; `proof_key` is of the DPoP key that it has shown."""

    client_id: str
    redirect_uri: str
    code_verifier: str | None
    proof_key: str | None


def require_redeemable(code: Code | None, redemption: Redemption, *, now: datetime) -> Code:
    """Return the code where the redemption fits it, a spent one too: that is its caller's to end.

    Raises:
        InvalidGrant: unknown, another client's, another redirect URI or verifier, or expired.
        InvalidDpopProof: it is bound to another key.
    """
    if code is None:
        raise InvalidGrant(detail="unknown code")
    # A client that is not meant learns nothing, and changes nothing (RFC 6749, section 4.1.3).
    if code.client_id != redemption.client_id:
        raise InvalidGrant(detail="another client's code", grant_id=code.grant_id)
    if code.redirect_uri != redemption.redirect_uri:
        raise InvalidGrant(detail="redirect_uri", grant_id=code.grant_id)
    try:
        require_verifier(redemption.code_verifier, code.code_challenge)
    except VerifierMismatch as error:
        raise InvalidGrant(detail=error.code, grant_id=code.grant_id) from error
    # Bound when it was asked for: no other key may use it (RFC 9449, section 10).
    if code.proof_key not in {None, redemption.proof_key}:
        raise InvalidDpopProof(detail="another key than the code is bound to")
    if code.spent_at is None and now >= code.expires_at:
        raise InvalidGrant(detail="expired code", grant_id=code.grant_id)
    return code


def require_refreshable(
    token: RefreshToken | None, *, client_id: str, now: datetime
) -> RefreshToken:
    """Return the refresh token of this client while it lives.

    Raises:
        InvalidGrant: unknown, revoked or expired, or another client's.
    """
    if token is None:
        raise InvalidGrant(detail="unknown refresh token")
    if token.client_id != client_id:
        raise InvalidGrant(detail="another client's refresh token", grant_id=token.grant_id)
    if now >= token.expires_at:
        raise InvalidGrant(detail="expired refresh token", grant_id=token.grant_id)
    return token


def require_live_grant(grant: Grant | None, *, now: datetime) -> Grant:
    """Return the grant while it stands.

    Raises:
        InvalidGrant: revoked (no row) or past its end.
    """
    if grant is None:
        raise InvalidGrant(detail="revoked grant")
    if now >= grant.expires_at:
        raise InvalidGrant(detail="expired grant", grant_id=grant.grant_id)
    return grant


def narrow_details(
    asked: str | None, granted: tuple[GrantedDetail, ...]
) -> tuple[GrantedDetail, ...]:
    """Return those of the granted details that a token request names; all where it names none.

    Raises:
        DetailsInvalid: not an array of one or more of them, each as it was granted.
    """
    if asked is None:
        return granted
    try:
        wanted = frozenset(decode(asked.encode(), tuple[GrantedDetail, ...]))
    except Malformed as error:
        raise DetailsInvalid(detail=f"{error.code}: {error.detail}") from error
    # A detail that was changed, be it by less, is not the one that a person agreed to.
    if not wanted or not wanted <= frozenset(granted):
        raise DetailsInvalid(NOT_GRANTED)
    return tuple(detail for detail in granted if detail in wanted)


def require_grant_type(client: Client, name: str) -> None:
    """Accept a grant type that the client is registered for.

    Raises:
        UnauthorizedClient: it is not.
    """
    if name not in client.grant_types:
        raise UnauthorizedClient(detail=f"asks by {name}")


def require_own_token(grant_id: str | None) -> None:
    """Accept a token that the client got in its own name.

    Raises:
        OwnTokenNeeded: it is one of a grant.
    """
    if grant_id is not None:
        raise OwnTokenNeeded(detail=f"token of {grant_id}")


def require_reach(consent_ids: frozenset[str] | None, consent_id: str) -> None:
    """Accept a consent that a token reaches; one without a grant reaches all of its bank.

    Raises:
        ConsentOutsideGrant: the grant does not name it; whether it exists, nobody learns.
    """
    if consent_ids is not None and consent_id not in consent_ids:
        raise ConsentOutsideGrant
