"""Signing in and out: the way to the provider and back, and the session that follows."""

import hashlib

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Database, Transaction
from creditbridge.login import store
from creditbridge.login.id_token import IdTokens
from creditbridge.login.model import (
    IDLE_LIFE,
    SESSION_LIFE,
    TRY_LIFE,
    BegunSignIn,
    Callback,
    IdentityRejected,
    Session,
    SessionMissing,
    SignedIn,
    SignInExpired,
    SignInRefused,
    SignInTry,
)
from creditbridge.login.provider import Description, Provider
from creditbridge.login.rules import (
    derive_form_token,
    require_identity,
    require_return,
)
from creditbridge.login.secrets import digest_secret, new_secret

CODE_CHARACTERS_MAX = 4_096


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """The way to the provider and back.

    Its transactions are its own and short: none is open while the provider is asked.
    """

    database: Database
    provider: Provider
    id_tokens: IdTokens

    async def begin(self, *, return_to: str, language: str, anew: bool = False) -> BegunSignIn:
        """Return where to send the browser, and its binding cookie; the try lives 10 minutes.

        With `anew` the provider must ask the person again, whoever is signed in there.

        Raises:
            ReturnInvalid: `return_to` is no path of this site.
            IdentityUnavailable, IdentityRejected: the provider cannot be found.
        """
        state, binding = new_secret(), new_secret()
        attempt = SignInTry(
            nonce=new_secret(), code_verifier=new_secret(), return_to=require_return(return_to)
        )
        url = await self.provider.address_sign_in(
            attempt, state=state, language=language, anew=anew
        )
        # Kept by digests: who reads the table can finish nobody's sign-in.
        async with self.database.transaction() as tx:
            await store.keep_try(
                tx,
                replace(attempt, authenticated_after=tx.now if anew else None),
                state_digest=hashlib.sha256(state.encode()).digest(),
                binding_digest=hashlib.sha256(binding.encode()).digest(),
                expires_at=tx.now + TRY_LIFE,
            )
        return BegunSignIn(redirect_url=url, binding=binding)

    async def complete(self, callback: Callback, *, binding: str | None) -> SignedIn:
        """Return who signed in. The try is spent by this, whatever comes of it.

        1. The try is this browser's, open, and now spent.
        2. The answer is this provider's, and it is a code (RFC 9207, section 2.4).
        3. The provider gives an ID token for the code and the verifier.
        4. Its signature and its claims hold.

        Raises:
            SignInExpired: no open try of this browser.
            SignInRefused: the provider answered with an error, or does not take the code.
            IdentityRejected: the answer cannot be believed.
            IdentityUnavailable: the provider does not answer.
        """
        # Spent first: a code that is played back finds no try, even while the provider is slow.
        attempt = await self._take_try(callback, binding)  # 1
        try:
            code = await self._require_code(callback)  # 2
            token = await self.provider.redeem(code, code_verifier=attempt.code_verifier)  # 3
        except SignInRefused as refusal:
            # Who changed their mind, or mistyped too often, goes on from where they were.
            refusal.return_to = attempt.return_to
            raise
        claims = await self.id_tokens.verify(token)  # 4
        async with self.database.transaction() as tx:
            now = tx.now
        identity = require_identity(claims, self.provider.settings, attempt, now=now)
        return SignedIn(
            identity=identity,
            id_token_digest=hashlib.sha256(token.encode()).digest(),
            return_to=attempt.return_to,
            anew=attempt.authenticated_after is not None,
        )

    async def _take_try(self, callback: Callback, binding: str | None) -> SignInTry:
        state_digest, binding_digest = digest_secret(callback.state), digest_secret(binding)
        if state_digest is None or binding_digest is None:
            raise SignInExpired(detail="no state or no binding")
        async with self.database.transaction() as tx:
            attempt = await store.take_try(
                tx, state_digest=state_digest, binding_digest=binding_digest
            )
        if attempt is None:
            raise SignInExpired(detail="no open try")
        return attempt

    async def _require_code(self, callback: Callback) -> str:
        _require_issuer(callback, await self.provider.describe())
        # The provider's own text is not shown: anybody can write it into an address.
        if callback.error is not None or not callback.code:
            raise SignInRefused(detail="the provider answered with an error, or without a code")
        # Before it travels on: it comes from a browser, and goes into a request of ours.
        if len(callback.code) > CODE_CHARACTERS_MAX or not callback.code.isascii():
            raise SignInRefused(detail="no code of any provider")
        return callback.code


def _require_issuer(callback: Callback, description: Description) -> None:
    named = callback.iss or ""
    expected = description.authorization_response_iss_parameter_supported
    # A code of one provider redeemed at another would be handed to the wrong one: the mix-up attack
    # (RFC 9207, section 2.4). Who announces the parameter must also send it.
    if (expected or named) and named != description.issuer:
        raise IdentityRejected(detail="an answer of another issuer")


async def open_session(
    tx: Transaction,
    *,
    person_id: str,
    uscc: str,
    replaces: str | None = None,
    anew: bool = False,
) -> str:
    """Return the cookie value of a new session; the one that the browser had before ends.

    A session's secret is made at log-in and at no other time, so nobody can plant one beforehand.
    """
    # A session fixed before log-in ends here, with whatever somebody hoped to do in it.
    await close_session(tx, replaces)
    cookie = new_secret()
    session = store.SessionRow(
        person_id=person_id,
        uscc=uscc,
        signed_in_at=tx.now,
        ends_at=tx.now + SESSION_LIFE,
        anew=anew,
    )
    await store.open_session(tx, hashlib.sha256(cookie.encode()).digest(), session)
    return cookie


async def find_session(tx: Transaction, cookie: str | None) -> Session | None:
    """Return the live session of a cookie and put off its idle end; None where there is none."""
    digest = digest_secret(cookie)
    if cookie is None or digest is None:
        return None
    row = await store.use_session(tx, digest, seen_after=tx.now - IDLE_LIFE)
    if row is None:
        return None
    return Session(
        person_id=row.person_id,
        uscc=row.uscc,
        signed_in_at=row.signed_in_at,
        ends_at=row.ends_at,
        form_token=derive_form_token(cookie),
        anew=row.anew,
    )


async def get_session(tx: Transaction, cookie: str | None) -> Session:
    """Return the live session of a cookie, as `find_session`.

    Raises:
        SessionMissing: there is none.
    """
    if (session := await find_session(tx, cookie)) is None:
        raise SessionMissing
    return session


async def close_session(tx: Transaction, cookie: str | None) -> None:
    """End a session, if there is one; signing out twice is no fault."""
    if (digest := digest_secret(cookie)) is not None:
        await store.close_session(tx, digest)


async def close_sessions_of(tx: Transaction, *, person_id: str, uscc: str | None = None) -> int:
    """End a person's sessions, all or those for one enterprise, with what ends their authority."""
    return await store.close_sessions_of(tx, person_id, uscc)


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 ended tries and as many ended sessions; return how many."""
    return await store.purge(tx)
