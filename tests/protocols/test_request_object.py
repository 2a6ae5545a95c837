"""RFC 9101 under FAPI 2.0 Message Signing: what a client signed, for this server, for this hour."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.protocols.jws import TokenRejected, VerifyingKey, sign_compact
from creditbridge.protocols.request_object import (
    TYPE,
    BackchannelClaims,
    Expected,
    RequestClaims,
    RequestObject,
    verify_backchannel_request,
    verify_request_object,
)

Claims: TypeAlias = dict[str, object]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://gateway.example"
CLIENT = "north-web"
ALGORITHMS = ("PS256", "ES256", "EdDSA")
EC_PRIVATE = ec.generate_private_key(ec.SECP256R1())
ED_PRIVATE = ed25519.Ed25519PrivateKey.generate()
RSA_PRIVATE = rsa.generate_private_key(65_537, 2_048)
EC_KEY = FileKey(key=name_key(EC_PRIVATE.public_key(), key_id="ec"), private=EC_PRIVATE)
ED_KEY = FileKey(key=name_key(ED_PRIVATE.public_key(), key_id="ed"), private=ED_PRIVATE)
KEYS: Mapping[str, VerifyingKey] = {
    "ec": EC_KEY.key,
    "ed": ED_KEY.key,
    "rsa": RsaKey(key_id="rsa", material=RSA_PRIVATE.public_key()),
}
REQUEST: Claims = {
    "iss": CLIENT,
    "client_id": CLIENT,
    "aud": ISSUER,
    "nbf": SECONDS,
    "exp": SECONDS + 300,
    "response_type": "code",
    "scope": "reports",
}


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims: Claims, *, typ: str = TYPE) -> str:
    """Return an object over the claims, signed with ES256."""
    return sign_compact(msgspec.json.encode(claims), EC_KEY, typ=typ)


def forge(header: Mapping[str, str], claims: Claims, signature: bytes = b"s" * 64) -> str:
    """Return an object with a header and a signature of one's own."""
    return ".".join(
        encode(part)
        for part in (msgspec.json.encode(header), msgspec.json.encode(claims), signature)
    )


def verify(token: str) -> RequestObject[RequestClaims]:
    """Verify an object as the client's, at NOW."""
    return verify_request_object(
        token,
        lambda key_id, _: KEYS.get(key_id),
        client_id=CLIENT,
        issuer=ISSUER,
        algorithms=ALGORITHMS,
        now=NOW,
    )


def without(name: str) -> Claims:
    """Return the claims of a good object without one."""
    return {known: value for known, value in REQUEST.items() if known != name}


def test_J2_a_good_object_is_the_request() -> None:
    """Its members without those of the token, and the bytes that prove who said so."""
    token = sign(REQUEST)

    read = verify(token)

    assert read.parameters == {"client_id": CLIENT, "response_type": "code", "scope": "reports"}
    assert msgspec.json.decode(read.claims, type=dict[str, object]) == REQUEST
    assert read.key_id == "ec"
    KEYS["ec"].verify(read.signature, read.signed)
    assert token.startswith(read.signed.decode() + ".")


def test_K4_a_client_signs_with_each_algorithm_of_the_profile() -> None:
    """EdDSA and PS256 beside ES256."""
    header = {"alg": "PS256", "kid": "rsa", "typ": TYPE}
    signed = f"{encode(msgspec.json.encode(header))}.{encode(msgspec.json.encode(REQUEST))}"
    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    signature = RSA_PRIVATE.sign(signed.encode(), scheme, SHA256())

    assert verify(f"{signed}.{encode(signature)}").key_id == "rsa"
    assert verify(sign_compact(msgspec.json.encode(REQUEST), ED_KEY, typ=TYPE)).key_id == "ed"


@pytest.mark.parametrize("typ", [TYPE, f"application/{TYPE}", "OAuth-Authz-Req+JWT", "JWT", "jwt"])
def test_J2_the_type_is_the_registered_one_or_that_of_any_token(typ: str) -> None:
    """With its prefix, in any case; `JWT` as clients wrote it before the type was registered."""
    assert verify(sign(REQUEST, typ=typ)).parameters["scope"] == "reports"


