"""Keys, times, nonces, bodies and raw signatures (items H2, H4, H5, H6, H8)."""

from base64 import b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from msgspec.structs import replace
from tests.protocols.messages import (
    BODY,
    CREATED,
    ED_KEY,
    KEYS,
    NOW,
    REQUEST,
    edit,
    right_parameters,
    sign_anyhow,
    signed,
    verify,
    with_header,
)

from creditbridge.foundation.keys import Algorithm, PublicKey
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    SignatureBodyMismatch,
    SignatureIncomplete,
    SignatureKeyUnknown,
    SignatureMalformed,
    SignatureRejected,
    SignatureStale,
    verify_request,
)


@pytest.mark.parametrize("keys", [{}, {"ec": ED_KEY.key}], ids=["none", "another"])
def test_H2_another_clients_key(keys: dict[str, PublicKey]) -> None:
    """No live key of that name, or another key under that name."""
    with pytest.raises(SignatureRejected):
        verify_request(signed(), BANK_REQUEST, keys.get, now=NOW)


@pytest.mark.parametrize("key_id", ["", "other", "a" * 257, "../../etc/passwd", "' OR 1=1 --"])
def test_H2_unknown_key_ids(key_id: str) -> None:
    """Absent, unknown, hostile or too long: the same refusal."""
    with pytest.raises(SignatureKeyUnknown):
        verify(sign_anyhow(right_parameters(keyid=key_id)))
    missing = right_parameters()
    del missing["keyid"]
    with pytest.raises(SignatureKeyUnknown):
        verify(sign_anyhow(missing))


def test_H2_the_key_id_is_not_looked_up_when_it_is_too_long() -> None:
    """No store is asked for a name of 257 characters."""
    asked: list[str] = []
    request = sign_anyhow(right_parameters(keyid="a" * 257))

    with pytest.raises(SignatureKeyUnknown):
        verify_request(request, BANK_REQUEST, asked.append, now=NOW)
    assert asked == []


@pytest.mark.parametrize(
    "algorithm",
    ["ed25519", "hmac-sha256", "rsa-v1_5-sha256", "rsa-pss-sha512", "ES256", "none", ""],
)
def test_H2_an_algorithm_that_is_not_the_keys(algorithm: str) -> None:
    """The key decides; an `alg` that says otherwise is refused even though the bytes hold."""
    with pytest.raises(SignatureRejected):
        verify(sign_anyhow(right_parameters(alg=algorithm)))


def test_H2_the_keys_own_algorithm_may_be_named() -> None:
    """A present `alg` that agrees is accepted."""
    verified = verify(sign_anyhow(right_parameters(alg="ecdsa-p256-sha256")))

    assert verified.algorithm is Algorithm.ES256


@pytest.mark.parametrize("seconds", [-10, 0, 60])
def test_H4_created_within_the_window(seconds: int) -> None:
    """From 60 s ago to 10 s ahead, both included."""
    verify_request(signed(), BANK_REQUEST, KEYS.get, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-11, -10.001, 60.001, 61])
def test_H4_created_out_of_the_window(seconds: float) -> None:
    """-61 s and +11 s, and anything beyond the limits."""
    with pytest.raises(SignatureStale):
        verify_request(signed(), BANK_REQUEST, KEYS.get, now=NOW + timedelta(seconds=seconds))


def test_H4_created_missing() -> None:
    """A signature without a time is stale for ever."""
    parameters = right_parameters()
    del parameters["created"]

    with pytest.raises(SignatureStale):
        verify(sign_anyhow(parameters))


@pytest.mark.parametrize("text", ["1700000000.5", "1700000000.0", '"1700000000"', "@1700000000"])
def test_H4_created_that_is_no_integer(text: str) -> None:
    """A decimal, a string or a date is not an integer."""
    request = edit(signed(), "signature-input", f"created={CREATED}", f"created={text}")

    with pytest.raises(SignatureMalformed):
        verify(request)


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(1, True), (300, True), (0, False), (301, False)]
)
def test_H4_expires_in_the_future_and_within_300_seconds(seconds: int, *, accepted: bool) -> None:
    """`expires` may be sent; it must lie ahead, at most 300 s after `created`."""
    request = sign_anyhow(right_parameters(expires=CREATED + seconds))

    if accepted:
        verify(request)
    else:
        with pytest.raises(SignatureStale):
            verify(request)


@pytest.mark.parametrize(("length", "accepted"), [(0, False), (15, False), (16, True), (64, True)])
def test_H5_the_nonce_has_16_to_64_characters(length: int, *, accepted: bool) -> None:
    """Too short is refused, and so is none; that it is used once is the caller's to see to."""
    request = sign_anyhow(right_parameters(nonce="n" * length))

    if accepted:
        assert verify(request).nonce == "n" * length
    else:
        with pytest.raises(SignatureMalformed):
            verify(request)


def test_H5_a_nonce_of_65_characters_or_none() -> None:
    """Too long, or absent."""
    absent = right_parameters()
    del absent["nonce"]

    for parameters in (right_parameters(nonce="n" * 65), absent):
        with pytest.raises(SignatureMalformed):
            verify(sign_anyhow(parameters))


def test_H6_another_body() -> None:
    """The digest is signed, and the body is not the digest's."""
    with pytest.raises(SignatureBodyMismatch):
        verify(replace(signed(), body=BODY + b" "))


def test_H6_a_body_taken_away_or_slipped_in() -> None:
    """A digest without its body does not match; a body without a digest is not covered."""
    with pytest.raises(SignatureBodyMismatch):
        verify(replace(signed(), body=b""))
    with pytest.raises(SignatureIncomplete):
        verify(replace(signed(replace(REQUEST, body=b"")), body=BODY))


@pytest.mark.parametrize("digest", ["md5=:AAAA:", "sha-256=:AAAA:", "sha-256", "=", "x=1"])
def test_H6_a_signed_digest_that_cannot_be_used(digest: str) -> None:
    """Only unknown names, a wrong value, no dictionary: refused although the signature holds."""
    with pytest.raises(SignatureBodyMismatch):
        verify(signed(with_header(REQUEST, "content-digest", digest)))


def test_H6_a_content_coding() -> None:
    """A signed body carries no content coding, on either side."""
    coded = with_header(REQUEST, "content-encoding", "gzip")

    with pytest.raises(SignatureMalformed):
        signed(coded)
    with pytest.raises(SignatureMalformed):
        verify(with_header(signed(), "content-encoding", "gzip"))


def test_H8_signatures_of_another_form() -> None:
    """DER, zero or the order as r or s, one byte less or more, nothing: all refused."""
    verified = verify(signed())
    r, s = (int.from_bytes(verified.signature[part]) for part in (slice(32), slice(32, 64)))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    forms = [
        utils.encode_dss_signature(r, s),
        bytes(64),
        bytes(32) + verified.signature[32:],
        verified.signature[:32] + bytes(32),
        order.to_bytes(32) + verified.signature[32:],
        verified.signature[:32] + order.to_bytes(32),
        verified.signature[:-1],
        verified.signature + b"\x00",
        b"",
    ]

    for form in forms:
        with pytest.raises(SignatureRejected):
            verify(with_header(signed(), "signature", f"sig1=:{b64encode(form).decode()}:"))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_H8_an_ed25519_signature_has_64_bytes(length: int) -> None:
    """Cut or padded, it is refused."""
    cut = (verify(signed(key=ED_KEY)).signature + b"\x00")[:length]

    request = signed(key=ED_KEY)

    with pytest.raises(SignatureRejected):
        verify(with_header(request, "signature", f"sig1=:{b64encode(cut).decode()}:"))
