"""What a browser carries back: bare with `iss` (RFC 9207), or signed (JARM)."""

from datetime import UTC, datetime, timedelta

import joserfc.jwk
import joserfc.jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.authorization_response import (
    address_response,
    name_issuer,
    sign_response,
)
from creditbridge.protocols.jws import verify_compact

NOW = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
ISSUER = "https://gateway.example"
CLIENT = "north-web"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key(), key_id="answers"), private=PRIVATE)


def sign(**parameters: str) -> dict[str, str]:
    """Return a signed response."""
    return sign_response(parameters, KEY, issuer=ISSUER, client_id=CLIENT, now=NOW)


def test_Z3_a_bare_answer_names_its_issuer() -> None:
    """RFC 9207, section 2: answer and error alike; `state` is absent where none was sent."""
    assert name_issuer({"code": "c"}, issuer=ISSUER) == {"code": "c", "iss": ISSUER}
    assert name_issuer({"error": "access_denied", "state": "s"}, issuer=ISSUER) == {
        "error": "access_denied",
        "state": "s",
        "iss": ISSUER,
    }


def test_J3_a_signed_answer_is_one_parameter() -> None:
    """Issuer, client and a minute's life inside; `iss` nowhere else; the key is named."""
    signed = sign(code="c", state="s")

    assert list(signed) == ["response"]
    payload = verify_compact(
        signed["response"], {"answers": KEY.key}.get, typ=None, algorithms={"ES256"}
    )
    assert msgspec.json.decode(payload, type=dict[str, str | int]) == {
        "code": "c",
        "state": "s",
        "iss": ISSUER,
        "aud": CLIENT,
        "exp": int((NOW + timedelta(seconds=60)).timestamp()),
    }


def test_J3_another_library_verifies_a_signed_answer() -> None:
    """By the key as it is published."""
    members: dict[str, str | list[str]] = {**KEY.key.to_jwk()}
    key = joserfc.jwk.import_key(members)

    token = joserfc.jwt.decode(sign(error="access_denied")["response"], key, algorithms=["ES256"])

    assert token.header == {"alg": "ES256", "kid": "answers", "typ": "JWT"}
    assert token.claims["error"] == "access_denied"


def test_J3_nothing_of_an_answer_speaks_for_the_server() -> None:
    """A parameter of a claim's name does not take its place."""
    payload = verify_compact(
        sign(iss="https://evil.example", aud="south-web")["response"],
        {"answers": KEY.key}.get,
        typ=None,
        algorithms={"ES256"},
    )

    assert b"evil" not in payload
    assert b"south" not in payload


@pytest.mark.parametrize(
    ("redirect_uri", "address"),
    [
        ("https://bank.example/cb", "https://bank.example/cb?code=c&state=a+%26%3D%23%E9%93%B6"),
        (
            "https://bank.example/cb?dummy1=lorem&dummy2=ipsum",
            "https://bank.example/cb?dummy1=lorem&dummy2=ipsum&code=c&state=a+%26%3D%23%E9%93%B6",
        ),
        ("https://bank.example/cb?", "https://bank.example/cb?&code=c&state=a+%26%3D%23%E9%93%B6"),
    ],
)
def test_Z4_a_registered_address_keeps_its_own_query(redirect_uri: str, address: str) -> None:
    """`happy-flow` with the second client; the state is encoded, and nothing is in a fragment."""
    assert address_response(redirect_uri, {"code": "c", "state": "a &=#银"}) == address
