"""Tokens of every wrong form: headers, segments, spellings, raw signatures (RFC 7515)."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.jws import (
    TokenRejected,
    VerifyingKey,
    verify_compact,
)

CLAIMS = b'{"sub":"client-01"}'
EC_PRIVATE = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
EC_KEY = FileKey(key=name_key(EC_PRIVATE.public_key(), key_id="ec"), private=EC_PRIVATE)
KEYS: dict[str, VerifyingKey] = {
    "ec": EC_KEY.key,
}
Members = dict[str, str]


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(
    header: Members | bytes,
    payload: bytes = CLAIMS,
    sign: Callable[[bytes], bytes] = EC_KEY.sign,
) -> str:
    """A token with any header, and a signature that holds over it."""
    raw = header if isinstance(header, bytes) else msgspec.json.encode(header)
    signed = f"{encode(raw)}.{encode(payload)}"
    return f"{signed}.{encode(sign(signed.encode()))}"


def verify(token: str) -> bytes:
    """Verify with the one key."""
    return verify_compact(token, KEYS.get, typ="JWT", algorithms=["ES256"])


GOOD: Members = {"alg": "ES256", "kid": "ec", "typ": "JWT"}
TOKEN = forge(GOOD)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"null",
        b'"ES256"',
        b"{",
        b"{}",
        b'{"alg":"ES256","kid":"ec","typ":"JWT","alg":"ES256"}',
        b'{"alg":"none","kid":"ec","typ":"JWT","alg":"ES256"}',
        b'{"alg":"ES256","kid":"ec","typ":"JWT"}x',
        b'\xef\xbb\xbf{"alg":"ES256","kid":"ec","typ":"JWT"}',
        b'{"alg":"ES256","kid":"ec","typ":"JWT","x":NaN}',
        b'{"alg":"ES256","kid":"\xff","typ":"JWT"}',
        b'{"alg":"ES256","kid":"\\ud800","typ":"JWT"}',
        b'{"alg":["ES256"],"kid":"ec","typ":"JWT"}',
        b'{"alg":"ES256","kid":"ec","typ":7}',
        b'{"alg":"ES256","kid":"ec","typ":["JWT"]}',
        b"[" * 700,
        b'{"alg":"ES256","kid":"ec","typ":"JWT","x":"' + b"a" * 1000 + b'"}',
    ],
    ids=range(18),
)
def test_headers_that_are_no_strict_object_are_refused(header: bytes) -> None:
    """Duplicate members, trailing data, a byte order mark, other types, depth, 1 kB."""
    with pytest.raises(TokenRejected):
        verify(forge(header))


HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        f"{HEADER}.{PAYLOAD}",
        f"{HEADER}.{PAYLOAD}.",
        f"{HEADER}..{SIGNATURE}",
        f".{PAYLOAD}.{SIGNATURE}",
        f"{TOKEN}.",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE}.{PAYLOAD}.{SIGNATURE}",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE}==",
        f"{HEADER}.{PAYLOAD}=.{SIGNATURE}",
        f" {TOKEN}",
        f"{TOKEN}\n",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE[:20]} {SIGNATURE[20:]}",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-1]}",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE}A",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-1]}+",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-1]}/",
        f"{HEADER}.{PAYLOAD}.é",
        f"{HEADER}.{PAYLOAD}.{'A' * 1025}",
        f"{'A' * 1_000_000}.{PAYLOAD}.{SIGNATURE}",
        f"{HEADER}.{'A' * 1_000_000}.{SIGNATURE}",
        f"{HEADER}.{PAYLOAD}.{'A' * 1_000_000}",
        '{"payload":"'
        + PAYLOAD
        + '","protected":"'
        + HEADER
        + '","signature":"'
        + SIGNATURE
        + '"}',
        '{"payload":"' + PAYLOAD + '","signatures":[]}',
        '{"payload":"' + PAYLOAD + '","header":{"alg":"none"},"protected":"","signature":""}',
    ],
    ids=range(27),
)
def test_other_forms_are_refused(token: str) -> None:
    """Other segment counts, padding, blanks, the wrong alphabet, 1 MB, JSON serializations."""
    with pytest.raises(TokenRejected):
        verify(token)


@pytest.mark.parametrize("segment", [HEADER, PAYLOAD, SIGNATURE], ids=["h", "p", "s"])
def test_a_second_spelling_of_the_same_bytes_is_refused(segment: str) -> None:
    """The last character's unused bits must be zero, in every segment."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]
    assert len(segment) % 4 in {2, 3}

    with pytest.raises(TokenRejected):
        verify(TOKEN.replace(segment, other))


def sign_der(message: bytes) -> bytes:
    """An ES256 signature in the form of other protocols."""
    return EC_PRIVATE.sign(message, ec.ECDSA(SHA256()))


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize(
    "sign",
    [
        sign_der,
        lambda message: bytes(32) + EC_KEY.sign(message)[32:],
        lambda message: EC_KEY.sign(message)[:32] + bytes(32),
        lambda message: ORDER.to_bytes(32) + EC_KEY.sign(message)[32:],
        lambda message: EC_KEY.sign(message)[:32] + ORDER.to_bytes(32),
        lambda _message: bytes(64),
        lambda _message: EC_KEY.sign(b"other"),
        lambda message: EC_KEY.sign(message) + b"\x00",
    ],
    ids=["der", "r=0", "s=0", "r=n", "s=n", "zero", "other", "longer"],
)
def test_es256_signatures_of_another_form_are_refused(sign: Callable[[bytes], bytes]) -> None:
    """DER instead of raw, r or s zero or the order, other bytes (RFC 7518, section 3.4)."""
    with pytest.raises(TokenRejected):
        verify(forge(GOOD, sign=sign))


def test_an_altered_payload_is_refused() -> None:
    """The signature is over header and payload."""
    with pytest.raises(TokenRejected):
        verify(f"{HEADER}.{encode(CLAIMS + b' ')}.{SIGNATURE}")
