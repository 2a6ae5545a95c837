"""A gateway in small, to speak to the sandbox: keys, signed queries, assertions, a still clock."""

import itertools
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from litestar import Litestar
from litestar.testing import AsyncTestClient

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.http_signatures import (
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    sign_request,
    verify_response,
)
from creditbridge.protocols.jws import sign_compact
from creditsandbox.dialects.provincial.endpoints import build_app as build_platform_app
from creditsandbox.dialects.provincial.platform import Pace, Platform
from creditsandbox.dialects.provincial.tokens import Tokens
from creditsandbox.identity.clients import Client
from creditsandbox.identity.endpoints import build_app as build_provider_app
from creditsandbox.identity.provider import IdentityProvider
from creditsandbox.province.fixed import Outcome, list_fixed
from creditsandbox.province.population import Province

NOW = datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC)
PLATFORM_URL = "https://platform.example"
ISSUER = "https://identity.example"
REDIRECT_URI = "https://people.example/login/callback"
ALL_SECTIONS = ("ABN", "EVA", "JUD", "LIC", "LST", "PEN", "REG", "SOC", "TAX")
VERIFIER = "a-code-verifier-that-has-more-than-forty-three-characters"


class StillClock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


class House(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of both sides, and the clock they share."""

    clock: StillClock
    message_key: FileKey
    login_key: FileKey
    platform_key: FileKey
    provider_key: FileKey


class Gateway:
    """The gateway's side of the provincial dialect, with a lever for every mistake."""

    def __init__(self, client: httpx.AsyncClient, house: House, base_url: str) -> None:
        self.client, self.house, self.base_url = client, house, base_url
        self.clock = house.clock
        self.numbers = itertools.count()
        self.token = ""
        self.requests: dict[int, Request] = {}

    def query_id(self) -> str:
        return new_id(Kind.QUERY, now=self.house.clock.now())

    def assertion(self, signer: FileKey | None = None, **changes: object) -> str:
        """Return a client assertion; `changes` replace claims, None removes one."""
        instant = int(self.house.clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": "creditbridge",
            "sub": "creditbridge",
            "aud": "provincial",
            "jti": f"jti-{next(self.numbers)}",
            "iat": instant,
            "exp": instant + 60,
        }
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return sign_compact(json.dumps(kept).encode(), signer or self.house.login_key, typ="JWT")

    async def ask_token(
        self, assertion: str | None = None, **changes: str | None
    ) -> httpx.Response:
        """Ask for a token; `changes` replace form fields, None removes one."""
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": "creditbridge",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion() if assertion is None else assertion,
        }
        kept = {name: value for name, value in (form | changes).items() if value is not None}
        return await self.client.post(f"{self.base_url}/oauth/token", data=kept)

    async def sign_in(self) -> None:
        """Get a token for the queries that follow."""
        answer = await self.ask_token()
        self.token = answer.json()["access_token"]

    def grant(self, query_id: str, uscc: str, **changes: object) -> dict[str, object]:
        """Return a query grant that covers a query for all sections."""
        expires_at = self.house.clock.now() + timedelta(seconds=60)
        return {
            "v": 1,
            "audience": "provincial",
            "query_id": query_id,
            "uscc": uscc,
            "sections": list(ALL_SECTIONS),
            "purpose": "PRE_LOAN_REVIEW",
            "consent_digest": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "expires_at": f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
        } | changes

    def query(self, uscc: str, **changes: object) -> bytes:
        """Return the body of a query for all sections."""
        whole = {"uscc": uscc, "sections": list(ALL_SECTIONS), "purpose": "PRE_LOAN_REVIEW"}
        return canonicalize(msgspec.to_builtins(whole | changes))

    async def ask(
        self,
        uscc: str,
        *,
        query_id: str | None = None,
        grant: dict[str, object] | None = None,
        body: bytes | None = None,
    ) -> httpx.Response:
        """Send a signed query, right in everything that is not given."""
        number = query_id or self.query_id()
        header = canonicalize(msgspec.to_builtins(grant or self.grant(number, uscc)))
        request = self.sign(
            "POST",
            "/v1/queries",
            query_id=number,
            consent=f":{b64encode(header).decode()}:",
            body=self.query(uscc) if body is None else body,
        )
        return await self.send(request)

    async def dispute(
        self, objection: dict[str, object], *, named: str = "", body: bytes | None = None
    ) -> httpx.Response:
        """Hand a dispute over, under its own id unless another is named."""
        request = self.sign(
            "POST",
            "/v1/disputes",
            query_id=named or str(objection["dispute_id"]),
            consent="::",
            body=json.dumps(objection).encode() if body is None else body,
        )
        return await self.send(request)

    async def find_dispute(self, dispute_id: str, *, consent: str = "::") -> httpx.Response:
        """Ask how a dispute stands."""
        request = self.sign(
            "GET", f"/v1/disputes/{dispute_id}", query_id=dispute_id, consent=consent
        )
        return await self.send(request)

    async def find_state(
        self, query_id: str, *, consent: str = "::", named: str = ""
    ) -> httpx.Response:
        """Ask whether a query was counted."""
        request = self.sign(
            "GET", f"/v1/queries/{query_id}", query_id=named or query_id, consent=consent
        )
        return await self.send(request)

    def sign(
        self,
        method: str,
        path: str,
        *,
        query_id: str,
        consent: str,
        body: bytes = b"",
        signer: FileKey | None = None,
    ) -> Request:
        """Return a signed request with the present token."""
        content = (("content-type", "application/json"),) if body else ()
        plain = Request(
            method=method,
            target_uri=f"{self.base_url}{path}",
            headers=(
                ("authorization", f"Bearer {self.token}"),
                ("creditbridge-query-id", query_id),
                ("creditbridge-consent", consent),
                *content,
            ),
            body=body,
        )
        added = sign_request(
            plain,
            PLATFORM_QUERY,
            signer or self.house.message_key,
            created=int(self.house.clock.now().timestamp()),
            nonce=f"nonce-{next(self.numbers):020d}",
        )
        return msgspec.structs.replace(plain, headers=plain.headers + added)

    async def send(self, request: Request) -> httpx.Response:
        """Send a request as it is."""
        answer = await self.client.request(
            request.method,
            request.target_uri,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.body,
        )
        self.requests[id(answer)] = request
        return answer

    def verify(self, answer: httpx.Response) -> dict[str, object]:
        """Return the body of an answer whose signature holds and is bound to its request."""
        headers = tuple((name.lower(), value) for name, value in answer.headers.items())
        response = Response(status=answer.status_code, headers=headers, body=answer.content)
        keys = {self.house.platform_key.key.key_id: self.house.platform_key.key}
        request = self.requests[id(answer)]
        verify_response(response, request, PLATFORM_ANSWER, keys.get, now=self.clock.now())
        body: dict[str, object] = json.loads(answer.content or b"{}")
        return body

    async def count(self) -> dict[str, object]:
        """Return the platform's counts."""
        answer = await self.client.get(f"{self.base_url}/v1/statistics")
        counts: dict[str, object] = answer.json()
        return counts


