"""RFC 9421, section 2: components and their values, judged by the RFC's own cases."""

import hashlib
import hmac
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import FileKey, name_key, parse_private_key
from creditbridge.protocols.signature_base import (
    FIELD_CHARACTERS_MAX,
    Component,
    Message,
    MessageView,
    Request,
    Response,
    SignatureIncomplete,
    SignatureMalformed,
    parse_component,
)
from creditbridge.protocols.signature_input import (
    build_base,
    check_listed,
    list_inputs,
)

GET = Request(method="GET", target_uri="https://Example.com:443/a%20b?q=1&q=2&n=x~y+z", headers=())
ANSWER = Response(status=204, headers=())


class VectorKey(msgspec.Struct, frozen=True):
    """One key of the RFC."""

    public_pem: str = ""
    private_pem: str = ""
    secret_base64: str = ""


class VectorMessage(msgspec.Struct, frozen=True):
    """One message of the RFC."""

    headers: list[tuple[str, str]]
    body_base64: str
    method: str = ""
    target: str = ""
    status: int = 0


class VectorCase(msgspec.Struct, frozen=True):
    """One case of the RFC."""

    id: str
    algorithm: str
    key: str
    label: str
    message: VectorMessage
    signature_base_base64: str
    signature_base64: str
    deterministic: bool
    valid: bool


class Vectors(msgspec.Struct, frozen=True):
    """The file of the RFC's cases."""

    keys: dict[str, VectorKey]
    cases: list[VectorCase]


@pytest.fixture(scope="module")
def rfc(vectors: Path) -> Vectors:
    """The RFC's cases and keys."""
    raw = (vectors / "http-signatures" / "rfc9421.json").read_bytes()
    return msgspec.json.decode(raw, type=Vectors)


def message_of(case: VectorCase) -> Message:
    """Return the case's message as the house writes messages."""
    headers = tuple((name.lower(), value) for name, value in case.message.headers)
    body = b64decode(case.message.body_base64)
    if case.message.status:
        return Response(status=case.message.status, headers=headers, body=body)
    return Request(
        method=case.message.method,
        target_uri=f"https://{dict(headers)['host']}{case.message.target}",
        headers=headers,
        body=body,
    )


def base_of(case: VectorCase) -> bytes:
    """Return the base that the house builds from the case's message."""
    view = MessageView(message_of(case))
    return build_base(view, check_listed(list_inputs(view)[case.label]))


def verify(case: VectorCase, key: VectorKey, base: bytes) -> None:
    """Accept the case's signature over this base; RSA and HMAC by the library alone."""
    signature = b64decode(case.signature_base64)
    if case.algorithm == "hmac-sha256":
        secret = b64decode(key.secret_base64)
        assert hmac.digest(secret, base, "sha256") == signature
        return
    material = load_pem_public_key(key.public_pem.encode())
    if isinstance(material, rsa.RSAPublicKey):
        scheme = padding.PSS(mgf=padding.MGF1(SHA512()), salt_length=64)
        material.verify(signature, base, scheme, SHA512())
    else:
        name_key(material).verify(signature, base)


def test_every_base_of_the_rfc_is_rebuilt(rfc: Vectors) -> None:
    """11 messages give the base that was signed, and 2 altered ones give another."""
    same = [base_of(case) == b64decode(case.signature_base_base64) for case in rfc.cases]

    assert same == [case.valid for case in rfc.cases]
    assert same.count(True) == 11
    assert same.count(False) == 2


def test_every_valid_signature_of_the_rfc_verifies_over_our_base(rfc: Vectors) -> None:
    """RSA-PSS 3, ECDSA 2, Ed25519 5, HMAC 1: over the bases as we build them."""
    valid = [case for case in rfc.cases if case.valid]

    for case in valid:
        verify(case, rfc.keys[case.key], base_of(case))
    assert len(valid) == 11


def test_no_altered_message_of_the_rfc_verifies(rfc: Vectors) -> None:
    """A changed method and authority, and swapped Accept lines, are noticed."""
    altered = [case for case in rfc.cases if not case.valid]

    for case in altered:
        with pytest.raises(SignatureInvalid):
            verify(case, rfc.keys[case.key], base_of(case))
    assert [case.id for case in altered] == ["B.4-method-authority", "B.4-accept-order"]


