"""The provider's keys, and an ID token verified by them (OpenID Connect Core 1.0, section 2)."""

import asyncio
from collections.abc import Mapping

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import Algorithm, PublicKey
from creditbridge.login.model import IdentityRejected, IdentityUnavailable
from creditbridge.login.provider import Provider
from creditbridge.login.rules import IdTokenClaims
from creditbridge.protocols.jwk import KEYS_MAX, KeyMalformed, parse_jwk
from creditbridge.protocols.jws import TokenRejected, verify_compact
from creditbridge.protocols.strict_json import decode

KEYS_SECONDS = 3_600.0
# However many tokens name keys that nobody knows, one fetch in this time (PROTOCOLS K2).
REFETCH_SECONDS = 30.0
ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.ED25519})


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """A JWK set as it came (RFC 7517, section 5)."""

    keys: list[dict[str, object]]


class KeyUnknown(IdentityRejected):
    """The token names a key that the provider does not publish."""


class IdTokens:
    """Verifies ID tokens; keeps the provider's keys for an hour, the last good set beyond."""

    def __init__(self, *, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at: float | None = None
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> IdTokenClaims:
        """Return the claims of a token that the provider signed; nothing in them is judged here.

        Raises:
            IdentityRejected: signature, algorithm, type, key or shape.
            IdentityUnavailable: no keys yet, and none to be had.
        """
        await self._refresh(older_than_seconds=KEYS_SECONDS)
        try:
            return self._read(token)
        except KeyUnknown:
            # Perhaps the provider has just changed its keys.
            await self._refresh(older_than_seconds=REFETCH_SECONDS)
            return self._read(token)

    def _read(self, token: str) -> IdTokenClaims:
        try:
            # No type is asked for: providers write `JWT` or nothing, and the nonce tells this token
            # from others.
            payload = verify_compact(token, self._find_key, typ=None, algorithms=ALGORITHMS)
            return decode(payload, IdTokenClaims)
        except (TokenRejected, Malformed) as error:
            raise IdentityRejected(detail=f"{error.code}: {error.detail}") from error

    def _find_key(self, key_id: str) -> PublicKey:
        if (key := self._keys.get(key_id)) is None:
            raise KeyUnknown(detail="no such key")
        return key

    async def _refresh(self, *, older_than_seconds: float) -> None:
        async with self._fetching:
            now = self._clock.monotonic()
            # Asked again under the lock: whoever waited for it finds the work done.
            if self._fetched_at is not None and now - self._fetched_at < older_than_seconds:
                return
            try:
                description = await self._provider.describe()
                listed = await self._provider.fetch(description.jwks_uri, KeySet)
            except (IdentityRejected, IdentityUnavailable):
                # A provider that fails for an hour must not lock everybody out: the last good set
                # stands.
                if not self._keys:
                    raise
            else:
                self._keys = _select_keys(listed)
            # Also after a failure, so that an outage is not answered with a fetch for each token.
            self._fetched_at = now


def _select_keys(listed: KeySet) -> Mapping[str, PublicKey]:
    """Return the keys that may sign ID tokens here; a set may hold others, for others."""
    keys = dict[str, PublicKey]()
    for entry in listed.keys[:KEYS_MAX]:
        try:
            key = parse_jwk(entry)
        # One key of another kind, as for encryption, spoils nothing (RFC 7517, section 5).
        except KeyMalformed:
            continue
        # Two keys of one name: neither can be meant (RFC 7517, section 4.5).
        if key.key_id in keys:
            raise IdentityRejected(detail="a key id twice")
        keys[key.key_id] = key
    return keys
