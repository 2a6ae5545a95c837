"""Grants: made with a code by a person's yes, read by their client, ended by whoever may."""

from datetime import datetime

from creditbridge.access.authorization import AuthorizationRequest, GrantRequest
from creditbridge.access.granted import store
from creditbridge.access.granted.model import (
    CODE_LIFE,
    EMPTY_GRANT_LIFE,
    Code,
    Grant,
    GrantedDetail,
    IssuedCode,
    RefreshToken,
    UnauthorizedClient,
)
from creditbridge.access.model import OPENID
from creditbridge.access.store import join_issuers
from creditbridge.access.tokens import CODE_PREFIX, REFRESH_PREFIX, digest_secret, new_secret
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.parties.service import find_client


async def issue_code(
    tx: Transaction,
    request: AuthorizationRequest,
    *,
    details: tuple[GrantedDetail, ...],
    person_id: str,
    uscc: str,
    authenticated_at: datetime | None = None,
) -> IssuedCode:
    """Make a grant of what a person said yes to, and the code that brings it; both in `tx`.

    `details` are what was granted, perhaps less than was asked for; the grant ends with the first
    of them, the code 30 s from `tx.now`. `authenticated_at` is when the person proved who they are.
    Call it before the ledger: who shuts a client out waits for this first, and for the ledger's
    counters afterwards.

    Raises:
        UnauthorizedClient: the client was shut out since it asked.
    """
    grant = await make_grant(tx, request, details=details, person_id=person_id, uscc=uscc)
    tells = OPENID in grant.scopes
    code = Code(
        grant_id=grant.grant_id,
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        proof_key=request.proof_key,
        expires_at=tx.now + CODE_LIFE,
        # Kept for an ID token alone.
        authenticated_at=authenticated_at if tells else None,
        nonce=request.nonce if tells else None,
    )
    secret = new_secret(CODE_PREFIX)
    await store.add_code(tx, digest_secret(secret), code)
    return IssuedCode(secret=secret, grant=grant)


async def make_grant(
    tx: Transaction,
    request: GrantRequest,
    *,
    details: tuple[GrantedDetail, ...],
    person_id: str,
    uscc: str,
) -> Grant:
    """Make a grant of what a person said yes to, as `issue_code`; nothing brings it yet.

    Raises:
        UnauthorizedClient: the client was shut out since it asked.
    """
    # Before the client is read: a suspension that commits after this finds the grant and ends it.
    await join_issuers(tx)
    await tx.renew_now()
    if await find_client(tx, request.client_id) is None:
        raise UnauthorizedClient(detail="shut out while the person decided")
    grant = Grant(
        grant_id=new_id(Kind.GRANT, now=tx.now),
        client_id=request.client_id,
        bank_id=request.bank_id,
        scopes=request.scopes,
        details=details,
        person_id=person_id,
        uscc=uscc,
        made_at=tx.now,
        expires_at=min((detail.valid_to for detail in details), default=tx.now + EMPTY_GRANT_LIFE),
    )
    await store.add_grant(tx, grant)
    return grant


async def issue_refresh_token(tx: Transaction, grant: Grant) -> str:
    """Return the secret of a fresh refresh token, which lives as long as its grant."""
    secret = new_secret(REFRESH_PREFIX)
    token = RefreshToken(
        grant_id=grant.grant_id,
        client_id=grant.client_id,
        scopes=grant.scopes,
        issued_at=tx.now,
        expires_at=grant.expires_at,
    )
    await store.add_refresh_token(tx, digest_secret(secret), token)
    return secret


async def find_grant(tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
    """Return a client's own live grant; None alike for an unknown one and for another client's."""
    if not is_id(Kind.GRANT, grant_id):
        return None
    return await store.find_own_grant(tx, grant_id, client_id=client_id)


async def revoke_grant(tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
    """End a client's own live grant with all that was given under it, and return it; else None.

    Of N that revoke it at once, one gets it.
    """
    if not is_id(Kind.GRANT, grant_id):
        return None
    return await store.end_own_grant(tx, grant_id, client_id=client_id)


async def revoke_grants(tx: Transaction, consent_id: str) -> list[Grant]:
    """End every grant that names a consent, with all that was given under it, and return them.

    In the transaction of what ends the consent: when that commits, none is left on any node.
    """
    return await store.end_grants_of_consent(tx, consent_id)


async def list_grants(tx: Transaction, consent_id: str) -> list[Grant]:
    """Return the live grants that name a consent, oldest first: what would end with it."""
    return await store.list_grants_of_consent(tx, consent_id)
