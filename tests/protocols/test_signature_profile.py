"""Which signature counts and what it must cover (items H1, H3, H7)."""

import pytest
from msgspec.structs import replace
from tests.protocols.messages import (
    CREATED,
    EC_KEY,
    NONCE,
    REQUEST,
    edit,
    right_parameters,
    sign_anyhow,
    signed,
    verify,
    with_header,
)

from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    SignatureAmbiguous,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureMissing,
    SignatureRejected,
    sign_request,
)
from creditbridge.protocols.signature_base import Component


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
