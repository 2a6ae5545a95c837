"""Proofs of a key (RFC 9449), case by case of the conformance suite's `dpop-negative-tests`."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from msgspec import structs

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.dpop import (
    ProofFault,
    ProofRejected,
    ProvenRequest,
    hash_token,
    verify_proof,
)
from creditbridge.protocols.dpop_nonce import ProofNonces

NOW = datetime(2026, 11, 23, 8, 0, 0, 500_000, tzinfo=UTC)
SECOND = int(NOW.timestamp())
URI = "https://bank.example/v1/consents"
TOKEN = "cbt_" + "A" * 43
AT_TOKEN_ENDPOINT = ProvenRequest(method="POST", target_uri="https://bank.example/oauth/token")
AT_RESOURCE = ProvenRequest(method="GET", target_uri=URI, access_token=TOKEN)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key()), private=PRIVATE)
RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

Members: TypeAlias = dict[str, object]


def encode(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    """Return a number as RFC 7518 writes it."""
    return encode(value.to_bytes((value.bit_length() + 7) // 8))


def rsa_jwk() -> Members:
    """Return an RSA key's public JWK."""
    numbers = RSA_KEY.public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


def sign_rsa(message: bytes) -> bytes:
    """Sign as PS256."""
    return RSA_KEY.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())


def jwk() -> Members:
    """Return the public JWK of the usual key."""
    return {name: value for name, value in KEY.key.to_jwk().items() if name in "kty crv x y"}


def sign(
    header: Mapping[str, object],
    claims: Mapping[str, object],
    signer: Callable[[bytes], bytes] = KEY.sign,
) -> str:
    """Return a token of these parts."""
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{encode(signer(signed.encode()))}"


def parts_of(
    header: Mapping[str, object] | None = None, claims: Mapping[str, object] | None = None
) -> tuple[Members, Members]:
    """Return a good proof's parts with changes; a member that is None is left out."""
    good = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(), **(header or {})}
    said = {
        "jti": "one",
        "htm": "GET",
        "htu": URI,
        "iat": SECOND,
        "ath": hash_token(TOKEN),
        **(claims or {}),
    }
    return (
        {name: value for name, value in good.items() if value is not None},
        {name: value for name, value in said.items() if value is not None},
    )


def make(
    header: Mapping[str, object] | None = None,
    claims: Mapping[str, object] | None = None,
    signer: Callable[[bytes], bytes] = KEY.sign,
) -> str:
    """Return a good proof with changes."""
    return sign(*parts_of(header, claims), signer)


def fault_of(*proofs: str, request: ProvenRequest = AT_RESOURCE) -> ProofFault:
    """Return why a proof is refused."""
    with pytest.raises(ProofRejected) as refusal:
        verify_proof(proofs, request, now=NOW)
    assert refusal.value.prose == refusal.value.fault.value
    return refusal.value.fault


def test_D1_a_good_proof_shows_its_key_and_its_name() -> None:
    """The key by its thumbprint (RFC 7638), at a resource and at the token endpoint."""
    proof = verify_proof([make()], AT_RESOURCE, now=NOW)
    asked = make(claims={"htm": "POST", "htu": AT_TOKEN_ENDPOINT.target_uri, "ath": None})

    assert (proof.key_thumbprint, proof.jti) == (KEY.key.key_id, "one")
    assert verify_proof([asked], AT_TOKEN_ENDPOINT, now=NOW) == proof


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the name that FAPI 2.0 still uses
@pytest.mark.parametrize("kind", [ECKey, OKPKey, RSAKey])
def test_D1_proofs_and_thumbprints_of_another_library_agree(
    kind: type[ECKey] | type[OKPKey] | type[RSAKey],
) -> None:
    """A judge that we did not write, with each algorithm."""
    key = kind.generate_key()
    algorithm = {"EC": "ES256", "OKP": "EdDSA", "RSA": "PS256"}[key.key_type]
    header, claims = parts_of({"alg": algorithm, "jwk": key.as_dict(private=False)})
    token = jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])

    assert verify_proof([token], AT_RESOURCE, now=NOW).key_thumbprint == key.thumbprint()


