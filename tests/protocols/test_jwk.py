"""RFC 7517: which keys are taken and which are not, judged by joserfc and the RFC's example."""

import joserfc.jwk
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import Algorithm, name_key
from creditbridge.protocols.jwk import (
    KEYS_MAX,
    KeyIdRepeated,
    KeyMalformed,
    PrivateMemberFound,
    format_jwks,
    parse_jwk,
    parse_jwks,
)
from creditbridge.protocols.strict_json import JsonValue

# RFC 7517, appendix A.1, and RFC 8037, appendix A.2.
EC_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "use": "sig",
    "kid": "1",
}
ED_JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
POINT_OFF_CURVE = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyI"


def test_the_rfcs_keys_are_read_under_their_names() -> None:
    """A `kid` is kept; without one the thumbprint is the name (RFC 8037, appendix A.3)."""
    first, second = parse_jwk(EC_JWK), parse_jwk(ED_JWK)

    assert (first.key_id, first.algorithm) == ("1", Algorithm.ES256)
    assert second.algorithm is Algorithm.ED25519
    assert second.key_id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("jwk", [EC_JWK, ED_JWK], ids=["ec", "ed"])
def test_what_we_publish_is_the_same_key_to_others(jwk: dict[str, str]) -> None:
    """Another implementation reads the same thumbprint from our output."""
    published = parse_jwk(jwk).to_jwk()
    theirs = joserfc.jwk.import_key({**published})

    assert theirs.thumbprint() == joserfc.jwk.import_key({**jwk}).thumbprint()
    assert published["use"] == "sig"
    assert parse_jwk(published).to_jwk() == published


@pytest.mark.parametrize("operations", [{}, {"alg": "ES256"}, {"key_ops": ["verify"]}])
def test_members_that_agree_are_accepted(operations: dict[str, object]) -> None:
    """`alg` and `key_ops` may be there where they say what the key is; others are ignored."""
    assert parse_jwk({**EC_JWK, **operations, "x5t": "ignored"}).key_id == "1"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@pytest.mark.parametrize("value", ["AAAA", "", None])
def test_K1_private_members_are_refused(member: str, value: str | None) -> None:
    """Whatever their value: who sends one has lost the key."""
    with pytest.raises(PrivateMemberFound):
        parse_jwk({**EC_JWK, member: value})


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "RSA"},
        {"kty": "oct"},
        {"kty": "OKP"},
        {"kty": None},
        {"kty": ["EC"]},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": None},
        {"y": POINT_OFF_CURVE},
        {"y": None},
        {"y": 7},
        {"x": "A" * 43},
        {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D"},
        {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4="},
        {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D5"},
        {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D+"},
        {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7é4"},
        {"x": "MKBCTNIcKUSDii11ySs3526 DZ8AiTo7Tu6KPAqv7D4"},
        {"x": "_" * 42 + "8"},
        {"use": "enc"},
        {"use": 1},
        {"alg": "ES384"},
        {"alg": "EdDSA"},
        {"alg": "PS256"},
        {"key_ops": ["sign"]},
        {"key_ops": ["verify", "sign"]},
        {"key_ops": "verify"},
        {"kid": 7},
        {"kid": "a" * 257},
    ],
    ids=str,
)
def test_K1_other_keys_are_refused(changes: dict[str, object]) -> None:
    """Other types, curves, uses, points that are none, coordinates spelled otherwise."""
    with pytest.raises(KeyMalformed):
        parse_jwk({**EC_JWK, **changes})


def test_an_ed25519_key_of_small_order_is_refused() -> None:
    """The neutral point would accept one signature under any message."""
    with pytest.raises(KeyMalformed):
        parse_jwk({**ED_JWK, "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})


def test_every_refusal_is_malformed_and_has_its_code() -> None:
    """The sender must change the key."""
    kinds = (KeyMalformed, PrivateMemberFound, KeyIdRepeated)

    assert all(issubclass(kind, Malformed) for kind in kinds)
    assert [kind.code for kind in kinds] == ["key-malformed", "key-private", "key-id-repeated"]


def test_a_set_is_read_and_written() -> None:
    """What is published is read back, in order."""
    keys = parse_jwks({"keys": [EC_JWK, ED_JWK]})

    published = format_jwks(keys)

    assert [key["kid"] for key in published["keys"]] == [key.key_id for key in keys]
    assert all(key.keys().isdisjoint({"d", "k"}) for key in published["keys"])
    assert format_jwks(()) == {"keys": []}


def test_K1_every_key_of_a_set_has_its_own_name() -> None:
    """Two keys with one name are refused, read or published."""
    twin = name_key(ec.derive_private_key(7, ec.SECP256R1()).public_key(), key_id="1")

    with pytest.raises(KeyIdRepeated):
        parse_jwks({"keys": [EC_JWK, {**ED_JWK, "kid": "1"}]})
    with pytest.raises(KeyIdRepeated):
        format_jwks([parse_jwk(EC_JWK), twin])


@pytest.mark.parametrize(
    "document",
    [None, [], "keys", {}, {"keys": {}}, {"keys": "keys"}, {"keys": [7]}, {"keys": [EC_JWK, None]}],
    ids=str,
)
def test_what_is_no_set_is_refused(document: JsonValue) -> None:
    """Another type, no member `keys`, an entry that is no object."""
    with pytest.raises(KeyMalformed):
        parse_jwks(document)


def test_K3_a_set_has_at_most_100_keys() -> None:
    """100 are read; 101 are refused before one is."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    jwk = name_key(private.public_key()).to_jwk()
    listed: list[JsonValue] = [{**jwk, "kid": str(number)} for number in range(KEYS_MAX + 1)]

    assert len(parse_jwks({"keys": listed[:KEYS_MAX]})) == 100
    with pytest.raises(KeyMalformed):
        parse_jwks({"keys": listed})
