"""SM2 signatures and encrypted keys in their two forms, and SM4-GCM, judged by Wycheproof."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, example, given, strategies

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.protocols import sm2_cipher, sm2_signature, sm4_gcm
from creditbridge.protocols.sm2_cipher import CipherMalformed
from creditbridge.protocols.sm2_signature import ORDER
from creditbridge.protocols.sm4_gcm import SealBroken

NUMBERS = strategies.integers(min_value=1, max_value=ORDER - 1)
KEY, NONCE = bytes(range(16)), bytes(range(12))


class SealCase(msgspec.Struct, frozen=True):
    """A Wycheproof case of an authenticated cipher."""

    key: str
    iv: str
    aad: str
    msg: str
    ct: str
    tag: str
    result: str


class SealGroup(msgspec.Struct, frozen=True):
    """Cases of one size of nonce, in bits."""

    nonce_bits: int = msgspec.field(name="ivSize")
    tests: list[SealCase]


class SealSuite(msgspec.Struct, frozen=True):
    """A Wycheproof file."""

    groups: list[SealGroup] = msgspec.field(name="testGroups")


@given(r=NUMBERS, s=NUMBERS)
def test_both_forms_of_a_signature_say_the_same(r: int, s: int) -> None:
    """Raw to DER and back is the identity, for every pair of numbers in range."""
    raw = r.to_bytes(32) + s.to_bytes(32)
    assume((r + s) % ORDER != 0)

    assert sm2_signature.raw_from_der(sm2_signature.der_from_raw(raw)) == raw


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (1, ORDER - 1)],
)
def test_a_number_out_of_range_is_refused(r: int, s: int) -> None:
    """Zero, the order, and the pair whose sum is zero."""
    raw = r.to_bytes(32) + s.to_bytes(32)

    with pytest.raises(SignatureInvalid):
        sm2_signature.der_from_raw(raw)


@pytest.mark.parametrize(
    "der",
    [
        "",
        "3006020101020101ff",
        "30070202000102010100",
        "3006020101020101" + "00" * 80,
        "3106020101020101",
        "3006020181020101",
    ],
    ids=["empty", "trailing", "padded", "long", "a set", "negative"],
)
def test_another_form_than_der_is_refused(der: str) -> None:
    """One signature has one form."""
    with pytest.raises(SignatureInvalid):
        sm2_signature.raw_from_der(bytes.fromhex(der))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_raw_signature_has_64_bytes(size: int) -> None:
    """Neither fewer nor more."""
    with pytest.raises(SignatureInvalid):
        sm2_signature.der_from_raw(b"\x01" * size)


@given(
    x=strategies.binary(min_size=32, max_size=32),
    y=strategies.binary(min_size=32, max_size=32),
    text=strategies.binary(min_size=1, max_size=1024),
)
@example(x=bytes(32), y=b"\xff" * 32, text=b"k")
@example(x=bytes(32), y=b"\xff" * 32, text=b"k" * 60)
@example(x=bytes(32), y=b"\xff" * 32, text=b"k" * 200)
@example(x=bytes(32), y=b"\xff" * 32, text=b"k" * 1024)
def test_both_forms_of_an_encrypted_key_say_the_same(x: bytes, y: bytes, text: bytes) -> None:
    """Raw to DER and back is the identity, whatever the length."""
    raw = b"\x04" + x + y + bytes(32) + text

    assert sm2_cipher.raw_from_der(sm2_cipher.der_from_raw(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x04" + bytes(96), b"\x02" + bytes(97), b"\x04" + bytes(96 + 1025)],
    ids=["empty", "nothing encrypted", "compressed", "too long"],
)
def test_what_is_no_encrypted_key_is_refused(raw: bytes) -> None:
    """The point uncompressed, then 32 bytes, then 1 to 1024."""
    with pytest.raises(CipherMalformed):
        sm2_cipher.der_from_raw(raw)


GOOD = sm2_cipher.der_from_raw(b"\x04" + b"\x11" * 64 + b"\x22" * 32 + b"k" * 16)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x31" + GOOD[1:],
        GOOD + b"\x00",
        GOOD[:-1],
        b"\x30\x83" + GOOD[2:],
        bytes.fromhex("300b020101020101040004016b"),
        bytes.fromhex("302a0201010201010420") + bytes(32) + b"\x04\x00",
        b"\x30\x2b" + bytes.fromhex("020182020101") + b"\x04\x20" + bytes(32) + b"\x04\x01k",
        b"\x30\x2a" + bytes.fromhex("0200020101") + b"\x04\x20" + bytes(32) + b"\x04\x01k",
    ],
    ids=[
        *("empty", "no length", "a set", "trailing", "cut", "three bytes of length"),
        *("a short digest", "nothing in it", "negative", "no digits"),
    ],
)
def test_another_form_than_der_is_no_encrypted_key(der: bytes) -> None:
    """Each part has its tag and its length, and nothing follows."""
    with pytest.raises(CipherMalformed):
        sm2_cipher.raw_from_der(der)


def test_wycheproof_agrees_on_sm4_gcm(vectors: Path) -> None:
    """Every case with our length of nonce is judged right; other lengths are never opened."""
    path = vectors / "wycheproof" / "sm4_gcm_test.json"
    suite = msgspec.json.decode(path.read_bytes(), type=SealSuite)
    cases = [(group, case) for group in suite.groups for case in group.tests]

    for group, case in cases:
        opened = open_case(case)
        if group.nonce_bits == 96 and case.result == "valid":
            assert opened == bytes.fromhex(case.msg)
        else:
            assert opened is None

    assert len(cases) == 104


def open_case(case: SealCase) -> bytes | None:
    """Return what a case's bytes open to, or None where they are refused."""
    try:
        return sm4_gcm.decrypt(
            bytes.fromhex(case.ct + case.tag),
            key=bytes.fromhex(case.key),
            nonce=bytes.fromhex(case.iv),
            associated=bytes.fromhex(case.aad),
        )
    except SealBroken:
        return None


def test_a_sealed_body_opens_with_all_that_went_with_it() -> None:
    """The same key, nonce and associated bytes open it; each other one breaks the seal."""
    sealed = sm4_gcm.encrypt(b"body", key=KEY, nonce=NONCE, associated=b"head")

    assert sm4_gcm.decrypt(sealed, key=KEY, nonce=NONCE, associated=b"head") == b"body"
    for key, nonce, associated in (
        (KEY[::-1], NONCE, b"head"),
        (KEY, NONCE[::-1], b"head"),
        (KEY, NONCE, b"other"),
        (KEY[:-1], NONCE, b"head"),
    ):
        with pytest.raises(SealBroken):
            sm4_gcm.decrypt(sealed, key=key, nonce=nonce, associated=associated)
    with pytest.raises(SealBroken):
        sm4_gcm.decrypt(sealed[:15], key=KEY, nonce=NONCE, associated=b"head")


def test_a_nonce_of_another_length_seals_nothing() -> None:
    """Other lengths are digested into a nonce, and may then meet another's."""
    with pytest.raises(ValueError, match="12 bytes"):
        sm4_gcm.encrypt(b"body", key=KEY, nonce=bytes(16), associated=b"")
