"""What SM2 encrypts, in its two forms: `C1 || C3 || C2`, as messages carry it, and DER.

As in GB/T 32918.4-2016, section 6.1 (the parts), in the order of GM/T 0009-2012: the point, the
SM3 digest, the cipher text. libcrypto reads and writes the DER form of that standard's section 7.2.
"""

from creditbridge.foundation.errors import Untrusted

COORDINATE_BYTES = 32
DIGEST_BYTES = 32
UNCOMPRESSED = 0x04
RAW_HEAD_BYTES = 1 + 2 * COORDINATE_BYTES + DIGEST_BYTES
TEXT_BYTES_MAX = 1024  # Keys are wrapped, not messages.

INTEGER, OCTET_STRING, SEQUENCE = 0x02, 0x04, 0x30
SHORT_LENGTH_MAX = 0x7F
ONE_BYTE_LENGTH, TWO_BYTE_LENGTH = 0x81, 0x82
BYTE_MAX = 0xFF


class CipherMalformed(Untrusted):
    """Encrypted bytes that are none: too short, too long, no point, or not DER."""

    code = "sm2-cipher-malformed"
    message = "An encrypted key could not be read."


def der_from_raw(raw: bytes) -> bytes:
    """Return the DER form of `04 || x || y || C3 || C2`.

    Raises:
        CipherMalformed: another form of the point, nothing encrypted, or more than 1024 bytes.
    """
    if not 0 < len(raw) - RAW_HEAD_BYTES <= TEXT_BYTES_MAX or raw[0] != UNCOMPRESSED:
        raise CipherMalformed(detail=f"{len(raw)} bytes")
    x, rest = raw[1 : 1 + COORDINATE_BYTES], raw[1 + COORDINATE_BYTES :]
    y, rest = rest[:COORDINATE_BYTES], rest[COORDINATE_BYTES:]
    digest, text = rest[:DIGEST_BYTES], rest[DIGEST_BYTES:]
    parts = _integer(x) + _integer(y) + _tagged(OCTET_STRING, digest) + _tagged(OCTET_STRING, text)
    return _tagged(SEQUENCE, parts)


def raw_from_der(der: bytes) -> bytes:
    """Return `04 || x || y || C3 || C2` of the DER form.

    Raises:
        CipherMalformed: not that form, or bytes after it.
    """
    inner = _take_all(der, SEQUENCE)
    x, inner = _take(inner, INTEGER)
    y, inner = _take(inner, INTEGER)
    digest, inner = _take(inner, OCTET_STRING)
    text = _take_all(inner, OCTET_STRING)
    if len(digest) != DIGEST_BYTES or not 0 < len(text) <= TEXT_BYTES_MAX:
        raise CipherMalformed(detail="parts of the wrong length")
    return bytes([UNCOMPRESSED]) + _coordinate(x) + _coordinate(y) + digest + text


def _integer(number: bytes) -> bytes:
    digits = number.lstrip(b"\x00") or b"\x00"
    # A first bit of one would make it negative (X.690, section 8.3).
    return _tagged(INTEGER, b"\x00" + digits if digits[0] > SHORT_LENGTH_MAX else digits)


def _coordinate(digits: bytes) -> bytes:
    number = digits.lstrip(b"\x00")
    if not digits or digits[0] > SHORT_LENGTH_MAX or len(number) > COORDINATE_BYTES:
        raise CipherMalformed(detail="no coordinate of the curve")
    return number.rjust(COORDINATE_BYTES, b"\x00")


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size <= SHORT_LENGTH_MAX:
        return bytes([tag, size]) + content
    if size <= BYTE_MAX:
        return bytes([tag, ONE_BYTE_LENGTH, size]) + content
    return bytes([tag, TWO_BYTE_LENGTH]) + size.to_bytes(2) + content


def _take(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first value, and what follows it."""
    if len(der) < 2 or der[0] != tag:  # noqa: PLR2004 -- a tag and a length
        raise CipherMalformed(detail=f"no value with tag {tag:#x}")
    head, size = 2, der[1]
    if size in (ONE_BYTE_LENGTH, TWO_BYTE_LENGTH):
        head += size - ONE_BYTE_LENGTH + 1
        size = int.from_bytes(der[2:head])
    elif size > SHORT_LENGTH_MAX:
        raise CipherMalformed(detail="a length that is too long")
    if len(der) < head + size:
        raise CipherMalformed(detail="cut short")
    return der[head : head + size], der[head + size :]


def _take_all(der: bytes, tag: int) -> bytes:
    content, rest = _take(der, tag)
    if rest:
        raise CipherMalformed(detail="bytes after the end")
    return content
