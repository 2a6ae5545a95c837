"""Tokens: issued to a client that proved itself, read on each use, gone when revoked."""

from datetime import timedelta

from creditbridge.access import store
from creditbridge.access.checks import CHECKS
from creditbridge.access.client_auth import METHODS
from creditbridge.access.grants import GRANTS
from creditbridge.access.introspection import Introspection, tell_own
from creditbridge.access.model import (
    TOKEN_SECONDS,
    Authenticated,
    Binding,
    ClientRequest,
    InvalidClient,
    InvalidRequest,
    IssuedToken,
    PresentedToken,
    Token,
    UnsupportedGrantType,
)
from creditbridge.access.revocation import TokenUnnamed, find_own
from creditbridge.access.rules import require_live
from creditbridge.access.sender_constraint import bind_token, prove_key, require_sender
from creditbridge.access.single_use import Admission, spend
from creditbridge.access.tokens import digest_secret, new_secret
from creditbridge.admission.rules import NonceReplayed
from creditbridge.foundation.database import Transaction
from creditbridge.parties.service import find_client

__all__ = [
    "authenticate_client",
    "bind_token",
    "get_token",
    "grant_token",
    "introspect_token",
    "issue_token",
    "prove_key",
    "purge",
    "revoke_token",
    "revoke_tokens",
]


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
    registration = await find_client(tx, client_id)
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


async def grant_token(
    tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
) -> IssuedToken:
    """Return a token by the grant that the request names (RFC 6749, section 4).

    `binding` comes from `bind_token`.

    Raises:
        InvalidRequest: no grant named.
        UnsupportedGrantType: a grant that is not served.
        InvalidScope: a scope that is not registered for this client.
    """
    name = request.form.get("grant_type")
    if name is None:
        raise GrantMissing
    grant = GRANTS.get(name)
    if grant is None:
        raise UnsupportedGrantType
    scopes = await grant.decide(tx, request, client)
    return await issue_token(tx, client, binding, scopes=scopes)


async def issue_token(
    tx: Transaction, client: Authenticated, binding: Binding, *, scopes: frozenset[str]
) -> IssuedToken:
    """Return a fresh token, valid for 300 s from `tx.now`, bound to a certificate or a key."""
    token = Token(
        client_id=client.registration.client.client_id,
        bank_id=client.registration.bank.bank_id,
        scopes=scopes,
        thumbprint=binding.thumbprint,
        proof_key=binding.proof_key,
        issued_at=tx.now,
        expires_at=tx.now + timedelta(seconds=TOKEN_SECONDS),
    )
    secret = new_secret()
    # The secret itself is kept nowhere: who reads the table or a backup can use none of it.
    await store.keep_token(tx, digest_secret(secret), token)
    return IssuedToken(secret=secret, token=token)


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
) -> Token | None:
    """Revoke the token that the request names, on all nodes from the commit on (RFC 7009).

    Return it; None where none was left to revoke, which is as good. A hint is not needed.

    Raises:
        TokenUnnamed: no token in the request.
        TokenForeign: another client's; nothing is revoked.
    """
    digest = _digest_named(request)
    client_id = client.registration.client.client_id
    token = find_own(await store.find_token(tx, digest), client_id=client_id, now=tx.now)
    if token is None or not await store.revoke_token(tx, digest, client_id=client_id):
        return None
    return token


async def introspect_token(
    tx: Transaction, request: ClientRequest, client: Authenticated
) -> Introspection:
    """Return what the client may learn of the token that the request names (RFC 7662).

    Raises:
        TokenUnnamed: no token in the request.
    """
    found = await store.find_token(tx, _digest_named(request))
    return tell_own(found, client_id=client.registration.client.client_id, now=tx.now)


def _digest_named(request: ClientRequest) -> bytes:
    secret = request.form.get("token")
    if secret is None:
        raise TokenUnnamed
    return digest_secret(secret)


async def revoke_tokens(tx: Transaction, *, bank_id: str, client_id: str | None = None) -> int:
    """Revoke every token of a bank, or of one of its clients; return how many.

    In the transaction of what ends it: when that commits, no token is left on any node, and none
    that was being issued meanwhile.
    """
    return await store.revoke_tokens(tx, bank_id=bank_id, client_id=client_id)


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 expired tokens; return how many."""
    return await store.purge_tokens(tx)
