"""Proof by a signed assertion, without a database: the windows, to the second."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec.structs import replace

from creditbridge.access.client_auth import METHODS
from creditbridge.access.client_auth.private_key_jwt import (
    ALGORITHMS,
    JWT_BEARER,
    NOBODY,
)
from creditbridge.access.model import Authenticated, ClientRequest, InvalidClient
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.parties.model import (
    CIBA,
    AssertionAlgorithm,
    Bank,
    Client,
    ClientKey,
    Registration,
    Standing,
)
from creditbridge.parties.rules import read_jose_key
from creditbridge.protocols.certificate_binding import PeerCertificate

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://credit.example"
METHOD = METHODS["private_key_jwt"]


class MakeCertificate(Protocol):
    """The factory of `conftest`."""

    def __call__(
        self, *, now: datetime | None = ..., usage: x509.ObjectIdentifier | None = ...
    ) -> PeerCertificate:
        """Return a certificate, valid around `now`."""
        ...


def make_key(private: ec.EllipticCurvePrivateKey) -> FileKey:
    """A key of the client."""
    return FileKey(key=name_key(private.public_key(), key_id="k"), private=private)


KEY = make_key(ec.derive_private_key(99, ec.SECP256R1()))
CLAIMS = {
    "iss": "loans",
    "sub": "loans",
    "aud": ISSUER,
    "iat": SECONDS,
    "exp": SECONDS + 60,
    "jti": "one",
}


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(changes: Mapping[str, object] = CLAIMS, *, key: FileKey = KEY) -> str:
    """A good assertion, with claims that the test changes; None takes one away."""
    header = {"alg": key.key.algorithm, "kid": key.key.key_id}
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    signed = ".".join(encode(msgspec.json.encode(part)) for part in (header, claims))
    return f"{signed}.{encode(key.sign(signed.encode()))}"


@pytest.fixture
def registration() -> Registration:
    """A client that signs with ES256."""
    jwk = msgspec.json.encode(KEY.key.to_jwk())
    return Registration(
        client=Client(
            client_id="loans",
            bank_id="b",
            authentication="private_key_jwt",
            matcher=None,
            assertion_algorithms=frozenset({AssertionAlgorithm.ES256}),
            scopes=frozenset(),
            requires_signature=False,
            state=Standing.ACTIVE,
        ),
        bank=Bank(bank_id="b", uscc="", legal_name="", state=Standing.ACTIVE),
        keys=(ClientKey(key_id="k", client_id="loans", jwk=jwk, registered_at=NOW),),
    )


@pytest.fixture
def certificate(make_certificate: MakeCertificate) -> PeerCertificate:
    """What the token will be bound to."""
    return make_certificate(now=NOW)


def prove(
    registration: Registration | None,
    assertion: str,
    certificate: PeerCertificate | None,
    issuer: str | None = ISSUER,
) -> Authenticated:
    """Put an assertion to the method."""
    form = {"client_assertion": assertion, "client_assertion_type": JWT_BEARER}
    request = ClientRequest(form=form, certificate=certificate, issuer=issuer)
    return METHOD.require_proof(registration, request, now=NOW)


def test_A2_a_good_assertion_proves_its_client(
    registration: Registration, certificate: PeerCertificate
) -> None:
    """And is spent under the client's name until its end and the skew (A5)."""
    proven = prove(registration, sign(), certificate)

    assert (proven.registration, proven.certificate) == (registration, certificate)
    assert proven.spends is not None
    assert proven.spends.owner == "loans"
    assert proven.spends.value == "client-assertion\x00one"
    assert proven.spends.expires_at == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({"iat": SECONDS + 30}, True),
        ({"iat": SECONDS + 31}, False),
        ({"nbf": SECONDS + 8}, True),
        ({"nbf": SECONDS + 30}, True),
        ({"nbf": SECONDS + 31}, False),
        ({"nbf": SECONDS + 61}, False),
        ({"iat": SECONDS - 100, "exp": SECONDS - 29}, True),
        ({"iat": SECONDS - 100, "exp": SECONDS - 30}, False),
        ({"exp": SECONDS + 300}, True),
        ({"exp": SECONDS + 301}, False),
        ({"iat": SECONDS + 30, "exp": SECONDS + 330}, True),
        ({"iat": None, "exp": SECONDS + 300}, True),
        ({"iat": None, "exp": SECONDS + 301}, False),
        ({"exp": 253_402_300_800}, False),
    ],
    ids=str,
)
def test_A4_the_windows_hold_to_the_second(
    registration: Registration,
    certificate: PeerCertificate,
    changes: dict[str, object],
    *,
    accepted: bool,
) -> None:
    """30 s ahead pass and 31 fail; the end counts 30 s longer; a life is 300 s at most."""
    if accepted:
        assert prove(registration, sign(changes), certificate).spends is not None
    else:
        with pytest.raises(InvalidClient):
            prove(registration, sign(changes), certificate)


