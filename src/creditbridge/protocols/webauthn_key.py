"""A passkey's public key, as authenticators write it: COSE (RFC 9052, 9053, 8230), canonical CBOR.

CTAP2 leaves each key type one spelling (canonical CBOR, section 6 of CTAP 2.1), so that a key is
read by its form and not by a parser: whatever deviates is no key.
"""

import re
from enum import IntEnum
from typing import TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from creditbridge.foundation.errors import Malformed, SignatureInvalid

# The order of the group of P-256 (FIPS 186-5; SEC 2, section 2.4.2).
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RSA_BYTES_MIN, RSA_BYTES_MAX = 256, 512
RSA_EXPONENT = 65537
TOP_BIT = 0x80

# {1: 2, 3: -7, -1: 1, -2: x, -3: y}; {1: 1, 3: -8, -1: 6, -2: x}; {1: 3, 3: -257, -1: n, -2: e}.
_ES256 = re.compile(
    rb"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20(.{32})\x22\x58\x20(.{32})", re.DOTALL
)
_EDDSA = re.compile(rb"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20(.{32})", re.DOTALL)
_RS256 = re.compile(
    rb"\xa4\x01\x03\x03\x39\x01\x00\x20\x59(..)(.{256,512})\x21\x43\x01\x00\x01", re.DOTALL
)

Material: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class Algorithm(IntEnum):
    """The algorithms that passkeys may sign with (IANA, COSE Algorithms)."""

    ES256 = -7
    EDDSA = -8
    RS256 = -257  # Only here: platform authenticators with a TPM make such keys.


class PasskeyMalformed(Malformed):
    """No public key of a kind that approvers may sign with."""

    code = "passkey-malformed"
    message = "The passkey's public key is of no kind that is accepted here."


class PasskeyKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that was read, with the algorithm that it is for."""

    algorithm: Algorithm
    material: Material

    def verify(self, signature: bytes, message: bytes) -> None:
        """Accept the signature over the message.

        Raises:
            SignatureInvalid: another key's, of other bytes, or in another form than its one.
        """
        try:
            if isinstance(self.material, ec.EllipticCurvePublicKey):
                _require_der(signature)
                self.material.verify(signature, message, ec.ECDSA(SHA256()))
            elif isinstance(self.material, rsa.RSAPublicKey):
                self.material.verify(signature, message, PKCS1v15(), SHA256())
            else:
                self.material.verify(signature, message)
        except InvalidSignature as error:
            raise SignatureInvalid(detail="passkey") from error


def parse_key(raw: bytes) -> PasskeyKey:
    """Return the key of a credential's COSE bytes.

    Raises:
        PasskeyMalformed: another type, curve or algorithm; a point off the curve; RSA under 2048 or
            over 4096 bits; bytes too many; another spelling.
    """
    if (match := _ES256.fullmatch(raw)) is not None:
        # Uncompressed (SEC 1, section 2.3.3); a point off the curve is an attack.
        return PasskeyKey(algorithm=Algorithm.ES256, material=_point(b"\x04" + match[1] + match[2]))
    if (match := _EDDSA.fullmatch(raw)) is not None:
        return PasskeyKey(
            algorithm=Algorithm.EDDSA,
            material=ed25519.Ed25519PublicKey.from_public_bytes(match[1]),
        )
    if (match := _RS256.fullmatch(raw)) is not None:
        return PasskeyKey(
            algorithm=Algorithm.RS256, material=_modulus(match[2], length=int.from_bytes(match[1]))
        )
    raise PasskeyMalformed(detail=f"{len(raw)} bytes of no known form")


def _point(encoded: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)
    except ValueError as error:
        raise PasskeyMalformed(detail="a point that is not on the curve") from error


def _modulus(raw: bytes, *, length: int) -> rsa.RSAPublicKey:
    # A leading zero would be the same number in another spelling, and a shorter key than it seems.
    if length != len(raw) or not raw[0] & TOP_BIT:
        raise PasskeyMalformed(detail="a modulus of another length than it says")
    # No product of two large primes is even.
    if not raw[-1] & 1:
        raise PasskeyMalformed(detail="a modulus that is none")
    return rsa.RSAPublicNumbers(RSA_EXPONENT, int.from_bytes(raw)).public_key()


def _require_der(signature: bytes) -> None:
    """Accept an ECDSA signature in its one DER form, with r and s in range (FIPS 186-5, 6.4.2)."""
    # The reader is strict: what is longer than it must be, or ends too late, is no DER.
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as error:
        raise SignatureInvalid(detail="passkey: no DER") from error
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise SignatureInvalid(detail="passkey: r or s out of range")