def test_D1_the_hash_of_a_token_is_that_of_the_standard() -> None:
    """The example of RFC 9449, section 7.1."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

    assert hash_token(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_D1_the_example_of_the_standard_is_accepted_in_its_time() -> None:
    """RFC 9449, figure 2: signed by others, for a token request."""
    token = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0Vj"
        "NoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5"
        "VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TV"
        "CIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8"
        "lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    request = ProvenRequest(method="POST", target_uri="https://server.example.com/token")

    proof = verify_proof([token], request, now=datetime.fromtimestamp(1_562_262_616, UTC))

    assert proof.jti == "-BwC3ESc6acc2lTc"
    assert proof.key_thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


ACCEPTED: dict[str, tuple[Members, Members]] = {
    "htu-with-query-and-fragment": ({}, {"htu": URI + "?page=2#top"}),
    "htu-upper-case": ({}, {"htu": "HTTPS://BANK.EXAMPLE/v1/consents"}),
    "htu-with-default-port": ({}, {"htu": "https://bank.example:443/v1/consents"}),
    "extra-members": ({"kid": "k", "x": {"y": 1}}, {"extra": [1], "nonce": "n"}),
    "nbf-and-exp": ({}, {"nbf": SECOND, "exp": SECOND + 300}),
    "iat-fraction": ({}, {"iat": SECOND - 0.5}),
    "jwk-with-names": ({"jwk": {**jwk(), "kid": "k", "use": "sig", "alg": "ES256"}}, {}),
    "iat-10-seconds-before": ({}, {"iat": SECOND - 10}),
    "iat-10-seconds-after": ({}, {"iat": SECOND + 10}),
    "iat-60-seconds-before": ({}, {"iat": SECOND - 60}),
    "iat-30-seconds-after": ({}, {"iat": SECOND + 30}),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_D2_dpop_negative_tests_what_must_pass(case: str) -> None:
    """Also `check-dpop-proof-nbf-exp`, `ensure-dpopproof-with-iat-10seconds-before-succeeds`.

    And `ensure-dpopproof-with-iat-10seconds-after-succeeds`.
    """
    header, claims = ACCEPTED[case]

    proof = verify_proof([make(header, claims)], AT_RESOURCE, now=NOW)

    assert proof.key_thumbprint == KEY.key.key_id


def test_D2_the_query_of_the_request_does_not_count() -> None:
    """`htu` without it; and an empty path is the root (RFC 3986, section 6.2.3)."""
    asked = ProvenRequest(method="GET", target_uri=URI + "?limit=5", access_token=TOKEN)
    root = ProvenRequest(method="GET", target_uri="https://bank.example/", access_token=TOKEN)

    assert verify_proof([make()], asked, now=NOW).jti == "one"
    assert verify_proof([make(claims={"htu": "https://bank.example"})], root, now=NOW).jti == "one"


REFUSED: dict[str, tuple[ProofFault, Members, Members]] = {
    "typ-missing": (ProofFault.TYPE, {"typ": None}, {}),
    "typ-wrong": (ProofFault.TYPE, {"typ": "JWT"}, {}),
    "alg-missing": (ProofFault.ALGORITHM, {"alg": None}, {}),
    "alg-none": (ProofFault.ALGORITHM, {"alg": "none"}, {}),
    "alg-RS256": (ProofFault.ALGORITHM, {"alg": "RS256"}, {}),
    "alg-HS256": (ProofFault.ALGORITHM, {"alg": "HS256"}, {}),
    "alg-list": (ProofFault.ALGORITHM, {"alg": ["ES256"]}, {}),
    "alg-of-another-key": (ProofFault.ALGORITHM, {"alg": "EdDSA"}, {}),
    "jwk-missing": (ProofFault.KEY, {"jwk": None}, {}),
    "jwk-text": (ProofFault.KEY, {"jwk": "key"}, {}),
    "jwk-no-point": (ProofFault.KEY, {"jwk": {**jwk(), "x": "A" * 43}}, {}),
    "jwk-private": (ProofFault.PRIVATE, {"jwk": {**jwk(), "d": "A" * 43}}, {}),
    "jwk-symmetric": (ProofFault.PRIVATE, {"jwk": {"kty": "oct", "k": "AAAA"}}, {}),
    "crit": (ProofFault.FORM, {"crit": ["b64"], "b64": False}, {}),
    "jku": (ProofFault.FORM, {"jku": "https://attacker.example"}, {}),
    "jti-missing": (ProofFault.CLAIMS, {}, {"jti": None}),
    "jti-empty": (ProofFault.CLAIMS, {}, {"jti": ""}),
    "jti-too-long": (ProofFault.CLAIMS, {}, {"jti": "j" * 257}),
    "jti-number": (ProofFault.CLAIMS, {}, {"jti": 1}),
    "htm-missing": (ProofFault.CLAIMS, {}, {"htm": None}),
    "htm-wrong": (ProofFault.METHOD, {}, {"htm": "PUT"}),
    "htm-lower-case": (ProofFault.METHOD, {}, {"htm": "get"}),
    "htu-missing": (ProofFault.CLAIMS, {}, {"htu": None}),
    "htu-another-path": (ProofFault.TARGET, {}, {"htu": "https://bank.example/v1/reports"}),
    "htu-another-host": (ProofFault.TARGET, {}, {"htu": "https://other.example/v1/consents"}),
    "htu-another-port": (ProofFault.TARGET, {}, {"htu": "https://bank.example:8443/v1/consents"}),
    "htu-no-port": (ProofFault.TARGET, {}, {"htu": "https://bank.example:x/v1/consents"}),
    "htu-plain-http": (ProofFault.TARGET, {}, {"htu": "http://bank.example/v1/consents"}),
    "htu-user": (ProofFault.TARGET, {}, {"htu": "https://u@bank.example/v1/consents"}),
    "htu-line-feed": (ProofFault.TARGET, {}, {"htu": "https://bank.exa\nmple/v1/consents"}),
    "htu-no-host": (ProofFault.TARGET, {}, {"htu": "https:///v1/consents"}),
    "iat-missing": (ProofFault.CLAIMS, {}, {"iat": None}),
    "iat-text": (ProofFault.CLAIMS, {}, {"iat": str(SECOND)}),
    "iat-bool": (ProofFault.CLAIMS, {}, {"iat": True}),
    "iat-one-hour-in-the-future": (ProofFault.TIME, {}, {"iat": SECOND + 3600}),
    "iat-one-hour-in-the-past": (ProofFault.TIME, {}, {"iat": SECOND - 3600}),
    "iat-31-seconds-after": (ProofFault.TIME, {}, {"iat": SECOND + 31}),
    "iat-61-seconds-before": (ProofFault.TIME, {}, {"iat": SECOND - 61}),
    "exp-over": (ProofFault.TIME, {}, {"exp": SECOND - 31}),
    "nbf-ahead": (ProofFault.TIME, {}, {"nbf": SECOND + 31}),
    "ath-missing": (ProofFault.TOKEN, {}, {"ath": None}),
    "ath-wrong": (ProofFault.TOKEN, {}, {"ath": hash_token("cbt_" + "B" * 43)}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_D3_dpop_negative_tests_what_must_fail(case: str) -> None:
    """Each under the fault that an engineer can act on."""
    fault, header, claims = REFUSED[case]

    assert fault_of(make(header, claims)) is fault


def test_D3_dpop_negative_tests_no_proof_and_two() -> None:
    """None is missing; two are refused, also where both are good."""
    assert fault_of() is ProofFault.MISSING
    assert fault_of(make(), make()) is ProofFault.SEVERAL


def test_D3_dpop_negative_tests_invalid_signature() -> None:
    """Another key's, a changed one, none; Ed25519 and PS256 too."""
    other = FileKey(key=KEY.key, private=ec.generate_private_key(ec.SECP256R1()))
    edwards = ed25519.Ed25519PrivateKey.generate()
    edwards_jwk = name_key(edwards.public_key()).to_jwk()

    assert fault_of(make(signer=other.sign)) is ProofFault.SIGNATURE
    assert fault_of(make(signer=lambda _: bytes(64))) is ProofFault.SIGNATURE
    assert fault_of(make(signer=lambda _: b"")) is ProofFault.FORM
    assert fault_of(make({"alg": "EdDSA", "jwk": edwards_jwk})) is ProofFault.SIGNATURE
    assert fault_of(make({"alg": "PS256", "jwk": rsa_jwk()})) is ProofFault.SIGNATURE
    accepted = make({"alg": "EdDSA", "jwk": edwards_jwk}, signer=edwards.sign)
    assert verify_proof([accepted], AT_RESOURCE, now=NOW).key_thumbprint == edwards_jwk["kid"]


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "x",
        "a.b",
        make() + ".",
        make() + "=",
        f"{encode(b'[]')}.{encode(b'{}')}.AAAA",
        f"{encode(b'not json')}.{encode(b'{}')}.AAAA",
        f"{encode(b'x' * 2_000)}.{encode(b'{}')}.AAAA",
        f"{make()}, {make()}",
    ],
)
def test_D3_dpop_negative_tests_not_a_well_formed_jwt(proof: str) -> None:
    """Form before everything else."""
    assert fault_of(proof) is ProofFault.FORM


