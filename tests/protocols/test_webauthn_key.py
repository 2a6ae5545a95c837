"""Public keys of passkeys: three algorithms, one spelling each."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from tests.passkeys import Authenticator, make_authenticator
from webauthn.helpers import decode_credential_public_key

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.protocols.webauthn_key import (
    P256_ORDER,
    Algorithm,
    PasskeyMalformed,
    parse_key,
)

KEYS = {algorithm: make_authenticator(algorithm) for algorithm in (-7, -8, -257)}
RAW = {algorithm: one.public_key for algorithm, one in KEYS.items()}


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
def test_a_key_is_read_as_the_library_reads_it(algorithm: int) -> None:
    """Algorithm and material are those that py_webauthn finds in the same bytes."""
    key = parse_key(RAW[algorithm])

    assert key.algorithm == Algorithm(algorithm)
    assert decode_credential_public_key(RAW[algorithm]).alg == algorithm
    assert key.material == KEYS[algorithm].private.public_key()


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
def test_a_signature_holds_for_its_bytes_and_no_others(algorithm: int) -> None:
    """One bit of the message or of the signature changes everything."""
    key, signature = parse_key(RAW[algorithm]), KEYS[algorithm].sign(b"c").signature
    message = _message(KEYS[algorithm])

    key.verify(signature, message)
    for bad_signature, bad_message in [
        (signature, message + b"x"),
        (signature[:-1] + bytes([signature[-1] ^ 1]), message),
        (signature[:-1], message),
        (signature + b"\x00", message),
        (b"", message),
    ]:
        with pytest.raises(SignatureInvalid):
            key.verify(bad_signature, bad_message)


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
def test_no_byte_of_a_key_may_be_missing_or_too_many(algorithm: int) -> None:
    """Every proper prefix, and every longer text, is no key."""
    raw = RAW[algorithm]

    for changed in [*(raw[:cut] for cut in range(len(raw))), raw + b"\x00", b"\x00" + raw]:
        with pytest.raises(PasskeyMalformed):
            parse_key(changed)


@pytest.mark.parametrize(
    ("algorithm", "place", "byte"),
    [
        (-7, 0, 0xA4),  # Four members announced.
        (-7, 2, 0x01),  # kty OKP.
        (-7, 4, 0x27),  # EdDSA over P-256.
        (-7, 4, 0x38),  # Another integer form.
        (-7, 6, 0x02),  # P-384.
        (-7, 9, 0x1F),  # A short x.
        (-8, 4, 0x26),
        (-8, 6, 0x04),  # X25519.
        (-257, 2, 0x02),
        (-257, 6, 0x01),  # -258: RS384.
        (-257, 9, 0x02),  # A longer modulus than there is.
        (-257, 11, 0x00),  # A leading zero: a shorter modulus.
        (-257, 11, 0x7F),
        (-257, -1, 0x03),  # Another exponent.
        (-257, -5, 0x20),
    ],
)
def test_another_type_curve_or_algorithm_is_no_key(algorithm: int, place: int, byte: int) -> None:
    """One byte of the form, and it is nothing that approvers sign with."""
    changed = bytearray(RAW[algorithm])
    changed[place] = byte

    with pytest.raises(PasskeyMalformed):
        parse_key(bytes(changed))


def test_a_point_off_the_curve_is_no_key() -> None:
    """A key that is no point would be an attack on whoever computes with it."""
    changed = bytearray(RAW[-7])
    changed[-1] ^= 1

    with pytest.raises(PasskeyMalformed) as caught:
        parse_key(bytes(changed))

    assert caught.value.detail == "a point that is not on the curve"


@pytest.mark.parametrize(("bits", "fits"), [(1024, False), (2048, True), (4096, True)])
def test_rsa_is_of_2048_to_4096_bits(bits: int, fits: bool) -> None:  # noqa: FBT001 -- a case
    """A short key can be broken, a long one costs whoever verifies."""
    device = Authenticator(
        private=rsa.generate_private_key(65537, bits), credential_id=b"credential"
    )

    if fits:
        assert parse_key(device.public_key).algorithm is Algorithm.RS256
    else:
        with pytest.raises(PasskeyMalformed):
            parse_key(device.public_key)


def test_an_even_modulus_is_no_key() -> None:
    """What no two primes give is refused before anything is verified with it."""
    raw = bytearray(RAW[-257])
    raw[11:-5] = b"\xff" * 255 + b"\xfe"

    with pytest.raises(PasskeyMalformed) as caught:
        parse_key(bytes(raw))

    assert caught.value.detail == "a modulus that is none"


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (P256_ORDER, 1), (1, P256_ORDER), (P256_ORDER + 1, 1)]
)
def test_r_and_s_lie_between_zero_and_the_order(r: int, s: int) -> None:
    """The signature that fits any message where a verifier does not look."""
    with pytest.raises(SignatureInvalid) as caught:
        parse_key(RAW[-7]).verify(encode_dss_signature(r, s), b"message")

    assert caught.value.detail == "passkey: r or s out of range"


def test_the_largest_r_and_s_are_in_range() -> None:
    """The order less one is a number like any other: only the equation fails."""
    with pytest.raises(SignatureInvalid) as caught:
        parse_key(RAW[-7]).verify(encode_dss_signature(P256_ORDER - 1, P256_ORDER - 1), b"message")

    assert caught.value.detail == "passkey"


def test_an_ecdsa_signature_has_one_der() -> None:
    """A length in its long form is the same number, and another text."""
    private = KEYS[-7].private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    signature = private.sign(b"message", ec.ECDSA(SHA256()))
    key = parse_key(RAW[-7])
    key.verify(signature, b"message")
    r, s = decode_dss_signature(signature)

    with pytest.raises(SignatureInvalid):
        key.verify(b"\x30\x81" + signature[1:], b"message")
    with pytest.raises(SignatureInvalid):
        key.verify(r.to_bytes(32) + s.to_bytes(32), b"message")


def _message(device: Authenticator) -> bytes:
    data = device.authenticator_data()
    return data + sha256(device.client_data(b"c", kind="webauthn.get")).digest()