def test_J2_no_type_at_all_is_tolerated() -> None:
    """`ensure-request-object-*` of the conformance suite sends none in some variants."""
    header = msgspec.json.encode({"alg": "ES256", "kid": "ec"})
    signed = f"{encode(header)}.{encode(msgspec.json.encode(REQUEST))}"

    assert verify(f"{signed}.{encode(EC_KEY.sign(signed.encode()))}").key_id == "ec"


@pytest.mark.parametrize("typ", ["dpop+jwt", "at+jwt", "client-authentication+jwt"])
def test_J2_another_type_of_token_is_no_request(typ: str) -> None:
    """A proof or an assertion of the same client says that it is one (RFC 8725, section 3.11)."""
    with pytest.raises(TokenRejected):
        verify(sign(REQUEST, typ=typ))


def test_J2_an_audience_of_several_may_hold_the_issuer() -> None:
    """`ensure-request-object-with-multiple-aud-succeeds`."""
    read = verify(sign({**REQUEST, "aud": ["https://other.example", ISSUER]}))

    assert read.parameters["scope"] == "reports"


@pytest.mark.parametrize(
    "aud",
    [
        "https://other.example",
        ISSUER + "/",
        "https://gateway.example/oauth/par",
        [],
        ["x"],
        7,
        None,
    ],
)
def test_J2_an_object_for_another_server_is_refused(aud: object) -> None:
    """`ensure-request-object-with-bad-aud-fails`; an endpoint is not the issuer."""
    with pytest.raises(TokenRejected):
        verify(sign({**REQUEST, "aud": aud}))


@pytest.mark.parametrize("name", ["iss", "client_id", "aud", "exp", "nbf"])
def test_J2_an_object_without_a_claim_is_refused(name: str) -> None:
    """`ensure-request-object-without-exp-fails`, `ensure-request-object-without-nbf-fails`.

    And the other three.
    """
    with pytest.raises(TokenRejected):
        verify(sign(without(name)))


@pytest.mark.parametrize("name", ["iss", "client_id"])
def test_J2_an_object_of_another_client_is_refused(name: str) -> None:
    """Both names are the client's that proved who it is."""
    with pytest.raises(TokenRejected):
        verify(sign({**REQUEST, name: "south-web"}))


@pytest.mark.parametrize(
    "changed",
    [
        {"nbf": SECONDS + 8, "exp": SECONDS + 308},
        {"nbf": SECONDS + 30, "exp": SECONDS + 60},
        {"nbf": SECONDS - 3_600, "exp": SECONDS + 0},
        {"nbf": SECONDS, "exp": SECONDS + 3_600},
        {"nbf": SECONDS - 60, "exp": SECONDS - 29},
    ],
)
def test_J2_times_within_the_windows_are_accepted(changed: Claims) -> None:
    """`ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted`.

    And each limit to the second.
    """
    assert verify(sign({**REQUEST, **changed})).parameters["scope"] == "reports"


@pytest.mark.parametrize(
    "changed",
    [
        {"nbf": SECONDS + 31},
        {"nbf": SECONDS - 3_601},
        {"nbf": SECONDS - 60, "exp": SECONDS - 30},
        {"exp": SECONDS - 300},
        {"exp": SECONDS + 3_601},
        {"exp": "soon"},
        {"exp": -1},
        {"nbf": 10**12},
    ],
)
def test_J2_times_beyond_the_windows_are_refused(changed: Claims) -> None:
    """`ensure-expired-request-object-fails`, `ensure-request-object-with-exp-over-60-fails`.

    And `ensure-request-object-with-nbf-over-60-fails`.
    """
    with pytest.raises(TokenRejected):
        verify(sign({**REQUEST, **changed}))


@pytest.mark.parametrize("name", ["request_uri", "request"])
def test_J2_a_request_inside_of_a_request_is_refused(name: str) -> None:
    """`par-authorization-request-containing-request_uri`."""
    with pytest.raises(TokenRejected):
        verify(sign({**REQUEST, name: "urn:x"}))