def test_D3_claims_that_are_no_object_are_refused() -> None:
    """Signed as they may be."""
    header, _ = parts_of()
    signed = f"{encode(json.dumps(header).encode())}.{encode(b'[1]')}"

    assert fault_of(f"{signed}.{encode(KEY.sign(signed.encode()))}") is ProofFault.FORM


def test_D1_an_rsa_key_signs_with_PS256() -> None:
    """Its thumbprint is over `e`, `kty` and `n` alone (RFC 7638)."""
    named = {**rsa_jwk(), "use": "sig", "alg": "PS256", "kid": "k"}
    token = make({"alg": "PS256", "jwk": named}, signer=sign_rsa)
    proof = verify_proof([token], AT_RESOURCE, now=NOW)

    required = json.dumps(rsa_jwk(), sort_keys=True, separators=(",", ":")).encode()
    assert proof.key_thumbprint == encode(hashlib.sha256(required).digest())


RSA_REFUSED: dict[str, tuple[ProofFault, Members]] = {
    "private": (ProofFault.PRIVATE, {"d": "AQAB"}),
    "prime": (ProofFault.PRIVATE, {"p": "AQAB"}),
    "use": (ProofFault.KEY, {"use": "enc"}),
    "alg": (ProofFault.KEY, {"alg": "RS256"}),
    "no-modulus": (ProofFault.KEY, {"n": None}),
    "modulus-no-base64url": (ProofFault.KEY, {"n": "!"}),
    "modulus-zero-byte": (ProofFault.KEY, {"n": encode(b"\0" + b"\xff" * 256)}),
    "modulus-too-large": (ProofFault.KEY, {"n": encode(b"\xff" * 513)}),
    "modulus-small": (ProofFault.KEY, {"n": number(2**1_200 + 1)}),
    "exponent-even": (ProofFault.KEY, {"e": number(4)}),
    "exponent-too-large": (ProofFault.KEY, {"e": encode(b"\x01" * 5)}),
}


