"""The house's keys as its parts need them: kept as rings, shown as one set."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from creditbridge.foundation.key_rings import KeyRing
from creditbridge.foundation.keys import FileKey, PublicKey
from creditbridge.foundation.rsa_keys import JoseFileKey
from creditbridge.protocols.jwk import format_jwks
from creditbridge.settings import Keys

AnyRing: TypeAlias = KeyRing[FileKey] | KeyRing[JoseFileKey]


class ShownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that callers verify with: of answers, seals, receipts, log-ins and tokens."""

    keys: Keys
    cache_seconds: int

    def jwks(self) -> Mapping[str, list[dict[str, str]]]:
        """Return the key set (RFC 7517, section 5)."""
        keys = self.keys
        rings = (keys.message, keys.seal, keys.receipt, keys.login, keys.token)
        shown = [key for ring in rings if ring is not None for key in ring.list_shown()]
        # One file may serve two purposes, and is one key.
        return format_jwks({key.key_id: key for key in shown}.values())


def list_rings(keys: Keys) -> tuple[AnyRing, ...]:
    """Return the ring of each purpose that there is."""
    messages = (keys.ledger, keys.receipt, keys.message, keys.consent, keys.seal, keys.login)
    return messages if keys.token is None else (*messages, keys.token)


def list_message_keys(ring: KeyRing[FileKey]) -> list[PublicKey]:
    """Return every key that the files of a ring tell, of those that sign messages."""
    return [key for key in ring.list_known() if isinstance(key, PublicKey)]
