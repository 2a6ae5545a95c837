"""RSA public keys as JSON (RFC 7518, section 6.3), for PS256 alone.

They verify what a client signs about itself as JOSE, and never an HTTP message: a reader of those
is given no RSA key to begin with.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from creditbridge.foundation.keys import PublicKey, thumbprint
from creditbridge.protocols.jwk import KeyMalformed, parse_jwk, require_public, require_use
from creditbridge.protocols.jws import PS256, RSA_BITS_MIN, RsaKey

# Twice the least: beyond it a verification costs its receiver more than it adds.
RSA_BITS_MAX = 4_096
# 65537 (FIPS 186-5, section 5.4 wants no smaller one), in its one spelling.
EXPONENT = 65_537
EXPONENT_TEXT = "AQAB"

MODULUS_PATTERN = re.compile(r"[A-Za-z0-9_-]{342,684}")

JoseKey: TypeAlias = PublicKey | RsaKey


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


def format_jose_jwk(key: JoseKey) -> dict[str, str]:
    """Return the public JWK (RFC 7517), with `kid`, `use` and `alg`."""
    if isinstance(key, PublicKey):
        return key.to_jwk()
    return {**_members_of(key), "alg": key.algorithm, "kid": key.key_id, "use": "sig"}


def thumbprint_of(key: JoseKey) -> str:
    """Return the JWK thumbprint (RFC 7638): base64url of SHA-256, 43 characters."""
    if isinstance(key, PublicKey):
        return thumbprint(key.material)
    # Required members only, in the order of their names (RFC 7638, section 3.2).
    members = msgspec.json.encode(_members_of(key), order="sorted")
    return _encode(hashlib.sha256(members).digest())


def _members_of(key: RsaKey) -> dict[str, str]:
    numbers = key.material.public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
    return {"e": EXPONENT_TEXT, "kty": "RSA", "n": _encode(modulus)}


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
    return modulus


def _modulus_text(members: Mapping[str, object]) -> str:
    text = members.get("n")
    # The length first: what is no key of ours is not turned into a number.
    if not isinstance(text, str) or not MODULUS_PATTERN.fullmatch(text) or len(text) % 4 == 1:
        raise KeyMalformed(detail="n is no modulus of 2048 to 4096 bits")
    return text


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