@pytest.mark.parametrize(
    "token",
    [
        forge({"alg": "none", "typ": TYPE}, REQUEST),
        forge({"alg": "HS256", "kid": "ec", "typ": TYPE}, REQUEST),
        forge({"alg": "RS256", "kid": "rsa", "typ": TYPE}, REQUEST, b"s" * 256),
        forge({"alg": "ES256", "kid": "ec", "typ": TYPE}, REQUEST),
        forge({"alg": "ES256", "kid": "south", "typ": TYPE}, REQUEST),
        forge({"alg": "PS256", "kid": "ec", "typ": TYPE}, REQUEST),
        forge({"alg": "ES256", "kid": "ec", "typ": TYPE, "crit": "exp"}, REQUEST),
        forge({"alg": "ES256", "kid": "ec", "typ": TYPE, "jku": "https://x.example"}, REQUEST),
        "a.b",
        "",
    ],
)
def test_J2_what_no_key_of_the_client_signed_is_refused(token: str) -> None:
    """`ensure-request-object-signature-algorithm-is-not-none`.

    Also `ensure-signed-request-object-with-RS256-fails`,
    `ensure-request-object-with-invalid-signature-fails`,
    `ensure-matching-key-in-authorization-request`, and a header that brings a key (K4).
    """
    with pytest.raises(TokenRejected):
        verify(token)


def test_J2_an_object_that_names_a_member_twice_is_refused() -> None:
    """Two readers would read two requests."""
    claims = msgspec.json.encode(REQUEST).replace(b'"scope"', b'"scope":"consents","scope"')

    with pytest.raises(TokenRejected):
        verify(sign_compact(claims, EC_KEY, typ=TYPE))


def test_R1_details_in_an_object_are_json_and_no_text() -> None:
    """As RFC 9396, section 2, has it; here they come out as a form would bring them."""
    details: list[object] = [{"type": "credit_report"}]

    read = verify(sign({**REQUEST, "authorization_details": details, "max_age": 60, "state": ""}))

    assert read.parameters["authorization_details"] == '[{"type":"credit_report"}]'
    assert read.parameters["max_age"] == "60"
    assert "state" not in read.parameters


@pytest.mark.parametrize("value", [None, "a\x00b", "a\nb"])
def test_P7_a_parameter_that_no_form_could_bring_is_refused(value: str | None) -> None:
    """Nothing at all, and control characters: what is odd is not passed over."""
    with pytest.raises(TokenRejected):
        verify(sign({**REQUEST, "state": value}))


BACKCHANNEL = {"iat": SECONDS, "jti": "j-1", "scope": "openid", "requested_expiry": 30}


def read_asking(**changed: object) -> RequestObject[BackchannelClaims]:
    """Verify a request without a browser, at NOW; None takes a claim away."""
    claims = {
        "iss": CLIENT,
        "aud": ISSUER,
        "nbf": SECONDS,
        "exp": SECONDS + 60,
        **BACKCHANNEL,
        **changed,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    token = sign_compact(msgspec.json.encode(told), EC_KEY, typ="JWT")
    expected = Expected(client_id=CLIENT, issuer=ISSUER, algorithms=ALGORITHMS, now=NOW)
    return verify_backchannel_request(token, lambda key_id, _: KEYS.get(key_id), expected)


def test_C1_a_request_without_a_browser_is_read() -> None:
    """No client id is needed in it; a number is read as its digits (CIBA, section 7.1.1)."""
    read = read_asking()

    assert read.parameters == {"scope": "openid", "requested_expiry": "30"}
    assert (read.bound.jti, read.bound.client_id) == ("j-1", None)
    assert read_asking(client_id=CLIENT, iat=SECONDS + 30).bound.client_id == CLIENT


@pytest.mark.parametrize(
    "changed",
    [
        {"jti": None},
        {"jti": ""},
        {"iat": None},
        {"iat": SECONDS + 31},
        {"client_id": "south-web"},
        {"iss": "south-web"},
        {"aud": None},
        {"nbf": None},
        {"exp": None},
    ],
    ids=str,
)
def test_C1_a_request_without_a_browser_is_bound(changed: dict[str, object]) -> None:
    """`ensure-request-object-missing-…-fails`: each of its claims is needed and must be true."""
    with pytest.raises(TokenRejected):
        read_asking(**changed)