def test_deterministic_signatures_of_the_rfc_are_reproduced(rfc: Vectors) -> None:
    """Ed25519 and HMAC over our bases give the RFC's signatures, byte for byte."""
    made = 0
    for case in rfc.cases:
        if not case.deterministic or not case.valid:
            continue
        key, base = rfc.keys[case.key], base_of(case)
        if case.algorithm == "ed25519":
            signature = parse_private_key(key.private_pem.encode()).sign(base)
        else:
            signature = hmac.digest(b64decode(key.secret_base64), base, "sha256")
        assert signature == b64decode(case.signature_base64), case.id
        made += 1
    assert made == 6


def test_our_es256_signature_is_one_that_others_verify(rfc: Vectors) -> None:
    """A signature by the RFC's EC key, in raw form, verifies with the library's DER form."""
    key = parse_private_key(rfc.keys["test-key-ecc-p256"].private_pem.encode())

    signature = key.sign(b"base")

    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    material = key.key.material
    assert isinstance(material, ec.EllipticCurvePublicKey)
    material.verify(utils.encode_dss_signature(r, s), b"base", ec.ECDSA(SHA256()))
    assert len(signature) == 64


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@method", "GET"),
        ("@target-uri", "https://Example.com:443/a%20b?q=1&q=2&n=x~y+z"),
        ("@authority", "example.com"),
        ("@scheme", "https"),
        ("@path", "/a%20b"),
        ("@query", "?q=1&q=2&n=x~y+z"),
    ],
)
def test_derived_components_of_a_request(name: str, value: str) -> None:
    """Section 2.2; the target is as the caller of the verifier gave it."""
    assert MessageView(GET).get_value(Component(name=name)) == value


def test_an_empty_path_is_a_slash_and_an_empty_query_a_question_mark() -> None:
    """Sections 2.2.6 and 2.2.7; another port than the scheme's own stays."""
    view = MessageView(Request(method="GET", target_uri="http://h:8080", headers=()))

    assert view.get_value(Component(name="@path")) == "/"
    assert view.get_value(Component(name="@query")) == "?"
    assert view.get_value(Component(name="@authority")) == "h:8080"


def test_a_query_parameter_is_decoded_and_encoded_again() -> None:
    """Section 2.2.8: a plus is a blank, and a tilde is encoded."""
    view = MessageView(GET)

    assert view.get_value(Component(name="@query-param", query="n")) == "x%7Ey%20z"


@pytest.mark.parametrize("name", ["q", "absent"])
def test_a_query_parameter_must_occur_once(name: str) -> None:
    """Twice or never: it has no one value."""
    with pytest.raises(SignatureIncomplete):
        MessageView(GET).get_value(Component(name="@query-param", query=name))


@pytest.mark.parametrize(
    "component",
    [
        Component(name="@status"),
        Component(name="@request-target"),
        Component(name="@unknown"),
        Component(name="@method", member="a"),
        Component(name="@method", query="a"),
        Component(name="@query-param"),
        Component(name="x", query="a"),
        Component(name="@method", from_request=True),
    ],
)
def test_what_no_request_has_is_malformed(component: Component) -> None:
    """A component of answers, an unknown one, a parameter that does not belong to it."""
    with pytest.raises(SignatureMalformed):
        MessageView(GET).get_value(component)


@pytest.mark.parametrize("name", ["@method", "@path", "@target-uri"])
def test_an_answer_has_a_status_and_its_request_the_rest(name: str) -> None:
    """Without `req` an answer has none of its request's components (section 2.4)."""
    view = MessageView(ANSWER, GET)

    assert view.get_value(Component(name="@status")) == "204"
    assert view.get_value(Component(name="@method", from_request=True)) == "GET"
    with pytest.raises(SignatureMalformed):
        view.get_value(Component(name=name))
    with pytest.raises(SignatureMalformed):
        view.get_value(Component(name="@status", from_request=True))


