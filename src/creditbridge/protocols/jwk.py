"""Public keys as JSON, as in RFC 7517; EC P-256 (RFC 7518, section 6.2) and Ed25519 (RFC 8037)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import COORDINATE_BYTES, KeyUnusable, PublicKey, name_key
from creditbridge.foundation.rsa_keys import JoseKey
from creditbridge.protocols.strict_json import JsonValue

COORDINATE_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url without padding
KEY_ID_CHARACTERS_MAX = 256
KEYS_MAX = 100

# Of every key type (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyMalformed(Malformed):
    """A JWK that is no public key of ours: EC P-256 or Ed25519, for signatures."""

    code = "key-malformed"
    message = "The key must be a public JWK for signatures: EC P-256 or OKP Ed25519."


class PrivateMemberFound(KeyMalformed):
    """A JWK that holds its private half; the key is compromised the moment it is sent."""

    code = "key-private"
    message = "The JWK holds a private or symmetric key; make a new key, send its public half."


class KeyIdRepeated(KeyMalformed):
    """Two keys of one set have the same name."""

    code = "key-id-repeated"
    message = "Every key of a set needs a `kid` of its own."


def parse_jwk(members: Mapping[str, object]) -> PublicKey:
    """Return the public key; its name is `kid`, or its thumbprint (RFC 7638) where it has none.

    Raises:
        PrivateMemberFound: a private or symmetric member, whatever its value.
        KeyMalformed: another type, curve, use or algorithm; coordinates that are no point.
    """
    key_id = require_public(members)
    try:
        # The thumbprint is of the key alone, so a nameless key has one name everywhere (RFC 7638).
        key = name_key(_material_of(members), key_id=key_id)
    except KeyUnusable as error:
        raise KeyMalformed(detail=error.detail) from error
    require_use(members, key.algorithm)
    return key


def parse_jwks(document: JsonValue) -> tuple[PublicKey, ...]:
    """Return the keys of a set (section 5), each with a name of its own.

    Raises:
        KeyIdRepeated: two keys with one name.
        KeyMalformed: no set, more than 100 keys, or a key that `parse_jwk` refuses.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list | tuple) or len(listed) > KEYS_MAX:
        raise KeyMalformed(detail="no set of keys, or too many")
    keys = tuple(map(_parse_entry, listed))
    # With one name twice, a verifier would try either: which one signed could be disputed later.
    _require_own_names(keys)
    return keys


def format_jwks(keys: Iterable[JoseKey]) -> dict[str, list[dict[str, str]]]:
    """Return the set as it is published: public members, `kid`, `use` and `alg` of each.

    Raises:
        KeyIdRepeated: two keys with one name.
    """
    listed = tuple(keys)
    _require_own_names(listed)
    return {"keys": [key.to_jwk() for key in listed]}


def require_public(members: Mapping[str, object]) -> str | None:
    """Return the `kid` of a JWK that holds nothing private; None where it has no name.

    Raises:
        PrivateMemberFound: a private or symmetric member, whatever its value.
        KeyMalformed: a `kid` that is no string of sensible length.
    """
    # Looked for first, whatever else is wrong: its owner must be told that the key is lost.
    if not PRIVATE_MEMBERS.isdisjoint(members):
        raise PrivateMemberFound
    key_id = members.get("kid")
    if not isinstance(key_id, str | None) or len(key_id or "") > KEY_ID_CHARACTERS_MAX:
        raise KeyMalformed(detail="kid is no string of sensible length")
    return key_id


def require_use(members: Mapping[str, object], algorithm: str) -> None:
    """Accept a JWK that is for signatures of this algorithm, or does not say what it is for.

    Raises:
        KeyMalformed: another use, algorithm or operation.
    """
    if members.get("use", "sig") != "sig" or members.get("alg", algorithm) != algorithm:
        raise KeyMalformed(detail="a key for another use or algorithm")
    # A set, or `verify` twice, says no more (section 4.3).
    if members.get("key_ops", ["verify"]) != ["verify"]:
        raise KeyMalformed(detail="a key for other operations")


def _require_own_names(keys: tuple[JoseKey, ...]) -> None:
    if len({key.key_id for key in keys}) != len(keys):
        raise KeyIdRepeated


def _parse_entry(entry: JsonValue) -> PublicKey:
    if not isinstance(entry, Mapping):
        raise KeyMalformed(detail="an entry that is no object")
    return parse_jwk(entry)


def _material_of(
    members: Mapping[str, object],
) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
    match members.get("kty"), members.get("crv"):
        case "EC", "P-256":
            x, y = (int.from_bytes(_coordinate(members, name)) for name in ("x", "y"))
            try:
                # A point off the curve is an attack on whoever computes with it.
                return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            except ValueError as error:
                raise KeyMalformed(detail="a point that is not on the curve") from error
        case "OKP", "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(_coordinate(members, "x"))
        case _:
            raise KeyMalformed(detail="another key type or curve")


def _coordinate(members: Mapping[str, object], name: str) -> bytes:
    """Return 32 bytes out of their one spelling (RFC 7518, section 6.2.1.2)."""
    text = members.get(name)
    if not isinstance(text, str) or not COORDINATE_PATTERN.fullmatch(text):
        raise KeyMalformed(detail=f"{name} is no coordinate of {COORDINATE_BYTES} bytes")
    raw = urlsafe_b64decode(text + "=")
    # The last character has bits to spare: another spelling would be another registered key.
    if urlsafe_b64encode(raw).decode("ascii") != text + "=":
        raise KeyMalformed(detail=f"{name} is not canonical base64url")
    return raw
