"""How the identity provider's one client proves itself."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Protocol

import pytest

from creditbridge.foundation.keys import FileKey, PublicKey
from creditbridge.protocols.jws import sign_compact
from creditsandbox.identity.clients import Client, ClientRejected

ISSUER = "https://identity.example"
NOW = datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC)
INSTANT = int(NOW.timestamp())
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIMS: dict[str, object] = {
    "iss": "creditbridge",
    "sub": "creditbridge",
    "aud": ISSUER,
    "jti": "one",
    "iat": INSTANT,
    "exp": INSTANT + 300,
}


class House(Protocol):
    """The keys of both sides."""

    login_key: FileKey
    message_key: FileKey


def basic(pair: bytes = b"creditbridge:not-so-secret%2B") -> dict[str, str]:
    """Return the header of client_secret_basic."""
    return {"authorization": f"Basic {b64encode(pair).decode()}"}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"aud": [ISSUER]},
        {"aud": f"{ISSUER}/token"},
        {"exp": INSTANT - 30},
        {"exp": INSTANT + 301},
        {"iat": INSTANT + 31},
        {"jti": ""},
    ],
)
def test_an_assertion_must_be_the_clients_for_this_issuer(
    house: House, changes: dict[str, object]
) -> None:
    """Issuer, subject, audience as one string, times, jti: each wrong one is refused."""
    with pytest.raises(ClientRejected):
        present(make_client(house), sign(CLAIMS | changes, house.login_key))


def test_an_assertion_is_spent_once_and_signed_by_the_client(house: House) -> None:
    """The second use, another key, a text that is none, another type: refused."""
    client = make_client(house)
    present(client, sign(CLAIMS, house.login_key))

    with pytest.raises(ClientRejected):
        present(client, sign(CLAIMS, house.login_key))
    with pytest.raises(ClientRejected):
        present(client, sign(CLAIMS | {"jti": "two"}, house.message_key))
    with pytest.raises(ClientRejected):
        present(client, "no.token.here")
    with pytest.raises(ClientRejected):
        present(client, sign(CLAIMS | {"jti": "three"}, house.login_key), kind="other")


def test_a_spent_assertion_is_forgotten_when_it_is_dead(house: House) -> None:
    """Six minutes later the same jti may come in a fresh assertion."""
    client = make_client(house)
    present(client, sign(CLAIMS, house.login_key))
    later = {"iat": INSTANT + 400, "exp": INSTANT + 500}

    present(client, sign(CLAIMS | later, house.login_key), seconds=400)


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({"client_assertion": "a.b.c"}, "Basic eA=="),
        ({"client_secret": "not-so-secret+"}, ""),
        ({"client_id": "somebody"}, basic()["authorization"]),
    ],
)
def test_a_client_proves_itself_by_one_method(
    house: House, form: dict[str, str], authorization: str
) -> None:
    """Two methods, a secret in the form, another client id: refused."""
    with pytest.raises(ClientRejected):
        make_client(house).require(form, authorization, now=NOW)


def test_methods_are_those_that_were_registered(house: House) -> None:
    """Without a secret, Basic is neither announced nor accepted."""
    keys = {house.login_key.key.key_id: house.login_key.key}
    client = Client(client_id="creditbridge", secret=None, keys=keys, issuer=ISSUER)

    assert client.methods == ["private_key_jwt"]
    with pytest.raises(ClientRejected):
        client.require({}, basic(b"creditbridge:")["authorization"], now=NOW)


def make_client(house: House) -> Client:
    """Return the provider's client, with a secret and a key."""
    keys: dict[str, PublicKey] = {house.login_key.key.key_id: house.login_key.key}
    return Client(client_id="creditbridge", secret="not-so-secret+", keys=keys, issuer=ISSUER)


def sign(claims: dict[str, object], signer: FileKey) -> str:
    """Return an assertion."""
    return sign_compact(json.dumps(claims).encode(), signer, typ="JWT")


def present(
    client: Client, assertion: str, *, kind: str = ASSERTION_TYPE, seconds: int = 0
) -> None:
    """Let the client prove itself, so many seconds from now."""
    form = {"client_assertion": assertion, "client_assertion_type": kind}
    client.require(form, "", now=datetime.fromtimestamp(INSTANT + seconds, UTC))
