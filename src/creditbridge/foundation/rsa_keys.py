"""RSA keys, for PS256 alone: they sign and verify tokens, and never an HTTP message.

RSASSA-PSS with SHA-256 and a salt as long as the hash (RFC 7518, section 3.5). `Signer` in `keys`
asks for a key of the other kinds, so that an RSA key is no signer of messages or seals by its type.
"""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import (
    FileKey,
    KeyUnusable,
    PublicKey,
    load_private_pem,
    name_key,
    parse_private_key,
    read_key_file,
    thumbprint,
)

PS256 = "PS256"
RSA_BITS_MIN = 2_048
# Twice the least: beyond it a verification costs its receiver more than it adds.
RSA_BITS_MAX = 4_096
# 65537 (FIPS 186-5, section 5.4 wants no smaller one), in its one spelling.
EXPONENT = 65_537
EXPONENT_TEXT = "AQAB"
SALT_BYTES = 32  # as long as the hash (RFC 7518, section 3.5)

_SCHEME = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SALT_BYTES)


class RsaKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public RSA key that verifies PS256, with its name."""

    key_id: str
    material: rsa.RSAPublicKey
    algorithm: str = PS256

    def verify(self, signature: bytes, message: bytes) -> None:
        """Accept an RSASSA-PSS signature with SHA-256 and a salt of 32 bytes.

        Raises:
            SignatureInvalid: a key under 2048 bits, wrong length, wrong bytes.
        """
        # Asked at each use and not at parsing: the key came from a provider, and may change there
        # (RFC 7518, section 3.5).
        if self.material.key_size < RSA_BITS_MIN:
            raise SignatureInvalid(detail=f"an RSA key of {self.material.key_size} bits")
        try:
            self.material.verify(signature, message, _SCHEME, SHA256())
        except InvalidSignature as error:
            raise SignatureInvalid(detail=f"key {self.key_id}") from error

    def to_jwk(self) -> dict[str, str]:
        """Return the public JWK (RFC 7517), with `kid`, `use` and `alg`."""
        return {
            **_thumbprint_members(self.material),
            "alg": self.algorithm,
            "kid": self.key_id,
            "use": "sig",
        }


class RsaFileKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private RSA key from a file, held in memory; it signs tokens alone."""

    key: RsaKey
    private: rsa.RSAPrivateKey

    def sign(self, message: bytes) -> bytes:
        """Return the RSASSA-PSS signature, as long as the modulus."""
        return self.private.sign(message, _SCHEME, SHA256())

    def current(self) -> "RsaFileKey":
        """Return itself: a key by itself has no successor."""
        return self


JoseKey: TypeAlias = PublicKey | RsaKey
JoseFileKey: TypeAlias = FileKey | RsaFileKey


def load_token_key(path: Path) -> JoseFileKey:
    """Return the private key of a PEM file (PKCS #8) that signs tokens, as `parse_token_key`.

    Raises:
        KeyUnusable: also absent, or readable by group or others.
    """
    return parse_token_key(read_key_file(path), origin=str(path))


def parse_token_key(content: bytes, *, origin: str = "") -> JoseFileKey:
    """Return the private key that PEM bytes hold, to sign tokens with: PS256 or ES256.

    `origin` names the bytes in the error.

    Raises:
        KeyUnusable: no PEM, or neither EC P-256 nor RSA of 2048 to 4096 bits with exponent 65537.
    """
    private = load_private_pem(content, origin=origin)
    if isinstance(private, rsa.RSAPrivateKey):
        return RsaFileKey(key=_name_rsa_key(private.public_key(), origin=origin), private=private)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return parse_private_key(content, origin=origin)
    # Not every client that reads an ID token knows Ed25519; every FAPI client knows one of these
    # (FAPI 2.0, section 5.4.1).
    raise KeyUnusable(detail=f"{origin}: neither EC P-256 nor RSA")


def parse_public_jose_key(content: bytes) -> JoseKey:
    """Return the public key that PEM bytes hold (SubjectPublicKeyInfo), RSA included.

    Raises:
        KeyUnusable: no PEM, or a key of no kind that the house signs with.
    """
    try:
        material = load_pem_public_key(content)
    except ValueError as error:
        raise KeyUnusable(detail="not a PEM public key") from error
    if isinstance(material, rsa.RSAPublicKey):
        return _name_rsa_key(material, origin="a public key")
    return name_key(material)


def thumbprint_of(key: JoseKey) -> str:
    """Return the JWK thumbprint (RFC 7638): base64url of SHA-256, 43 characters."""
    if isinstance(key, PublicKey):
        return thumbprint(key.material)
    return _thumbprint(key.material)


def _name_rsa_key(material: rsa.RSAPublicKey, *, origin: str) -> RsaKey:
    fits = RSA_BITS_MIN <= material.key_size <= RSA_BITS_MAX
    if not fits or material.public_numbers().e != EXPONENT:
        raise KeyUnusable(detail=f"{origin}: an RSA key of another size or exponent")
    return RsaKey(key_id=_thumbprint(material), material=material)


def _thumbprint(material: rsa.RSAPublicKey) -> str:
    # Required members only, in the order of their names (RFC 7638, section 3.2).
    members = msgspec.json.encode(_thumbprint_members(material), order="sorted")
    return _encode(hashlib.sha256(members).digest())


def _thumbprint_members(material: rsa.RSAPublicKey) -> dict[str, str]:
    modulus = material.public_numbers().n
    raw = modulus.to_bytes((modulus.bit_length() + 7) // 8)
    return {"e": EXPONENT_TEXT, "kty": "RSA", "n": _encode(raw)}


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
