"""RFC 7515 under the house's profile: hostile tokens, judged by joserfc and Wycheproof."""

import hmac
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import joserfc.jwk
import joserfc.jws
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from joserfc.errors import SecurityWarning

from creditbridge.foundation.errors import SignatureInvalid, Untrusted
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.protocols.jws import (
    TokenRejected,
    VerifyingKey,
    sign_compact,
    verify_compact,
)

CLAIMS = b'{"sub":"client-01"}'
ALGORITHMS = ("ES256", "EdDSA", "PS256")
EC_PRIVATE = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
ED_PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
SHORT_PRIVATE = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it must be refused
EC_KEY = FileKey(key=name_key(EC_PRIVATE.public_key(), key_id="ec"), private=EC_PRIVATE)
ED_KEY = FileKey(key=name_key(ED_PRIVATE.public_key(), key_id="ed"), private=ED_PRIVATE)
KEYS: dict[str, VerifyingKey] = {
    "ec": EC_KEY.key,
    "ed": ED_KEY.key,
    "rsa": RsaKey(key_id="rsa", material=RSA_PRIVATE.public_key()),
    "short": RsaKey(key_id="short", material=SHORT_PRIVATE.public_key()),
    "": EC_KEY.key,
}
Members = dict[str, str | int | bool | list[str] | dict[str, str] | None]


class Shaped(msgspec.Struct, frozen=True):
    """A Wycheproof case: message and signature in hexadecimal, and what must come of it."""

    msg: str
    sig: str
    result: str


class Group(msgspec.Struct, frozen=True):
    """A group of cases under one key."""

    key: str = msgspec.field(name="publicKeyPem")
    tests: list[Shaped]


class Suite(msgspec.Struct, frozen=True):
    """A Wycheproof file."""

    groups: list[Group] = msgspec.field(name="testGroups")


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(
    header: Members | bytes,
    payload: bytes = CLAIMS,
    sign: Callable[[bytes], bytes] = EC_KEY.sign,
) -> str:
    """A token with any header, and a signature that holds over it."""
    raw = header if isinstance(header, bytes) else msgspec.json.encode(header)
    signed = f"{encode(raw)}.{encode(payload)}"
    return f"{signed}.{encode(sign(signed.encode()))}"


def verify(token: str, typ: str | None = "JWT") -> bytes:
    """Verify with all keys and algorithms."""
    return verify_compact(token, KEYS.get, typ=typ, algorithms=ALGORITHMS)


def sign_pss(private: rsa.RSAPrivateKey, salt_bytes: int = 32) -> Callable[[bytes], bytes]:
    """A signing function for PS256."""
    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=salt_bytes)
    return lambda message: private.sign(message, scheme, SHA256())


GOOD: Members = {"alg": "ES256", "kid": "ec", "typ": "JWT"}
TOKEN = forge(GOOD)


@pytest.mark.parametrize("key", [EC_KEY, ED_KEY])
def test_what_we_sign_we_and_joserfc_accept(key: FileKey) -> None:
    """The payload comes back as it was; another implementation agrees."""
    token = sign_compact(CLAIMS, key, typ="JWT")
    theirs = joserfc.jwk.import_key(dict(key.key.to_jwk()))

    # The judge prefers the newer names of RFC 9864; identity providers still write `EdDSA`.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        judged = joserfc.jws.deserialize_compact(token, theirs, algorithms=[key.key.algorithm])

    assert verify(token) == CLAIMS
    assert judged.payload == CLAIMS
    assert judged.headers() == {"alg": key.key.algorithm, "kid": key.key.key_id, "typ": "JWT"}


def test_what_joserfc_signs_we_accept() -> None:
    """An identity provider's PS256 token, made by another implementation."""
    pem = RSA_PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    theirs = joserfc.jwk.RSAKey.import_key(pem)

    token = joserfc.jws.serialize_compact(
        {"typ": "JWT", "kid": "rsa", "alg": "PS256"}, CLAIMS, theirs, algorithms=["PS256"]
    )

    assert verify(token) == CLAIMS


@pytest.mark.parametrize(
    ("declared", "typ"),
    [
        ("JWT", "JWT"),
        ("jwt", "JWT"),
        ("application/jwt", "JWT"),
        ("dpop+jwt", "dpop+jwt"),
        ("JWT", None),
        (None, None),
    ],
)
def test_the_type_is_compared_as_a_media_type(declared: str | None, typ: str | None) -> None:
    """Without regard to case or the prefix; None takes `JWT` and nothing."""
    members: Members = {"alg": "ES256", "kid": "ec"}
    token = forge(members if declared is None else {**members, "typ": declared})

    assert verify(token, typ) == CLAIMS


@pytest.mark.parametrize(
    ("declared", "typ"),
    [
        (None, "JWT"),
        ("at+jwt", "JWT"),
        ("dpop+jwt", None),
        ("JWT", "dpop+jwt"),
        ("", None),
        ("secevent+jwt", None),
    ],
)
def test_another_type_is_refused(declared: str | None, typ: str | None) -> None:
    """An assertion is no access token, a DPoP proof no assertion (RFC 8725, section 3.11)."""
    members: Members = {"alg": "ES256", "kid": "ec"}

    with pytest.raises(TokenRejected):
        verify(forge(members if declared is None else {**members, "typ": declared}), typ)


