"""Which signature counts and what it must cover (items H1, H3, H7)."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec.structs import replace

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    Profile,
    Request,
    SignatureAmbiguous,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureMissing,
    SignatureRejected,
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


def test_H1_no_signature() -> None:
    """Neither header: missing, which a caller may treat apart."""
    with pytest.raises(SignatureMissing):
        verify(REQUEST)


def test_H1_another_tag_only() -> None:
    """A signature of another kind is none of ours."""
    with pytest.raises(SignatureMissing):
        verify(edit(signed(), "signature-input", "fapi-2-request", "fapi-2-response"))
    with pytest.raises(SignatureMissing):
        verify(sign_anyhow(right_parameters(tag="other")))


def test_H1_two_with_our_tag() -> None:
    """Two signatures with our tag are refused, even where both hold."""
    request = signed()
    values = dict(request.headers)
    twice = with_header(
        request,
        "signature-input",
        values["signature-input"] + ", " + values["signature-input"].replace("sig1", "sig2"),
    )
    twice = with_header(
        twice, "signature", values["signature"] + ", " + values["signature"].replace("sig1", "sig2")
    )

    with pytest.raises(SignatureAmbiguous):
        verify(twice)


@pytest.mark.parametrize("other", ['p=("x");tag="proxy"', 'p=("X" 1);tag=1', "p=1", "p"])
def test_H1_other_tags_are_ignored(other: str) -> None:
    """A proxy's signature beside ours, on a line of its own, whatever it covers."""
    request = signed()
    beside = replace(
        request,
        headers=(("signature-input", other), ("signature", "p=:AAAA:"), *request.headers),
    )

    assert verify(beside).base == verify(request).base


@pytest.mark.parametrize(("length", "accepted"), [(32, True), (33, False)])
def test_H1_the_label_is_free_up_to_32_characters(length: int, *, accepted: bool) -> None:
    """Any label of the sender's, and not longer."""
    request = sign_anyhow(right_parameters(), label="a" * length)

    if accepted:
        assert verify(request).label == "a" * length
    else:
        with pytest.raises(SignatureMalformed):
            verify(request)


@pytest.mark.parametrize(
    "dropped",
    [
        "@method",
        "@target-uri",
        "authorization",
        "idempotency-key",
        "x-fapi-interaction-id",
        "content-digest",
        "content-type",
    ],
)
def test_H3_each_required_component_dropped(dropped: str) -> None:
    """A signature that holds and lacks one of ours is refused."""
    with pytest.raises(SignatureIncomplete):
        verify(sign_anyhow(right_parameters(), dropped=dropped))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer cbt_stolen"),
        ("idempotency-key", '"key-2"'),
        ("x-fapi-interaction-id", "ffff"),
        ("content-type", "text/plain"),
    ],
)
def test_H3_each_covered_field_altered(name: str, value: str) -> None:
    """The base is rebuilt from what was received."""
    with pytest.raises(SignatureRejected):
        verify(with_header(signed(), name, value))


@pytest.mark.parametrize("name", ["dpop", "idempotency-key", "x-fapi-interaction-id"])
def test_H3_a_field_that_was_added_later(name: str) -> None:
    """What is covered if present cannot be slipped in."""
    request = signed(with_header(REQUEST, name, None))

    with pytest.raises(SignatureIncomplete):
        verify(with_header(request, name, "later"))


@pytest.mark.parametrize(
    ("method", "target_uri"),
    [
        ("PUT", REQUEST.target_uri),
        ("post", REQUEST.target_uri),
        ("POST", "https://gateway.example/v1/reports?lang=zh&view=full"),
        ("POST", "https://other.example/v1/reports?view=full&lang=zh"),
        ("POST", "http://gateway.example/v1/reports?view=full&lang=zh"),
        ("POST", "https://gateway.example:8443/v1/reports?view=full&lang=zh"),
        ("POST", "https://gateway.example/v1/reports"),
        ("POST", "https://gateway.example/v1/Reports?view=full&lang=zh"),
    ],
)
def test_H3_query_reordered_and_other_authority(method: str, target_uri: str) -> None:
    """Another method, query order, authority, scheme, port or path is another request."""
    with pytest.raises(SignatureRejected):
        verify(replace(signed(), method=method, target_uri=target_uri))


def test_H3_the_authority_is_ours_whatever_the_host_header_says() -> None:
    """A forged Host changes nothing: it is not covered, and the origin is the configured one."""
    verify(with_header(signed(), "host", "attacker.example"))


def test_H3_extra_components_are_accepted() -> None:
    """A sender may cover more than we ask for."""
    extra = (Component(name="@path"), Component(name="accept"), Component(name="@authority"))

    verified = verify(sign_anyhow(right_parameters(), added=extra))

    assert b'\n"accept": application/json\n"@authority": gateway.example\n' in verified.base


def test_H3_an_extra_component_that_is_absent() -> None:
    """Covering what is not there is refused."""
    request = edit(signed(), "signature-input", '"@method" ', '"@method" "absent" ')

    with pytest.raises(SignatureIncomplete):
        verify(request)


@pytest.mark.parametrize("name", ["authorization", "content-type", "content-digest"])
def test_H3_a_covered_field_that_stands_there_twice(name: str) -> None:
    """The signature would hold over both lines; who reads one would read another request."""
    request = signed()
    value = dict(request.headers)[name]
    doubled = replace(request, headers=(*request.headers[:-2], (name, value)))
    resigned = sign_request(doubled, BANK_REQUEST, EC_KEY, created=CREATED, nonce=NONCE)

    with pytest.raises(SignatureMalformed):
        verify(replace(doubled, headers=doubled.headers + resigned))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("signature-input", '"@method" ', '"@method" "@method" '),
        ("signature-input", ";tag=", ";created=1;tag="),
        ("signature-input", "sig1=", "sig1=1, sig1="),
        ("signature-input", '"@method" ', '"@Method" '),
        ("signature-input", '"@method" ', '"@method";sf '),
        ("signature-input", '"@method" ', '"@method" "@path";req '),
        ("signature-input", '"@method" ', "@method "),
        ("signature-input", "sig1=", "sig1"),
        ("signature", "sig1=:", 'sig1="'),
        ("signature", "sig1=", "sig2="),
        ("signature", "sig1=:", "sig1=:é"),
        ("signature", "sig1=", "sig1=:AAAA:, sig1="),
        ("signature", "sig1=:", "sig1=1, x=:"),
    ],
)
def test_H7_strict_structured_fields(name: str, old: str, new: str) -> None:
    """No duplicate label, component or parameter; no other form."""
    with pytest.raises(SignatureMalformed):
        verify(edit(signed(), name, old, new))


def test_H7_signature_input_or_signature_alone() -> None:
    """Each needs the other."""
    with pytest.raises(SignatureMalformed):
        verify(with_header(signed(), "signature", None))
    with pytest.raises(SignatureMissing):
        verify(with_header(signed(), "signature-input", None))


def test_H7_another_spelling_of_the_same_signature_holds() -> None:
    """Blanks are no part of what was signed."""
    request = edit(signed(), "signature-input", '"@method" ', '"@method"   ')

    assert verify(request).base == verify(signed()).base