@pytest.mark.parametrize("case", RSA_REFUSED)
def test_D3_an_unfit_rsa_key_is_refused(case: str) -> None:
    """Private, for another use, too small, too large, or in a second spelling."""
    fault, changed = RSA_REFUSED[case]

    proof = make({"alg": "PS256", "jwk": {**rsa_jwk(), **changed}}, signer=sign_rsa)

    assert fault_of(proof) is fault


def test_D1_a_proof_is_remembered_longer_than_it_can_be_in_time() -> None:
    """The most that clocks may differ, and then nothing more: 90 s, remembered for 120."""
    proof = make(claims={"iat": SECOND + 30})

    assert verify_proof([proof], AT_RESOURCE, now=NOW).jti == "one"
    late = NOW + timedelta(seconds=90)
    assert verify_proof([proof], AT_RESOURCE, now=late).jti == "one"
    with pytest.raises(ProofRejected):
        verify_proof([proof], AT_RESOURCE, now=late + timedelta(seconds=1))


def test_every_fault_is_a_sentence_that_OAuth_can_carry() -> None:
    """Printable ASCII without quotes and backslash (RFC 6749, section 5.2)."""
    for fault in ProofFault:
        assert fault.isascii()
        assert fault.isprintable()
        assert not {'"', "\\"} & set(fault)


NONCES = ProofNonces(key=bytes(32))


@pytest.mark.parametrize("nonce", [None, 1, "", "x", NONCES.make(now=NOW - timedelta(minutes=3))])
def test_D4_a_proof_without_a_fresh_nonce_is_refused_where_one_is_wanted(nonce: object) -> None:
    """None, no text, another one, an old one."""
    wanted = structs.replace(AT_RESOURCE, nonces=NONCES)

    assert fault_of(make(claims={"nonce": nonce}), request=wanted) is ProofFault.NONCE


def test_D4_a_proof_with_a_fresh_nonce_is_accepted() -> None:
    """Whatever else is asked of a proof is asked all the same."""
    wanted = structs.replace(AT_RESOURCE, nonces=NONCES)
    nonce = NONCES.make(now=NOW)

    assert verify_proof([make(claims={"nonce": nonce})], wanted, now=NOW).jti == "one"
    late = make(claims={"nonce": nonce, "iat": SECOND - 61})
    assert fault_of(late, request=wanted) is ProofFault.TIME
