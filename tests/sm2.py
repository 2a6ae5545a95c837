"""Key pairs of the SM suite, made by hand: the public half by the independent arithmetic."""

from base64 import encodebytes

from tests.evidence.independent_verifier import SM2_G, multiply

from creditbridge.foundation.libcrypto import Libcrypto
from creditbridge.protocols.sm2_keys import (
    SPKI_HEAD,
    Sm2PrivateKey,
    name_sm2_key,
    parse_sm2_private_key,
)

# PKCS #8 with both halves (RFC 5915): up to the number, and between number and point.
WHOLE_HEAD = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
)
WHOLE_MIDDLE = bytes.fromhex("a144034200")


def point_of(number: int) -> bytes:
    """Return the uncompressed public point of a private number."""
    point = multiply(number, SM2_G)
    assert point is not None
    return b"\x04" + b"".join(each.to_bytes(32) for each in point)


def pem(label: str, der: bytes) -> bytes:
    """Return PEM bytes."""
    body = encodebytes(der).decode("ascii")
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode("ascii")


def private_pem(number: int) -> bytes:
    """Return a private key's file."""
    der = WHOLE_HEAD + number.to_bytes(32) + WHOLE_MIDDLE + point_of(number)
    return pem("PRIVATE KEY", der)


def public_pem(number: int) -> bytes:
    """Return its public half's file."""
    return pem("PUBLIC KEY", SPKI_HEAD + point_of(number))


def make_sm2_key(number: int, library: Libcrypto, *, key_id: str | None = None) -> Sm2PrivateKey:
    """Return the key pair of a private number, under its own name or a given one."""
    name = key_id or name_sm2_key(point_of(number), library).key_id
    return parse_sm2_private_key(private_pem(number), library, key_id=name)
