"""The hostile JOSE list of RELIABILITY, section 3, sent to the token endpoint as assertions.

Each gets the one answer of whoever is not proven, quickly, with no data, no 5xx and no outbound
connection; and leaves the client as able to come in as before.
"""

import hmac
import socket
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.endpoints.assertions import (
    OTHER_RSA_PRIVATE,
    PSS,
    Members,
    Signing,
    ask_token,
    encode,
    forge,
    onboard_signing,
)
from tests.endpoints.stage import PEOPLE_URL, Stage, make_key

from creditbridge.access.model import InvalidClient
from creditbridge.foundation.keys import PublicKey

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CPU_SECONDS_MAX = 1.0  # Some 20 ms, on a slow machine more; never the time of other processes.
MEGABYTE = "A" * 1_000_000
Attack = Callable[[Signing, Stage], str]


def with_header(**changes: object) -> Attack:
    """A good assertion but for its header."""
    return lambda machine, stage: forge(
        machine.header(**changes), machine.claims(stage), machine.sign
    )


def with_claims(**changes: object) -> Attack:
    """A good assertion but for its claims."""
    return lambda machine, stage: machine.assert_self(stage, **changes)


def with_raw(header: bytes | None = None, *, claims: Callable[[bytes], bytes] = bytes) -> Attack:
    """A good assertion but for the bytes of its header or of its claims."""

    def attack(machine: Signing, stage: Stage) -> str:
        payload = claims(msgspec.json.encode(machine.claims(stage)))
        return forge(header or machine.header(), payload, machine.sign)

    return attack


def with_signature(make: Callable[[Signing, bytes], bytes]) -> Attack:
    """A good assertion but for its signature."""
    return lambda machine, stage: forge(
        machine.header(), machine.claims(stage), lambda message: make(machine, message)
    )


def with_token(change: Callable[[str], str]) -> Attack:
    """A good assertion, spelled otherwise."""
    return lambda machine, stage: change(machine.assert_self(stage))


def with_mac(secret: Callable[[PublicKey], bytes]) -> Attack:
    """An assertion by HMAC, keyed with what everybody knows."""

    def attack(machine: Signing, stage: Stage) -> str:
        assert isinstance(machine.key, PublicKey)
        key = secret(machine.key)
        header = machine.header(alg="HS256")
        return forge(header, machine.claims(stage), lambda text: hmac.digest(key, text, "sha256"))

    return attack


def export(form: Encoding) -> Callable[[PublicKey], bytes]:
    """The public key as bytes."""
    return lambda key: key.material.public_bytes(form, PublicFormat.SubjectPublicKeyInfo)


def sign_as_json(machine: Signing, stage: Stage, *, signatures: int, unprotected: bool) -> str:
    """The JSON serialization (RFC 7515, section 7.2)."""
    header, payload, signature = machine.assert_self(stage).split(".")
    one: Members = {"protected": header, "signature": signature}
    if unprotected:
        one = {**one, "header": {"alg": "none", "crit": ["exp"]}}
    return msgspec.json.encode({"payload": payload, "signatures": [one] * signatures}).decode()