@pytest.fixture
def make_key() -> Callable[[], FileKey]:
    """Make a fresh ES256 key."""

    def make() -> FileKey:
        private = ec.generate_private_key(ec.SECP256R1())
        return FileKey(key=name_key(private.public_key()), private=private)

    return make


@pytest.fixture
def house(make_key: Callable[[], FileKey]) -> House:
    """Return the keys of both sides and a clock that stands still."""
    return House(
        clock=StillClock(),
        message_key=make_key(),
        login_key=make_key(),
        platform_key=make_key(),
        provider_key=make_key(),
    )


@pytest.fixture
def platform_app(house: House) -> Litestar:
    """Return the provincial platform over a small province, without TLS."""
    platform = Platform(
        province=Province(size=100),
        platform_id="provincial",
        tokens=Tokens(
            platform_id="provincial",
            client_id="creditbridge",
            keys={house.login_key.key.key_id: house.login_key.key},
        ),
        signer=house.platform_key,
        message_keys={house.message_key.key.key_id: house.message_key.key},
        pace=Pace(slow_seconds=0.01, dispute_seconds=20.0),
    )
    return build_platform_app(platform, base_url=PLATFORM_URL, clock=house.clock)


@pytest.fixture
async def gateway(platform_app: Litestar, house: House) -> AsyncIterator[Gateway]:
    """Return a gateway that holds a token of the platform."""
    async with AsyncTestClient(platform_app, base_url=PLATFORM_URL) as client:
        gateway = Gateway(client, house, PLATFORM_URL)
        await gateway.sign_in()
        yield gateway


@pytest.fixture
def provider_app(house: House) -> Litestar:
    """Return the identity provider, whose client has a secret and a key."""
    client = Client(
        client_id="creditbridge",
        secret="not-so-secret+",
        keys={house.login_key.key.key_id: house.login_key.key},
        issuer=ISSUER,
    )
    provider = IdentityProvider(
        issuer=ISSUER,
        province=Province(size=100),
        client=client,
        redirect_uris=(REDIRECT_URI, f"{REDIRECT_URI}?door=2"),
        signer=house.provider_key,
    )
    return build_provider_app(provider, clock=house.clock)


@pytest.fixture
async def browser(provider_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Return a browser, and client in one, that follows no redirect."""
    async with AsyncTestClient(provider_app, base_url=ISSUER) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def authorization() -> dict[str, str]:
    """Return the parameters of a right authorization request."""
    digest = sha256(VERIFIER.encode()).digest()
    return {
        "response_type": "code",
        "client_id": "creditbridge",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile enterprise",
        "state": "a-state-of-the-client",
        "nonce": "a-nonce-of-the-client",
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


@pytest.fixture
def uscc_of() -> Callable[[str], str]:
    """Return the fixed enterprise of an outcome."""
    codes = {fixed.outcome: fixed.uscc for fixed in list_fixed()}
    return lambda outcome: codes[Outcome(outcome)]


@pytest.fixture
def contracts() -> Path:
    """Return the folder of the contracts."""
    return Path(__file__).parents[2] / "contracts"


@pytest.fixture
def verifier() -> str:
    """Return the code verifier whose challenge the authorization request carries."""
    return VERIFIER


@pytest.fixture
def make_gateway(house: House) -> Callable[[httpx.AsyncClient, FileKey, FileKey, str], Gateway]:
    """Make a gateway that speaks to a platform elsewhere, by the machine's clock."""

    def make(
        client: httpx.AsyncClient, gateway_key: FileKey, platform_key: FileKey, base_url: str
    ) -> Gateway:
        house.clock.instant = SystemClock().now()
        keys = msgspec.structs.replace(
            house, message_key=gateway_key, login_key=gateway_key, platform_key=platform_key
        )
        return Gateway(client, keys, base_url)

    return make
