"""An SM2 signature in its two forms: DER, as messages carry it, and raw `r || s`.

As in GB/T 32918.2-2016 (the numbers) and GM/T 0009-2012, section 7.3 (the DER form). Arithmetic on
the curve is libcrypto's; here is what a reader may refuse before any.
"""

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from creditbridge.foundation.errors import SignatureInvalid

# The order of the base point of sm2p256v1 (GB/T 32918.5-2017).
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
NUMBER_BYTES = 32
RAW_BYTES = 2 * NUMBER_BYTES
DER_BYTES_MAX = 72  # Two integers of 33 bytes, each with its head, in one sequence.


def raw_from_der(der: bytes) -> bytes:
    """Return the 64 bytes of `r || s`.

    Raises:
        SignatureInvalid: not the one DER form of two numbers, or one that is out of range.
    """
    # Before parsing: no signature is longer, whatever its head says.
    if len(der) > DER_BYTES_MAX:
        raise SignatureInvalid(detail=f"a signature of {len(der)} bytes")
    try:
        r, s = decode_dss_signature(der)
    except ValueError as error:
        raise SignatureInvalid(detail="not the DER form of two integers") from error
    _require_range(r, s)
    return r.to_bytes(NUMBER_BYTES) + s.to_bytes(NUMBER_BYTES)


def der_from_raw(raw: bytes) -> bytes:
    """Return the DER form of 64 raw bytes.

    Raises:
        SignatureInvalid: another length, or a number that is out of range.
    """
    if len(raw) != RAW_BYTES:
        raise SignatureInvalid(detail=f"a signature of {len(raw)} bytes")
    r, s = int.from_bytes(raw[:NUMBER_BYTES]), int.from_bytes(raw[NUMBER_BYTES:])
    _require_range(r, s)
    return encode_dss_signature(r, s)


def _require_range(r: int, s: int) -> None:
    # Zero would verify under no honest arithmetic, and r + s = n under none either (section 7.1,
    # steps B1, B2 and B5).
    if not (0 < r < ORDER and 0 < s < ORDER and (r + s) % ORDER != 0):
        raise SignatureInvalid(detail="a number of the signature is out of range")
