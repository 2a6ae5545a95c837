"""RSA public keys as JSON (RFC 7518, section 6.3), for PS256 alone.

They verify what a client signs about itself as JOSE, and never an HTTP message: a reader of those
is given no RSA key to begin with.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from creditbridge.foundation.rsa_keys import (
    EXPONENT,
    EXPONENT_TEXT,
    PS256,
    RSA_BITS_MAX,
    RSA_BITS_MIN,
    JoseKey,
    RsaKey,
    thumbprint_of,
)
from creditbridge.foundation.weak_rsa import is_predictable
from creditbridge.protocols.jwk import (
    KEYS_MAX,
    KeyMalformed,
    parse_jwk,
    require_public,
    require_use,
)
from creditbridge.protocols.strict_json import JsonValue

__all__ = ["JoseKey", "parse_jose_jwk", "select_jose_keys", "thumbprint_of"]

MODULUS_PATTERN = re.compile(r"[A-Za-z0-9_-]{342,684}")


def parse_jose_jwk(members: Mapping[str, object]) -> JoseKey:
    """Return the public key of a JWK: RSA for PS256, else as `parse_jwk`.

    Raises:
        PrivateMemberFound: a private or symmetric member, whatever its value.
        KeyMalformed: another type, use or algorithm; an RSA key of another size or exponent.
    """
    if members.get("kty") != "RSA":
        return parse_jwk(members)
    key_id = require_public(members)
    require_use(members, PS256)
    material = rsa.RSAPublicNumbers(EXPONENT, _modulus_of(members)).public_key()
    key = RsaKey(key_id=key_id or "", material=material)
    # The thumbprint is of the key alone, so a nameless key has one name everywhere (RFC 7638).
    return key if key_id else msgspec.structs.replace(key, key_id=thumbprint_of(key))


def select_jose_keys(document: JsonValue) -> tuple[JoseKey, ...]:
    """Return the keys of a set that somebody publishes, as far as they sign anything for us.

    Others are passed over (RFC 7517, section 5), and so are two of one name and algorithm: neither
    can be meant. Nothing else of an entry counts, no certificate and no address.

    Raises:
        KeyMalformed: no set, or more than 100 keys.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list | tuple) or len(listed) > KEYS_MAX:
        raise KeyMalformed(detail="no set of keys, or too many")
    keys = [key for entry in listed if (key := _find_key(entry)) is not None]
    named = Counter((key.key_id, key.algorithm) for key in keys)
    return tuple(key for key in keys if named[key.key_id, key.algorithm] == 1)


def _find_key(entry: JsonValue) -> JoseKey | None:
    if not isinstance(entry, Mapping):
        return None
    try:
        key = parse_jose_jwk(entry)
    except KeyMalformed:
        return None
    # PostgreSQL takes no zero byte, and an officer's terminal would obey an escape.
    return key if key.key_id.isprintable() else None


def _modulus_of(members: Mapping[str, object]) -> int:
    """Return the modulus out of its one spelling (RFC 7518, sections 2 and 6.3.1.1)."""
    if members.get("e") != EXPONENT_TEXT:
        raise KeyMalformed(detail="an RSA exponent other than 65537")
    text = _modulus_text(members)
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    modulus = int.from_bytes(raw)
    # Another spelling, with stray bits or zeros in front, would be another registered key.
    if _encode(raw) != text or not raw[0]:
        raise KeyMalformed(detail="n is not canonical base64url")
    if not RSA_BITS_MIN <= modulus.bit_length() <= RSA_BITS_MAX or not modulus % 2:
        raise KeyMalformed(detail="n is no modulus of 2048 to 4096 bits")
    if is_predictable(modulus):
        raise KeyMalformed(detail="n is of predictable primes (CVE-2017-15361)")
    return modulus


def _modulus_text(members: Mapping[str, object]) -> str:
    text = members.get("n")
    # The length first: what is no key of ours is not turned into a number.
    if not isinstance(text, str) or not MODULUS_PATTERN.fullmatch(text) or len(text) % 4 == 1:
        raise KeyMalformed(detail="n is no modulus of 2048 to 4096 bits")
    return text


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
