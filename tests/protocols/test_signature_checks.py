"""Keys, times, nonces, bodies and raw signatures (items H2, H4, H5, H6, H8)."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from msgspec.structs import replace

from creditbridge.foundation.keys import Algorithm, FileKey, PublicKey, name_key
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    Profile,
    Request,
    SignatureBodyMismatch,
    SignatureIncomplete,
    SignatureKeyUnknown,
    SignatureMalformed,
    SignatureRejected,
    SignatureStale,
    VerifiedSignature,
    sign_request,
    verify_request,
)
from creditbridge.protocols.signature_base import Component, MessageView
from creditbridge.protocols.signature_input import build_base, cover
from creditbridge.protocols.signature_profile import list_required
from creditbridge.protocols.structured_fields import BareItem

CREATED = 1_700_000_000
NOW = datetime.fromtimestamp(CREATED, tz=UTC)
NONCE = "nonce-0123456789abcdef"
BODY = b'{"uscc":"91350100M000100Y43"}'

EC_PRIVATE = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
ED_PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC_KEY = FileKey(key=name_key(EC_PRIVATE.public_key(), key_id="ec"), private=EC_PRIVATE)
ED_KEY = FileKey(key=name_key(ED_PRIVATE.public_key(), key_id="ed"), private=ED_PRIVATE)
KEYS = {"ec": EC_KEY.key, "ed": ED_KEY.key}

REQUEST = Request(
    method="POST",
    target_uri="https://gateway.example/v1/reports?view=full&lang=zh",
    headers=(
        ("host", "gateway.example"),
        ("authorization", "Bearer cbt_token"),
        ("idempotency-key", '"key-1"'),
        ("x-fapi-interaction-id", "c3d4"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("traceparent", "00-00000000000000000000000000000001-0000000000000001-01"),
    ),
    body=BODY,
)


def signed(
    request: Request = REQUEST, profile: Profile = BANK_REQUEST, key: FileKey = EC_KEY
) -> Request:
    """The request with its signature."""
    added = sign_request(request, profile, key, created=CREATED, nonce=NONCE)
    return replace(request, headers=request.headers + added)


def verify(request: Request, profile: Profile = BANK_REQUEST) -> VerifiedSignature:
    """Verify now, with both keys."""
    return verify_request(request, profile, KEYS.get, now=NOW)


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The request with one header replaced, or without it."""
    kept = tuple(header for header in request.headers if header[0] != name)
    return replace(request, headers=kept if value is None else (*kept, (name, value)))


def edit(request: Request, name: str, old: str, new: str) -> Request:
    """The request with a piece of one header changed; the piece must be there."""
    value = dict(request.headers)[name]
    assert old in value
    return with_header(request, name, value.replace(old, new))


def sign_anyhow(
    parameters: dict[str, BareItem],
    *,
    request: Request = REQUEST,
    dropped: str = "",
    added: tuple[Component, ...] = (),
    label: str = "sig1",
) -> Request:
    """A request whose signature holds, with whatever parameters and components a sender likes."""
    body = replace(signed(request), headers=signed(request).headers[:-2])
    view = MessageView(body)
    components = [part for part in list_required(view, BANK_REQUEST) if part.name != dropped]
    covered = cover([*components, *added], parameters)
    signature = b64encode(EC_KEY.sign(build_base(view, covered))).decode()
    mine = (("signature-input", f"{label}={covered.text}"), ("signature", f"{label}=:{signature}:"))
    return replace(body, headers=body.headers + mine)


def right_parameters(**changes: BareItem) -> dict[str, BareItem]:
    """The parameters of a good request, changed; None takes one away."""
    right: dict[str, BareItem] = {
        "created": CREATED,
        "nonce": NONCE,
        "keyid": "ec",
        "tag": "fapi-2-request",
    }
    return {**right, **changes}


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
