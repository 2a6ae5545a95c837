"""SM2 public keys as JSON."""

import pytest
from tests.sm2 import make_sm2_key

from creditbridge.protocols.jwk import KeyMalformed, parse_jwk
from creditbridge.protocols.sm2_jwk import format_sm2_jwk, is_sm2_jwk, parse_sm2_jwk
from creditbridge.protocols.sm2_keys import open_sm2

LIBRARY = open_sm2()
KEY = make_sm2_key(1_000_003, LIBRARY, key_id="ours").key
MEMBERS = format_sm2_jwk(KEY)


def test_a_key_comes_back_as_it_was_written() -> None:
    """Curve and algorithm have names of the house: none is registered."""
    assert (MEMBERS["crv"], MEMBERS["alg"], MEMBERS["kid"]) == ("SM2", "SM2-SM3", "ours")
    assert is_sm2_jwk(MEMBERS)
    assert parse_sm2_jwk(MEMBERS, LIBRARY) == KEY


@pytest.mark.parametrize(
    "change",
    [
        {"x": "short"},
        {"y": "A" * 44},
        {"x": "A" * 43},
        {"kty": "OKP"},
        {"d": "A" * 43},
        {"alg": "ES256"},
    ],
)
def test_a_key_of_another_form_is_refused(change: dict[str, str]) -> None:
    """Coordinates that are none or no point, other members, the private half."""
    with pytest.raises(KeyMalformed):
        parse_sm2_jwk({**MEMBERS, **change}, LIBRARY)


def test_it_is_no_key_for_tokens_and_http_messages() -> None:
    """Whoever reads keys of those refuses it by its curve."""
    with pytest.raises(KeyMalformed):
        parse_jwk(MEMBERS)
    assert not is_sm2_jwk({"crv": "P-256"})
