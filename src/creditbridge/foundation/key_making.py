"""Fresh keys, and their files: whole or not there, and for their owner alone."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from creditbridge.foundation.keys import Algorithm
from creditbridge.foundation.rsa_keys import EXPONENT, PS256

RSA_BITS = 3_072  # 128 bits of strength (NIST SP 800-57, part 1, table 2), as P-256 has.
OWNER_ALONE = 0o600

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

MAKERS: Mapping[str, Callable[[], PrivateKey]] = {
    Algorithm.ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
    Algorithm.ED25519: ed25519.Ed25519PrivateKey.generate,
    PS256: lambda: rsa.generate_private_key(EXPONENT, RSA_BITS),
}


def make_private_key(algorithm: str) -> PrivateKey:
    """Return a fresh key of an algorithm in `MAKERS`."""
    return MAKERS[algorithm]()


def encode_private(private: PrivateKey) -> bytes:
    """Return the private key as PEM (PKCS #8), not encrypted."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encode_public(private: PrivateKey) -> bytes:
    """Return the public half as PEM (SubjectPublicKeyInfo)."""
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def put_key_file(path: Path, content: bytes) -> None:
    """Put a file in its place at once, whole and durable, readable by its owner alone.

    Raises:
        OSError: it cannot be written; what was there before is there still.
    """
    # Whoever watches the folder must not find half a key; the name is none of a ring's.
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