def view_of(*headers: tuple[str, str]) -> MessageView:
    """A request with these header lines."""
    return MessageView(Request(method="GET", target_uri="https://h/", headers=headers))


def test_field_lines_are_stripped_and_joined() -> None:
    """Section 2.1: in the order received, with a comma and a blank."""
    view = view_of(("a", "  one "), ("b", "x"), ("a", "\ttwo"), ("a", ""))

    assert view.get_value(Component(name="a")) == "one, two, "
    assert view.is_repeated("a")
    assert not view.is_repeated("b")
    assert not view.is_repeated("c")
    assert view.find_field("c") is None


def test_an_absent_field_or_member_is_incomplete() -> None:
    """What is not there cannot be covered."""
    view = view_of(("d", "a=1"))

    for component in (Component(name="c"), Component(name="d", member="b")):
        with pytest.raises(SignatureIncomplete):
            view.get_value(component)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a=?1, b=2;x", "2;x"),
        ("b=( 1  2 );q=1, a", "(1 2);q=1"),
        ("b=:AAAA:", ":AAAA:"),
        ('b=("x");n="1"', '("x");n="1"'),
    ],
)
def test_a_member_has_its_canonical_value(raw: str, value: str) -> None:
    """Section 2.1.2: the member is serialized again, however it was spaced."""
    assert view_of(("d", raw)).get_value(Component(name="d", member="b")) == value


@pytest.mark.parametrize("raw", ["a=", "a=1, a=2", "é=1", "a" * (FIELD_CHARACTERS_MAX + 1)])
def test_a_field_that_is_no_dictionary_has_no_members(raw: str) -> None:
    """Malformed, repeated, not ASCII, or too long."""
    with pytest.raises(SignatureMalformed):
        view_of(("d", raw)).get_value(Component(name="d", member="a"))


@pytest.mark.parametrize(
    ("quoted", "component"),
    [
        ('"a"', Component(name="a")),
        ('"@method";req', Component(name="@method", from_request=True)),
        ('"a";key="k"', Component(name="a", member="k")),
        ('"a";req;key="k"', Component(name="a", from_request=True, member="k")),
        ('"a";key="k";req', Component(name="a", from_request=True, member="k")),
        ('"a";key="k \\" x"', Component(name="a", member='k " x')),
        ('"@query-param";name="Pet"', Component(name="@query-param", query="Pet")),
    ],
)
def test_identifiers_are_read(quoted: str, component: Component) -> None:
    """Name, `req`, `key`, `name`; the order of parameters does not matter."""
    assert parse_component(quoted) == component


@pytest.mark.parametrize(
    "quoted",
    [
        "a",
        "1",
        '"A"',
        '"a b"',
        '""',
        '"a";req=?0',
        '"a";req=1',
        '"a";key=1',
        '"a";key',
        '"a";name=b',
        '"a";sf',
        '"a";bs',
        '"a";tr',
        '"a";x',
        '"a";req;req',
        '"a',
        '"@"',
        f'"{"a" * 65}"',
    ],
)
def test_H7_other_identifiers_are_refused(quoted: str) -> None:
    """Not a string, upper case, `sf`, `bs`, `tr`, unknown or repeated parameters."""
    with pytest.raises(SignatureMalformed):
        parse_component(quoted)


def test_identifiers_are_written_as_they_are_read() -> None:
    """A component's own spelling is read back as itself."""
    for component in (
        Component(name="a", from_request=True, member="k"),
        Component(name="@query-param", query='q"'),
    ):
        assert parse_component(component.quoted) == component


def test_the_rfcs_body_digest_is_what_hashlib_says(rfc: Vectors) -> None:
    """The vectors' messages hold the bodies that their digests are of."""
    case = rfc.cases[0]
    digest = dict(case.message.headers)["Content-Digest"].split(":")[1]

    assert b64decode(digest) == hashlib.sha512(b64decode(case.message.body_base64)).digest()


def test_an_ed25519_key_of_the_house_signs_as_the_library_does() -> None:
    """The seam adds nothing to the signature."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = FileKey(key=name_key(private.public_key()), private=private)

    assert key.sign(b"x") == private.sign(b"x")
