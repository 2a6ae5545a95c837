"""Tokens: issued to a client that proved itself, read on each use, gone when revoked."""

from datetime import timedelta

from msgspec.structs import replace

from creditbridge.access import store
from creditbridge.access.backchannel import store as backchannel
from creditbridge.access.checks import CHECKS
from creditbridge.access.client_auth import METHODS
from creditbridge.access.granted import store as grants
from creditbridge.access.granted.model import Entitlement, IssuedToken, RefreshToken
from creditbridge.access.granted.rules import require_grant_type
from creditbridge.access.granted.service import (
    find_grant,
    issue_code,
    issue_refresh_token,
    make_grant,
    revoke_grant,
    revoke_grants,
)
from creditbridge.access.grants import GRANTS
from creditbridge.access.introspection import Introspection, tell_own
from creditbridge.access.model import (
    TOKEN_SECONDS,
    Authenticated,
    Binding,
    ClientRequest,
    InvalidClient,
    InvalidRequest,
    PresentedToken,
    Token,
    UnsupportedGrantType,
)
from creditbridge.access.pushed import store as pushed
from creditbridge.access.revocation import TokenUnnamed, find_own
from creditbridge.access.rules import require_live
from creditbridge.access.sender_constraint import bind_token, prove_key, require_sender
from creditbridge.access.single_use import Admission, spend
from creditbridge.access.tokens import REFRESH_PREFIX, digest_secret, new_secret
from creditbridge.admission.rules import NonceReplayed
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.sharing import PerTransaction
from creditbridge.parties.model import REFRESH_TOKEN, Registration
from creditbridge.parties.service import find_client_now

__all__ = [
    "authenticate_client",
    "bind_token",
    "decide_grant",
    "find_grant",
    "get_token",
    "introspect_token",
    "issue_code",
    "issue_token",
    "make_grant",
    "prove_key",
    "purge",
    "revoke_grant",
    "revoke_grants",
    "revoke_token",
    "revoke_tokens",
]


_clients: PerTransaction[dict[str, Registration | None]] = PerTransaction(dict)


class ClientUnnamed(InvalidClient):
    """No client id, or neither a certificate nor an assertion beside it."""

    message = (
        "Send client_id over a connection that presents the certificate of the client, "
        "or a client_assertion."
    )


class GrantMissing(InvalidRequest):
    """No grant named."""

    message = "The parameter grant_type is missing."


async def authenticate_client(
    tx: Transaction, request: ClientRequest, admission: Admission
) -> Authenticated:
    """Return the client that this request proves to come from; its proof is spent.

    Holds off revocations until the transaction ends, so that the token is issued in the same one.

    Raises:
        InvalidRequest: two methods of client authentication at once.
        InvalidClient: none, one that is not served, or one that does not prove an active client;
            the unknown, the suspended and the mismatched get the same text after the same work.
    """
    # Before anything is read: a malformed request costs no query.
    for check in CHECKS:
        check(request)
    claimed = ((name, method.name_client(request)) for name, method in METHODS.items())
    claims = {name: client_id for name, client_id in claimed if client_id is not None}
    if not claims:
        raise ClientUnnamed
    name, client_id = next(iter(claims.items()))
    # Before the client is read: a revocation that commits after this finds the token and deletes
    # it.
    await store.join_issuers(tx)
    registration = await _find_client(tx, client_id)
    # Exactly the registered method counts (PROTOCOLS A1); who claims by another one is unknown to
    # it, and is put to the same work.
    if registration is not None and registration.client.authentication != name:
        registration = None
    client = METHODS[name].require_proof(registration, request, now=tx.now)
    if client.spends is not None:
        try:
            await spend(tx, client.spends, admission)
        except NonceReplayed as error:
            raise InvalidClient(detail=error.code) from error
    return client


async def _find_client(tx: Transaction, client_id: str) -> Registration | None:
    # Once for all who share the transaction: what ends a client waits for the lock that was joined
    # before, and what is read here counts for nobody after the commit.
    read = _clients.of(tx)
    if client_id not in read:
        read[client_id] = await find_client_now(tx, client_id)
    return read[client_id]


async def decide_grant(
    tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
) -> Entitlement:
    """Return what the client gets by the grant type that the request names (RFC 6749, section 4).

    `binding` comes from `bind_token`. What the grant spends is spent with this transaction.

    Raises:
        InvalidRequest: no grant type named, or without what it needs.
        UnsupportedGrantType: one that is not served.
        UnauthorizedClient: one that the client is not registered for.
        InvalidGrant: a code or refresh token that is none for this client now.
        InvalidScope: a scope that is not registered for this client, or not granted.
    """
    name = request.form.get("grant_type")
    if name is None:
        raise GrantMissing
    grant_type = GRANTS.get(name)
    if grant_type is None:
        raise UnsupportedGrantType
    require_grant_type(client.registration.client, name)
    return await grant_type.decide(tx, request, client, binding)