def set_trailing_bits(token: str) -> str:
    """Another spelling of the same 64 signature bytes: 86 characters hold 4 bits to spare."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) + 1]


def cut_at(r: int, s: int) -> Attack:
    """A signature of these two numbers."""
    return with_signature(lambda _machine, _message: r.to_bytes(32) + s.to_bytes(32))


def sign_der(machine: Signing, message: bytes) -> bytes:
    """The same signature, as DER instead of raw."""
    raw = machine.sign(message)
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def fold_now(shift: int, name: str) -> Attack:
    """A claim, so many seconds from now."""

    def attack(machine: Signing, stage: Stage) -> str:
        return machine.assert_self(stage, **{name: int(stage.clock.now().timestamp()) + shift})

    return attack


OWN_KEY = make_key()
OWN_JWK = OWN_KEY.key.to_jwk()
CANARY = "https://127.0.0.1:{port}/keys"

ATTACKS: dict[str, Attack] = {
    "alg none": with_header(alg="none"),
    "alg None": with_header(alg="None"),
    "alg nOnE": with_header(alg="nOnE"),
    "alg none, no signature": lambda machine, stage: forge(
        {"alg": "none"}, machine.claims(stage), lambda _: b""
    ),
    "HS256, public key as PEM": with_mac(export(Encoding.PEM)),
    "HS256, public key as DER": with_mac(export(Encoding.DER)),
    "HS256, public key as JWK": with_mac(lambda key: msgspec.json.encode(key.to_jwk())),
    "HS256, empty key": with_mac(lambda _: b""),
    "algorithm outside the client's list": with_header(alg="EdDSA"),
    "PS256 of another's key": lambda machine, stage: forge(
        machine.header(alg="PS256"),
        machine.claims(stage),
        lambda message: OTHER_RSA_PRIVATE.sign(message, PSS, SHA256()),
    ),
    "alg RS256": with_header(alg="RS256"),
    "alg ES384": with_header(alg="ES384"),
    "alg absent": with_header(alg=None),
    "alg a list": with_header(alg=["ES256"]),
    "DER": with_signature(sign_der),
    "r 0": cut_at(0, 1),
    "s 0": cut_at(1, 0),
    "r and s 0": cut_at(0, 0),
    "r n": cut_at(ORDER, 1),
    "s n": cut_at(1, ORDER),
    "another key": with_signature(lambda _, message: OWN_KEY.sign(message)),
    "kid absent": with_header(kid=None),
    "kid empty": with_header(kid=""),
    "kid a number": with_header(kid=1),
    "kid with a path": with_header(kid="../../../../dev/null"),
    "kid with SQL": with_header(kid="' OR '1'='1"),
    "kid with NUL": with_header(kid="north-ES256\x00"),
    "kid of 10 kB": with_header(kid="k" * 10_240),
    "jku": with_header(jku=CANARY),
    "x5u": with_header(x5u=CANARY),
    "x5c": with_header(x5c=["MIIB"]),
    "jwk, and signed with it": lambda machine, stage: forge(
        machine.header(jwk=OWN_JWK), machine.claims(stage), OWN_KEY.sign
    ),
    "jwk, off the curve": with_header(jwk={**OWN_JWK, "y": "A" * 43}),
    "jwk, another curve": with_header(jwk={**OWN_JWK, "crv": "P-384"}),
    "crit unknown": with_header(crit=["exp"], exp=1),
    "crit empty": with_header(crit=[]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "JSON serialization, no signature": lambda machine, stage: sign_as_json(
        machine, stage, signatures=0, unprotected=False
    ),
    "JSON serialization, one signature": lambda machine, stage: sign_as_json(
        machine, stage, signatures=1, unprotected=False
    ),
    "JSON serialization, two signatures": lambda machine, stage: sign_as_json(
        machine, stage, signatures=2, unprotected=False
    ),
    "JSON serialization, unprotected header": lambda machine, stage: sign_as_json(
        machine, stage, signatures=1, unprotected=True
    ),
    "PBES2, p2c 2^31": with_header(alg="PBES2-HS256+A128KW", enc="A128GCM", p2c=2**31, p2s="AA"),
    "JWE, zip": lambda _machine, _stage: ".".join(
        [encode(b'{"alg":"dir","enc":"A128GCM","zip":"DEF"}'), "", "AAAA", "AAAA", "AAAA"]
    ),
    "zip": with_header(zip="DEF"),
    "five parts": with_token(lambda token: f"{token}.AAAA.AAAA"),
    "two parts": with_token(lambda token: token.rpartition(".")[0]),
    "no part": with_token(lambda _: "."),
    "alg twice": with_raw(b'{"alg":"none","alg":"ES256","kid":"north-ES256"}'),
    "sub twice": with_raw(claims=lambda raw: b'{"sub":"south-jwt",' + raw[1:]),
    "aud twice": with_raw(claims=lambda raw: raw[:-1] + b',"aud":"' + PEOPLE_URL.encode() + b'"}'),
    "header no object": with_raw(b'["ES256"]'),
    "header no JSON": with_raw(b"\xff\xfe"),
    "header with BOM": with_raw(b'\xef\xbb\xbf{"alg":"ES256","kid":"north-ES256"}'),
    "claims no object": with_raw(claims=lambda raw: b"[" + raw + b"]"),
    "claims trailing": with_raw(claims=lambda raw: raw + b"{}"),
    "claims deep": with_raw(claims=lambda raw: raw[:-1] + b',"x":' + b"[" * 4_000 + b"}"),
    "claims UTF-16": with_raw(claims=lambda raw: raw.decode().encode("utf-16")),
    "trailing bits": with_token(set_trailing_bits),
    "padding": with_token(lambda token: token + "=="),
    "space": with_token(lambda token: token.replace(".", " .", 1)),
    "+/": with_token(lambda token: token[:-4] + "+/+/"),
    "header of 1 MB": with_token(lambda token: MEGABYTE + token),
    "payload of 60 kB": with_claims(padding="A" * 40_000),
    "signature of 50 kB": with_token(lambda token: token + "A" * 50_000),
    "nested JWT": with_header(cty="JWT"),
    "typ dpop+jwt": with_header(typ="dpop+jwt"),
    "typ oauth-authz-req+jwt": with_header(typ="oauth-authz-req+jwt"),
    "typ at+jwt": with_header(typ="at+jwt"),
    "typ a number": with_header(typ=1),
    "a request object: no sub": with_claims(sub=None, client_id="north-jwt"),
    "iss with slash": with_claims(iss="north-jwt/"),
    "iss prefix": with_claims(iss="north-jw"),
    "iss other case": with_claims(iss="North-JWT"),
    "iss absent": with_claims(iss=None),
    "sub other case": with_claims(sub="North-JWT"),
    "for another client": with_claims(iss="south-jwt", sub="south-jwt"),
    "sub of another client": with_claims(sub="south-jwt"),
    "sub a list": with_claims(sub=["north-jwt"]),
    "sub empty": with_claims(sub="", iss=""),
    "sub of SQL": with_claims(sub="' OR '1'='1", iss="' OR '1'='1"),
    "sub with a surrogate": with_raw(claims=lambda raw: raw.replace(b'"sub":"', b'"sub":"\\ud800')),
    "aud absent": with_claims(aud=None),
    "aud array": with_claims(aud=[PEOPLE_URL]),
    "aud other gateway": with_claims(aud="https://other.example"),
    "exp absent": with_claims(exp=None),
    "exp float": with_claims(exp=4_102_444_800.5),
    "exp NaN": with_raw(claims=lambda raw: raw.replace(b'"exp":', b'"exp":NaN,"y":')),
    "exp negative": with_claims(exp=-1),
    "exp 1e400": with_raw(claims=lambda raw: raw.replace(b'"exp":', b'"exp":1e400,"y":')),
    "exp of 400 digits": with_raw(
        claims=lambda raw: raw.replace(b'"exp":', b'"exp":' + b"9" * 400 + b',"y":')
    ),
    "exp a string": with_claims(exp="4102444800"),
    "exp true": with_claims(exp=True),
    "exp in 2100": with_claims(exp=4_102_444_800),
    "exp in 2100, no iat": with_claims(exp=4_102_444_800, iat=None),
    "exp 31 s past": fold_now(-31, "exp"),
    "exp over 300 s after iat": fold_now(302, "exp"),
    "iat +40": fold_now(40, "iat"),
    "iat +61": fold_now(61, "iat"),
    "nbf +40": fold_now(40, "nbf"),
    "nbf +61": fold_now(61, "nbf"),
    "jti absent": with_claims(jti=None),
    "jti empty": with_claims(jti=""),
    "jti a number": with_claims(jti=7),
    "jti of 256 characters": with_claims(jti="j" * 256),
}


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """A listener that nobody may ever connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield listener


@pytest.fixture
async def signing(stage: Stage) -> Signing:
    """A machine that signs with ES256."""
    return await onboard_signing(stage, "north")


@pytest.mark.parametrize("name", ATTACKS)
async def test_K4_a_hostile_assertion_is_refused(
    stage: Stage, signing: Signing, canary: socket.socket, name: str
) -> None:
    """401 and one text, no data, no connection; a good assertion works before and after."""
    token = ATTACKS[name](signing, stage).replace("{port}", str(canary.getsockname()[1]))
    began = time.process_time()

    answer = await ask_token(stage, token, signing.certificate, client_id=signing.client_id)

    spent = time.process_time() - began
    if name == "header of 1 MB":
        assert (answer.status, answer.code) == (413, "body-too-large")
    else:
        assert answer.status == 401
        assert answer.json == {
            "error": "invalid_client",
            "error_description": InvalidClient.message,
        }
    assert spent < CPU_SECONDS_MAX
    with pytest.raises(BlockingIOError):
        canary.accept()
    good = await ask_token(stage, signing.assert_self(stage), signing.certificate)
    assert good.status == 200