def test_A2_a_server_without_a_name_accepts_nothing(
    registration: Registration, certificate: PeerCertificate
) -> None:
    """No audience can be meant by it, the empty one included."""
    for aud in ("", "None", ISSUER):
        with pytest.raises(InvalidClient):
            prove(registration, sign({"aud": aud}), certificate, issuer=None)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_A8_an_unknown_clients_signature_is_verified_all_the_same(
    certificate: PeerCertificate, algorithm: str
) -> None:
    """By a key of the same kind: the refusal names the key, so the work was done."""
    stand_in = read_jose_key(NOBODY[algorithm])
    header = msgspec.json.encode({"alg": algorithm, "kid": "k"})
    signature = bytes(255) + b"1" if algorithm == "PS256" else bytes(63) + b"1"
    assertion = ".".join(map(encode, (header, msgspec.json.encode(CLAIMS), signature)))

    with pytest.raises(InvalidClient) as refusal:
        prove(None, assertion, certificate)

    assert stand_in.algorithm == algorithm
    assert refusal.value.detail == f"token-rejected: key {stand_in.key_id}"
    assert refusal.value.prose == InvalidClient.message


def test_A8_the_key_that_stands_in_proves_nothing(certificate: PeerCertificate) -> None:
    """Everybody can sign with it."""
    private = ec.derive_private_key(1, ec.SECP256R1())

    with pytest.raises(InvalidClient, match="not known"):
        prove(None, sign(key=make_key(private)), certificate)


def test_K4_an_algorithm_outside_the_clients_list_is_refused(
    registration: Registration, certificate: PeerCertificate
) -> None:
    """Though its key is registered: a list of another algorithm does not count for this one."""
    only_ps256 = msgspec.structs.replace(
        registration,
        client=msgspec.structs.replace(
            registration.client, assertion_algorithms=frozenset({AssertionAlgorithm.PS256})
        ),
    )

    with pytest.raises(InvalidClient):
        prove(only_ps256, sign(), certificate)


def test_A2_another_clients_registration_is_not_proven(
    registration: Registration, certificate: PeerCertificate
) -> None:
    """Whoever looks the wrong client up gets nothing."""
    other = msgspec.structs.replace(
        registration, client=msgspec.structs.replace(registration.client, client_id="other")
    )

    with pytest.raises(InvalidClient):
        prove(other, sign(), certificate)


def test_T2_a_client_without_a_certificate_proves_itself_all_the_same(
    registration: Registration,
) -> None:
    """Its assertion is the proof; whether a token needs a certificate, its registration says."""
    assert prove(registration, sign(), None).certificate is None


@pytest.mark.parametrize("case", ["expired", "no usage", "server usage"])
def test_T3_an_unfit_certificate_is_refused_beside_a_good_assertion(
    registration: Registration, make_certificate: MakeCertificate, case: str
) -> None:
    """Its dates and its purpose count as for any client (T3)."""
    certificates = {
        "expired": make_certificate(now=NOW - timedelta(days=40)),
        "no usage": make_certificate(now=NOW, usage=None),
        "server usage": make_certificate(now=NOW, usage=ExtendedKeyUsageOID.SERVER_AUTH),
    }

    with pytest.raises(InvalidClient):
        prove(registration, sign(), certificates[case])


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, None),
        ({"client_id": "loans"}, None),
        ({"client_assertion": sign()}, "loans"),
        ({"client_assertion": sign({"sub": "x" * 256})}, ""),
        ({"client_assertion": "a.b.c"}, ""),
        ({"client_assertion_type": JWT_BEARER}, ""),
        ({"client_assertion_type": JWT_BEARER, "client_id": "loans"}, ""),
    ],
)
def test_A1_the_assertion_alone_names_the_client(form: dict[str, str], named: str | None) -> None:
    """What cannot be read names nobody, and is still a claim by this method."""
    assert METHOD.name_client(ClientRequest(form=form)) == named


NAMES = frozenset({"https://bank.example/oauth/token", "https://bank.example/oauth/backchannel"})


@pytest.mark.parametrize(
    ("asks", "audience", "accepted"),
    [
        (True, "https://bank.example/oauth/token", True),
        (True, "https://bank.example/oauth/backchannel", True),
        (True, ISSUER, True),
        (True, "https://bank.example/oauth/par", False),
        (True, ["https://bank.example/oauth/token"], False),
        (False, "https://bank.example/oauth/token", False),
    ],
    ids=str,
)
def test_A10_clients_of_ciba_may_name_the_endpoint(
    registration: Registration, *, asks: bool, audience: object, accepted: bool
) -> None:
    """`ciba:ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds`; nobody else may."""
    if asks:
        client = replace(registration.client, grant_types=frozenset({CIBA}))
        registration = replace(registration, client=client)
    form = {"client_assertion": sign({"aud": audience}), "client_assertion_type": JWT_BEARER}
    request = ClientRequest(form=form, issuer=ISSUER, names=NAMES)

    if accepted:
        assert METHOD.require_proof(registration, request, now=NOW).registration == registration
    else:
        with pytest.raises(InvalidClient):
            METHOD.require_proof(registration, request, now=NOW)
