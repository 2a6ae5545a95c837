"""Keys, and the signer seam: who holds a private key signs; everybody else verifies.

Signatures are raw: 64 bytes of `r || s` for ES256 (RFC 7518, section 3.4), 64 bytes for Ed25519
(RFC 8032). A key id is the JWK thumbprint of the public key (RFC 7638), base64url, unless the
key's owner gave it another name.
"""

import hashlib
import stat
from base64 import urlsafe_b64encode
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from creditbridge.foundation.errors import CreditbridgeError, SignatureInvalid

COORDINATE_BYTES = 32
SIGNATURE_BYTES = 2 * COORDINATE_BYTES

# Eight points of the Ed25519 curve have a small order; their `y` is one of these five. A signature
# can be made that such a "key" accepts under any message, so it would bind nobody.
ED25519_PRIME = 2**255 - 19
ED25519_ORDER_EIGHT = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
ED25519_SMALL_ORDERS = frozenset(
    {0, 1, ED25519_PRIME - 1, ED25519_ORDER_EIGHT, ED25519_PRIME - ED25519_ORDER_EIGHT}
)


class Algorithm(StrEnum):
    """The signature algorithms of messages and seals; the value is the JOSE name."""

    ES256 = "ES256"
    ED25519 = "EdDSA"


class KeyUnusable(CreditbridgeError):
    """A key file is absent, readable by others, or of a kind the house does not sign with."""

    code = "key-unusable"
    message = "A key file cannot be used; start is refused."


class Signer(Protocol):
    """Whoever holds one private key: a file today, an HSM behind the same two lines tomorrow."""

    @property
    def key(self) -> "PublicKey":
        """The public half, with its key id."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the raw signature, 64 bytes."""
        ...


class Signers(Protocol):
    """A purpose that is signed for: its key changes in time, by a rotation."""

    def current(self) -> Signer:
        """Return the key to sign with now; hold it for one message, as the next may have another.

        Its name and its signatures belong together only within what one call returned.
        """
        ...


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that may verify, with its name."""

    key_id: str
    algorithm: Algorithm
    material: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

    def verify(self, signature: bytes, message: bytes) -> None:
        """Accept the raw signature over the message.

        Raises:
            SignatureInvalid: wrong length, wrong key, wrong bytes.
        """
        # Before the halves are cut: a longer one would be cut into two that may verify.
        if len(signature) != SIGNATURE_BYTES:
            raise SignatureInvalid(detail=f"a signature of {len(signature)} bytes")
        try:
            if isinstance(self.material, ec.EllipticCurvePublicKey):
                # The DER form that the library wants, from the raw one that every message carries.
                r = int.from_bytes(signature[:COORDINATE_BYTES])
                s = int.from_bytes(signature[COORDINATE_BYTES:])
                self.material.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
            else:
                self.material.verify(signature, message)
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


class FileKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key from a file, held in memory."""

    key: PublicKey
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Return the raw signature, 64 bytes."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        # Raw and of fixed length, as JOSE and HTTP messages carry it (RFC 7518, section 3.4).
        return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)

    def current(self) -> "FileKey":
        """Return itself: a key that stands alone has no successor."""
        return self

    def overlapping(self) -> "tuple[FileKey, ...]":
        """Return itself alone."""
        return (self,)


def load_file_key(path: Path, *, key_id: str | None = None) -> FileKey:
    """Return the private key of a PEM file (PKCS #8).

    Raises:
        KeyUnusable: absent, readable by group or others, or neither EC P-256 nor Ed25519.
    """
    return parse_private_key(read_key_file(path), key_id=key_id, origin=str(path))


def read_key_file(path: Path) -> bytes:
    """Return what a private key's file holds.

    Raises:
        KeyUnusable: absent, or readable by group or others.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise KeyUnusable(detail=f"{path}: {error.strerror}") from error
    # Whoever can read it can sign as the house: refused at the start, not found in an audit.
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnusable(detail=f"{path} is readable by others; chmod 600 it")
    return content


def parse_private_key(content: bytes, *, key_id: str | None = None, origin: str = "") -> FileKey:
    """Return the private key that PEM bytes hold; `origin` names them in the error.

    Raises:
        KeyUnusable: no PEM, or neither EC P-256 nor Ed25519.
    """
    private = load_private_pem(content, origin=origin)
    if not isinstance(private, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyUnusable(detail=f"{origin}: neither EC P-256 nor Ed25519")
    return FileKey(key=name_key(private.public_key(), key_id=key_id), private=private)


def load_private_pem(content: bytes, *, origin: str) -> PrivateKeyTypes:
    """Return whatever private key PEM bytes hold, of a kind that the house uses or not.

    Raises:
        KeyUnusable: no PEM of a private key, or an encrypted one.
    """
    try:
        return load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusable(detail=f"{origin}: not an unencrypted PEM private key") from error


def parse_public_key(content: bytes, *, key_id: str | None = None) -> PublicKey:
    """Return the public key that PEM bytes hold (SubjectPublicKeyInfo).

    Raises:
        KeyUnusable: no PEM, or neither EC P-256 nor Ed25519.
    """
    try:
        material = load_pem_public_key(content)
    except ValueError as error:
        raise KeyUnusable(detail="not a PEM public key") from error
    return name_key(material, key_id=key_id)


def name_key(material: object, *, key_id: str | None = None) -> PublicKey:
    """Return a public key under the given name, or under its thumbprint (RFC 7638).

    Raises:
        KeyUnusable: neither EC P-256 nor Ed25519, or an Ed25519 point of small order.
    """
    match material:
        case ec.EllipticCurvePublicKey() if isinstance(material.curve, ec.SECP256R1):
            algorithm = Algorithm.ES256
        # Under a key of small order one signature may verify for many messages.
        case ed25519.Ed25519PublicKey() if not _is_small_order(material):
            algorithm = Algorithm.ED25519
        case _:
            raise KeyUnusable(detail="neither EC P-256 nor Ed25519, or of small order")
    name = key_id or thumbprint(material)
    return PublicKey(key_id=name, algorithm=algorithm, material=material)


def thumbprint(material: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    """Return the JWK thumbprint (RFC 7638): base64url of SHA-256, 43 characters."""
    # Required members only, in the order of their names (RFC 7638, section 3.2).
    members = msgspec.json.encode(_thumbprint_members(material), order="sorted")
    return _base64url(hashlib.sha256(members).digest())


def _is_small_order(material: ed25519.Ed25519PublicKey) -> bool:
    # The last bit is the sign of x (RFC 8032, section 5.1.2).
    raw = material.public_bytes(Encoding.Raw, PublicFormat.Raw)
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    return y % ED25519_PRIME in ED25519_SMALL_ORDERS


def _thumbprint_members(
    material: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
) -> dict[str, str]:
    if isinstance(material, ed25519.Ed25519PublicKey):
        raw = material.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    point = material.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    x, y = point[:COORDINATE_BYTES], point[COORDINATE_BYTES:]
    return {"crv": "P-256", "kty": "EC", "x": _base64url(x), "y": _base64url(y)}


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