def test_a_token_without_a_key_id_is_looked_up_under_no_name() -> None:
    """A client with one key may leave `kid` out."""
    assert verify(forge({"alg": "ES256", "typ": "JWT"})) == CLAIMS


@pytest.mark.parametrize(
    "algorithm",
    [
        *("none", "None", "nOnE", "", "es256"),
        *("HS256", "HS512", "RS256", "RS512", "PS512", "ES384", "ES256K", "Ed25519"),
        *("dir", "PBES2-HS256+A128KW", "RSA-OAEP"),
    ],
)
@pytest.mark.parametrize("sign", [EC_KEY.sign, lambda _message: b""], ids=["signed", "empty"])
def test_other_algorithms_are_refused(algorithm: str, sign: Callable[[bytes], bytes]) -> None:
    """No signature, MACs, PKCS #1 v1.5, other curves and other spellings."""
    with pytest.raises(TokenRejected):
        verify(forge({**GOOD, "alg": algorithm}, sign=sign))


@pytest.mark.parametrize("secret", ["pem", "der", "point", "jwk", "empty"])
def test_a_public_key_is_no_secret(secret: str) -> None:
    """HS256 keyed with our own public key, in any form, or with nothing."""
    material = EC_PRIVATE.public_key()
    spki = PublicFormat.SubjectPublicKeyInfo
    secrets = {
        "pem": material.public_bytes(Encoding.PEM, spki),
        "der": material.public_bytes(Encoding.DER, spki),
        "point": material.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "jwk": msgspec.json.encode(EC_KEY.key.to_jwk()),
        "empty": b"",
    }
    token = forge(
        {**GOOD, "alg": "HS256"},
        sign=lambda message: hmac.digest(secrets[secret], message, "sha256"),
    )

    with pytest.raises(TokenRejected):
        verify(token)


@pytest.mark.parametrize(
    ("algorithm", "kid"),
    [("EdDSA", "ec"), ("ES256", "ed"), ("ES256", "rsa"), ("PS256", "ec"), ("ES256", "unknown")],
)
def test_the_key_decides_the_algorithm(algorithm: str, kid: str) -> None:
    """An algorithm that is allowed and not the key's, and a key that is not there."""
    with pytest.raises(TokenRejected):
        verify(forge({**GOOD, "alg": algorithm, "kid": kid}))


def test_an_algorithm_outside_of_the_callers_list_is_refused() -> None:
    """ES256 is good, and not for a caller who asked for EdDSA."""
    with pytest.raises(TokenRejected):
        verify_compact(TOKEN, KEYS.get, typ="JWT", algorithms=["EdDSA"])


@pytest.mark.parametrize(
    "member",
    [
        {"jku": "https://attacker.example/jwks"},
        {"x5u": "https://attacker.example/cert"},
        {"jwk": dict(EC_KEY.key.to_jwk())},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"p2c": 2_000_000_000},
    ],
)
def test_members_that_bring_keys_or_change_the_rules_are_refused(member: Members) -> None:
    """Keys and addresses of keys, critical extensions, raw payloads, encryption, nesting."""
    with pytest.raises(TokenRejected):
        verify(forge({**GOOD, **member}))


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "' OR '1'='1", "a\x00b", "a" * 257, "a" * 10_000, 7, None, ["ec"]]
)
def test_hostile_key_ids_are_refused(kid: str | int | list[str] | None) -> None:
    """Paths, SQL, NUL, 10 kB, other types: at most a name that nobody has."""
    with pytest.raises(TokenRejected):
        verify(forge({**GOOD, "kid": kid}))


@pytest.mark.parametrize("salt_bytes", [0, 20, 64])
def test_ps256_takes_a_salt_of_32_bytes_only(salt_bytes: int) -> None:
    """Section 3.5 of RFC 7518 fixes the length."""
    header: Members = {"alg": "PS256", "kid": "rsa", "typ": "JWT"}

    with pytest.raises(TokenRejected):
        verify(forge(header, sign=sign_pss(RSA_PRIVATE, salt_bytes)))


def test_a_short_rsa_key_verifies_nothing() -> None:
    """1024 bits are not enough (K1), whoever registered them."""
    header: Members = {"alg": "PS256", "kid": "short", "typ": "JWT"}

    with pytest.raises(TokenRejected):
        verify(forge(header, sign=sign_pss(SHORT_PRIVATE)))


def test_wycheproof_agrees_on_ps256(vectors: Path) -> None:
    """108 RSA-PSS cases: all valid ones verify, none of the others does."""
    raw = (vectors / "wycheproof" / "rsa_pss_2048_sha256_mgf1_32_test.json").read_bytes()
    (group,) = msgspec.json.decode(raw, type=Suite).groups
    material = load_pem_public_key(group.key.encode())
    assert isinstance(material, rsa.RSAPublicKey)
    key = RsaKey(key_id="", material=material)

    for case in group.tests:
        if case.result == "valid":
            key.verify(bytes.fromhex(case.sig), bytes.fromhex(case.msg))
        else:
            with pytest.raises(SignatureInvalid):
                key.verify(bytes.fromhex(case.sig), bytes.fromhex(case.msg))
    assert len(group.tests) == 108


def test_a_refusal_is_untrusted_and_repeats_nothing() -> None:
    """The prose is constant."""
    with pytest.raises(Untrusted) as refusal:
        verify(forge({**GOOD, "kid": "attacker"}))

    assert refusal.value.code == "token-rejected"
    assert "attacker" not in f"{refusal.value.prose} {refusal.value.detail}"
