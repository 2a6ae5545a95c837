"""RFC 7518, section 6.3: which RSA keys are taken, judged by joserfc and the RFCs' examples."""

from base64 import urlsafe_b64encode

import joserfc.jwk
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from creditbridge.foundation.keys import PublicKey, name_key
from creditbridge.foundation.rsa_keys import RSA_BITS_MAX, RsaKey
from creditbridge.protocols.jwk import KeyMalformed, PrivateMemberFound
from creditbridge.protocols.rsa_jwk import (
    parse_jose_jwk,
    select_jose_keys,
    thumbprint_of,
)
from creditbridge.protocols.strict_json import JsonValue

# RFC 7517, appendix A.1, whose thumbprint is that of RFC 7638, section 3.1.
RFC_JWK = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
    "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6W"
    "eZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def modulus_of(bits: int) -> str:
    """An odd number of so many bits, as a JWK writes it."""
    return encode(((1 << (bits - 1)) | 1).to_bytes((bits + 7) // 8))


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


# A power of 65537 modulo every small prime, as a faulty library made its moduli (CVE-2017-15361).
PREDICTABLE = pow(65_537, 143)


def test_the_rfcs_key_is_read_under_its_thumbprint() -> None:
    """RFC 7638, section 3.1; a `kid` is kept."""
    unnamed, named = parse_jose_jwk(RFC_JWK), parse_jose_jwk({**RFC_JWK, "kid": "2011-04-29"})

    assert isinstance(unnamed, RsaKey)
    assert unnamed.key_id == THUMBPRINT == thumbprint_of(named)
    assert (named.key_id, named.algorithm) == ("2011-04-29", "PS256")


def test_what_is_stored_is_the_same_key_to_others() -> None:
    """Another implementation reads the same thumbprint from our output."""
    formatted = parse_jose_jwk(RFC_JWK).to_jwk()

    assert joserfc.jwk.import_key({**formatted}).thumbprint() == THUMBPRINT
    assert formatted == {**RFC_JWK, "kid": THUMBPRINT, "use": "sig", "alg": "PS256"}
    assert parse_jose_jwk(formatted) == parse_jose_jwk(RFC_JWK)


def test_other_keys_are_read_as_ever() -> None:
    """EC and Ed25519 come back as keys that also verify messages."""
    key = name_key(ec.derive_private_key(7, ec.SECP256R1()).public_key())

    found = parse_jose_jwk(key.to_jwk())

    assert isinstance(found, PublicKey)
    assert found.to_jwk() == key.to_jwk()
    assert thumbprint_of(found) == key.key_id


@pytest.mark.parametrize("bits", [2_048, 3_072, RSA_BITS_MAX])
def test_K1_keys_of_2048_to_4096_bits_are_read(bits: int) -> None:
    """At both limits."""
    key = rsa.generate_private_key(65537, bits).public_key() if bits < RSA_BITS_MAX else None
    n = encode(key.public_numbers().n.to_bytes(bits // 8)) if key else modulus_of(bits)

    assert parse_jose_jwk({**RFC_JWK, "n": n}).algorithm == "PS256"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_K1_a_private_member_is_refused(member: str) -> None:
    """Whoever sends one has lost the key."""
    with pytest.raises(PrivateMemberFound):
        parse_jose_jwk({**RFC_JWK, member: "AQAB"})


FAULTS: dict[str, dict[str, object]] = {
    "2047 bits": {"n": modulus_of(2_047)},
    "1024 bits": {"n": modulus_of(1_024)},
    "4097 bits": {"n": modulus_of(4_097)},
    "a million characters": {"n": "A" * 1_000_000},
    "even": {"n": encode((1 << 2047).to_bytes(256))},
    "a zero in front": {"n": encode(b"\x00" + ((1 << 2047) | 1).to_bytes(256))},
    "predictable primes": {"n": encode(PREDICTABLE.to_bytes(288))},
    "stray bits": {"n": RFC_JWK["n"][:-1] + "x"},
    "padding": {"n": RFC_JWK["n"] + "="},
    "impossible length": {"n": RFC_JWK["n"] + "A" * 3},
    "standard base64": {"n": RFC_JWK["n"].replace("_", "/")},
    "no n": {"n": None},
    "n a number": {"n": 65537},
    "e 3": {"e": "Aw"},
    "e with a zero": {"e": "AAEAAQ"},
    "e 1": {"e": "AQ"},
    "no e": {"e": None},
    "alg RS256": {"alg": "RS256"},
    "alg PS384": {"alg": "PS384"},
    "use enc": {"use": "enc"},
    "key_ops sign": {"key_ops": ["sign"]},
    "kid a number": {"kid": 7},
    "kty in lower case": {"kty": "rsa"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_K1_other_rsa_keys_are_refused(fault: str) -> None:
    """Another size, exponent, spelling, use or algorithm; an even modulus."""
    with pytest.raises(KeyMalformed):
        parse_jose_jwk({**RFC_JWK, **FAULTS[fault]})


def entry(**members: JsonValue) -> JsonValue:
    """A key of P-256 as somebody publishes it."""
    key = name_key(ec.derive_private_key(7, ec.SECP256R1()).public_key(), key_id="one")
    return {**key.to_jwk(), **members}


PASSED_OVER: dict[str, JsonValue] = {
    "for encryption": entry(use="enc"),
    "private": entry(d="AQAB"),
    "a symmetric key": {"kty": "oct", "k": "AQAB"},
    "another curve": entry(crv="P-384"),
    "another algorithm": entry(alg="RS256"),
    "a name that does not print": entry(kid="a\x00"),
    "no object": "key",
}


@pytest.mark.parametrize("case", PASSED_OVER)
def test_K3_what_signs_nothing_for_us_is_passed_over(case: str) -> None:
    """The others of the set count, and certificates and addresses of an entry do not."""
    good = entry(kid="good", x5c=["AAAA"], x5u="https://elsewhere.example/", jku="x")

    (key,) = select_jose_keys({"keys": [PASSED_OVER[case], good], "more": 1})

    assert key.key_id == "good"


def test_K3_equal_names_are_told_apart_by_algorithm_alone() -> None:
    """RFC 7517, section 4.5: two of one name and algorithm are neither meant."""
    other = name_key(ec.derive_private_key(8, ec.SECP256R1()).public_key(), key_id="one")
    rsa_key: JsonValue = {**RFC_JWK, "kid": "one"}

    assert [key.algorithm for key in select_jose_keys({"keys": [entry(), rsa_key]})] == [
        "ES256",
        "PS256",
    ]
    assert select_jose_keys({"keys": [entry(), {**other.to_jwk()}]}) == ()
    assert select_jose_keys({"keys": []}) == ()


@pytest.mark.parametrize("document", [[], {}, {"keys": {}}, {"keys": "x"}, {"keys": [1] * 101}, 7])
def test_K3_what_is_no_set_is_refused(document: JsonValue) -> None:
    """Or one of more than 100 keys."""
    with pytest.raises(KeyMalformed):
        select_jose_keys(document)


def test_a_modulus_of_predictable_primes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever knows how the primes were drawn finds them (CVE-2017-15361)."""
    monkeypatch.setattr("creditbridge.protocols.rsa_jwk.is_predictable", lambda _: True)

    with pytest.raises(KeyMalformed) as refused:
        parse_jose_jwk({**RFC_JWK, "alg": "PS256", "use": "sig", "kid": "k"})

    assert "predictable" in refused.value.detail