async def issue_token(
    tx: Transaction, client: Authenticated, binding: Binding, entitlement: Entitlement
) -> IssuedToken:
    """Return a fresh token, valid for 300 s from `tx.now`, or until its grant ends before.

    It is bound to a certificate or a key. A refresh token comes along where the entitlement has
    one and the client is registered for it.
    """
    grant, ends_at = entitlement.grant, tx.now + timedelta(seconds=TOKEN_SECONDS)
    token = Token(
        client_id=client.registration.client.client_id,
        bank_id=client.registration.bank.bank_id,
        scopes=entitlement.scopes,
        thumbprint=binding.thumbprint,
        proof_key=binding.proof_key,
        issued_at=tx.now,
        expires_at=ends_at if grant is None else min(ends_at, grant.expires_at),
        grant_id=None if grant is None else grant.grant_id,
        consent_ids=entitlement.consent_ids,
    )
    secret = new_secret()
    # The secret itself is kept nowhere: who reads the table or a backup can use none of it.
    store.keep_token(tx, digest_secret(secret), token)
    refreshes = REFRESH_TOKEN in client.registration.client.grant_types
    return IssuedToken(
        secret=secret,
        token=token,
        details=entitlement.details,
        refresh_token=(
            await issue_refresh_token(tx, grant)
            if grant is not None and entitlement.refreshable and refreshes
            else None
        ),
    )


async def get_token(tx: Transaction, presented: PresentedToken, admission: Admission) -> Token:
    """Return the live token that came to a resource, from whom it is bound to.

    Its credential comes from `rules.read_credential`. The row is read on each use, and a proof of
    the key is spent.

    Raises:
        TokenInvalid: unknown, revoked or expired.
        TokenUnbound: bound to another certificate or key, or without a proof of its key.
    """
    found = await store.find_token(tx, digest_secret(presented.credential.secret))
    token = require_live(found, now=tx.now)
    await require_sender(tx, token, presented, admission)
    return token


async def revoke_token(
    tx: Transaction, request: ClientRequest, client: Authenticated
) -> Token | RefreshToken | None:
    """Revoke the token that the request names, on all nodes from the commit on (RFC 7009).

    Return it; None where none was left to revoke, which is as good. A refresh token takes the
    access tokens of its grant along; the grant stays, for its client to look at. A hint is not
    needed: the token says what it is.

    Raises:
        TokenUnnamed: no token in the request.
        TokenForeign: another client's; nothing is revoked.
    """
    digest, client_id = _digest_named(request), client.registration.client.client_id
    if request.form["token"].startswith(REFRESH_PREFIX):
        found = await grants.lock_refresh_token(tx, digest)
        refresh_token = find_own(found, client_id=client_id, now=tx.now)
        if refresh_token is not None:
            await grants.end_refresh_token(tx, digest, grant_id=refresh_token.grant_id)
        return refresh_token
    token = find_own(await store.find_token(tx, digest), client_id=client_id, now=tx.now)
    if token is None or not await store.revoke_token(tx, digest, client_id=client_id):
        return None
    return token


async def introspect_token(
    tx: Transaction, request: ClientRequest, client: Authenticated
) -> Introspection:
    """Return what the client may learn of the token that the request names (RFC 7662).

    A refresh token is worth nothing at a resource, and is told as any token that is not active.

    Raises:
        TokenUnnamed: no token in the request.
    """
    found = await store.find_token(tx, _digest_named(request))
    client_id = client.registration.client.client_id
    told = tell_own(found, client_id=client_id, now=tx.now)
    if told.token is None or told.token.grant_id is None:
        return told
    grant = await grants.find_own_grant(tx, told.token.grant_id, client_id=client_id)
    return replace(told, grant=grant)


def _digest_named(request: ClientRequest) -> bytes:
    secret = request.form.get("token")
    if secret is None:
        raise TokenUnnamed
    return digest_secret(secret)


async def revoke_tokens(tx: Transaction, *, bank_id: str, client_id: str | None = None) -> int:
    """Revoke every token of a bank, or of one of its clients; return how many access tokens.

    Codes, refresh tokens and grants go with them. In the transaction of what ends it: when that
    commits, none is left on any node, and none that was being issued meanwhile.
    """
    # First of all: what is issued after the deletion, for a client read before it, would survive.
    await store.stop_issuers(tx)
    await grants.lock_grants(tx, bank_id=bank_id, client_id=client_id)
    revoked = await store.revoke_tokens(tx, bank_id=bank_id, client_id=client_id)
    await grants.end_grants(tx, bank_id=bank_id, client_id=client_id)
    return revoked


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 expired tokens, as many grants and requests; return how many.

    Of grants those that ended, and those that nobody took up.
    """
    deleted = await backchannel.purge(tx)
    deleted += await grants.purge_grants(tx) + await store.purge_tokens(tx)
    return deleted + await pushed.purge(tx)
