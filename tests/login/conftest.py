"""An identity provider in memory, at the HTTP seam, with real keys."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.login.id_token import IdTokens
from creditbridge.login.provider import Provider
from creditbridge.login.service import Login
from creditbridge.login.settings import LoginSettings
from creditbridge.protocols.jwk import format_jwks
from creditbridge.protocols.jws import sign_compact

ISSUER = "https://id.example:9443"
SETTINGS = LoginSettings(
    issuer=ISSUER,
    client_id="creditbridge",
    redirect_uri="https://credit.example/portal/sign-in/return",
)


def make_key(key_id: str | None = None) -> FileKey:
    """A fresh ES256 key."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key(), key_id=key_id), private=private)


class FakeClock:
    """A wall clock that tells the time, and a monotonic one that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds


class FakeProvider:
    """Answers as OpenID Connect says, with what the test changes."""

    def __init__(self) -> None:
        self.key = make_key("id-1")
        self.published: list[Mapping[str, object]] = [dict(self.key.key.to_jwk())]
        self.description: dict[str, object] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks.json",
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["openid"],
        }
        self.claims: dict[str, object] = {
            "sub": "sbx-1",
            "name": "沈若溪",
            "person": "person-1",
            "enterprise": {
                "uscc": "91330106589876549K",
                "name": "浙江青禾机械制造有限公司",
                "role": "LEGAL_REP",
            },
        }
        self.dropped: set[str] = set()
        self.answers: dict[str, HttpResponse | CreditbridgeError] = {}
        self.requests: list[HttpRequest] = []
        self.nonce = ""

    @property
    def paths(self) -> list[str]:
        """The paths asked so far."""
        return [urlsplit(request.url).path for request in self.requests]

    def redirect(self, url: str) -> Mapping[str, str]:
        """Take the browser's visit; return the request's parameters."""
        parameters = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        self.nonce = parameters["nonce"]
        return parameters

    def write_id_token(self) -> str:
        """The ID token, as it stands."""
        issued_at = int(datetime.now(UTC).timestamp())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": "creditbridge",
            "iat": issued_at,
            "exp": issued_at + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if name not in self.dropped}
        return sign_compact(msgspec.json.encode(kept), self.key, typ="JWT")

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        self.requests.append(request)
        path = urlsplit(request.url).path
        if (planned := self.answers.get(path)) is not None:
            if isinstance(planned, CreditbridgeError):
                raise planned
            return planned
        bodies: dict[str, Callable[[], object]] = {
            "/.well-known/openid-configuration": lambda: self.description,
            "/jwks.json": lambda: {"keys": self.published},
            "/token": lambda: {"access_token": "x", "id_token": self.write_id_token()},
        }
        return HttpResponse(status=200, headers=(), body=msgspec.json.encode(bodies[path]()))


@pytest.fixture
def signer() -> FileKey:
    """Our own key at the provider."""
    return make_key()


@pytest.fixture
def clock() -> FakeClock:
    """The clock that the test moves."""
    return FakeClock()


@pytest.fixture
def idp() -> FakeProvider:
    """The identity provider."""
    return FakeProvider()


@pytest.fixture
def provider(idp: FakeProvider, signer: FileKey, clock: FakeClock) -> Provider:
    """The provider as its client sees it."""
    return Provider(http=idp, settings=SETTINGS, signer=signer, clock=clock)


@pytest.fixture
def id_tokens(provider: Provider, clock: FakeClock) -> IdTokens:
    """The verifier of ID tokens."""
    return IdTokens(provider=provider, clock=clock)


@pytest.fixture
def login(database: Database, provider: Provider, id_tokens: IdTokens) -> Login:
    """The way to the provider and back, on a real database."""
    return Login(database=database, provider=provider, id_tokens=id_tokens)


@pytest.fixture
def jwks_of() -> Callable[[FileKey], list[Mapping[str, object]]]:
    """The public set of a key."""

    def listed(key: FileKey) -> list[Mapping[str, object]]:
        return [dict(entry) for entry in format_jwks([key.key])["keys"]]

    return listed
