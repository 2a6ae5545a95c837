"""What a client pushed: in its form, or in the one object that a key of its own signed."""

from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.access.pushed.model import PushInvalid, RequestObjectInvalid
from creditbridge.access.pushed.sent import read_sent
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.parties.model import Bank, Client, ClientKey, Registration, Standing
from creditbridge.protocols.jws import sign_compact
from creditbridge.protocols.request_object import TYPE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://gateway.example"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key()), private=PRIVATE)
CLIENT = Client(
    client_id="north-web",
    bank_id="bnk_1",
    authentication="private_key_jwt",
    matcher=None,
    scopes=frozenset({"reports"}),
    requires_signature=False,
    state=Standing.ACTIVE,
)
REGISTRATION = Registration(
    client=CLIENT,
    bank=Bank(
        bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="north", state=Standing.ACTIVE
    ),
    keys=(
        ClientKey(
            key_id=KEY.key.key_id,
            client_id="north-web",
            jwk=msgspec.json.encode(KEY.key.to_jwk()),
            registered_at=NOW,
        ),
    ),
)
FORM = {
    "client_id": "north-web",
    "scope": "reports",
    "client_assertion": "a.b.c",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}


def sign(**claims: object) -> str:
    """Return a request object of the client."""
    whole = {
        "iss": "north-web",
        "client_id": "north-web",
        "aud": ISSUER,
        "nbf": SECONDS,
        "exp": SECONDS + 60,
        **claims,
    }
    return sign_compact(msgspec.json.encode(whole), KEY, typ=TYPE)


def test_P1_a_form_is_kept_without_what_proved_the_client() -> None:
    """In canonical JSON (RFC 8785), so that two readers find the same bytes."""
    parameters, sent = read_sent(FORM, REGISTRATION, issuer=ISSUER, now=NOW)

    assert parameters == FORM
    assert sent.body == b'{"client_id":"north-web","scope":"reports"}'
    assert (sent.base, sent.signature, sent.key_id) == (None, None, None)


def test_J1_beside_an_object_nothing_else_counts() -> None:
    """`ensure-different-state-inside-and-outside-request-object`; its bytes are the bank's word."""
    form = {**FORM, "request": sign(scope="consents", state="inside"), "state": "outside"}

    parameters, sent = read_sent(form, REGISTRATION, issuer=ISSUER, now=NOW)

    assert parameters == {"client_id": "north-web", "scope": "consents", "state": "inside"}
    assert sent.key_id == KEY.key.key_id
    assert sent.base is not None
    assert sent.signature is not None
    KEY.key.verify(sent.signature, sent.base)
    assert msgspec.json.decode(sent.body, type=dict[str, object])["state"] == "inside"


def test_J2_an_object_that_does_not_count_is_refused() -> None:
    """In the standard's word; a server without a name is meant by none."""
    for token, issuer in (("a.b.c", ISSUER), (sign(aud=""), None), (sign(), "x")):
        with pytest.raises(RequestObjectInvalid) as caught:
            read_sent({**FORM, "request": token}, REGISTRATION, issuer=issuer, now=NOW)
        assert caught.value.oauth_code == "invalid_request_object"


def test_P6_a_pointer_is_refused_before_anything_is_read() -> None:
    """Beside an object, too."""
    with pytest.raises(PushInvalid):
        read_sent(
            {**FORM, "request": sign(), "request_uri": "urn:x"},
            REGISTRATION,
            issuer=ISSUER,
            now=NOW,
        )
