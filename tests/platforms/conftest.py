"""A province in small, behind the transport's seam: it verifies, counts, answers and fails."""

import json
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.http import (
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
)
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.platforms.model import PlatformQuery
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.http_signatures import (
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    sign_response,
    verify_request,
)
from creditbridge.protocols.jws import verify_compact

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CONTRACT = Path(__file__).parents[2] / "contracts/platforms/provincial"
BASE_URL = "https://platform.example"
ARTEFACT_DIGEST = sha256(b"artefact").hexdigest()
QUERY_ID = "qry_01jdc4t7p9e2s8v5x3y6z0a1b2"
USCC = "91330100YY0000A13Y"
JSON_TYPE = ("content-type", "application/json")


class HandClock:
    """A clock that moves when somebody moves it; its two hands move together."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1_000.0 + self.passed

    def advance(self, seconds: float) -> None:
        self.passed += seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def make_key(key_id: str) -> FileKey:
    """A fresh P-256 key."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key(), key_id=key_id), private=private)


class FakeProvince:
    """The platform: `script` says, one word per query, what goes wrong; then all goes well."""

    def __init__(self, clock: HandClock, gateway: FileKey, body: dict[str, object]) -> None:
        self.clock = clock
        self.gateway = gateway
        self.key = make_key("platform-1")
        self.body = body
        self.script: list[str] = []
        self.token_script: list[str] = []
        self.seen: list[HttpRequest] = []
        self.counted: list[str] = []
        self.tokens = 0
        self.assertions: list[dict[str, object]] = []
        self.older: HttpResponse | None = None
        self.disputes: dict[str, dict[str, object]] = {}
        self.standing: dict[str, object] = {
            "state": "ACCEPTED",
            "extended": False,
            "due_on": "2026-12-07",
            "outcome": None,
        }

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        assert timeout_seconds > 0
        if request.url.endswith("/oauth/token"):
            return self._token(request)
        self.seen.append(request)
        fault = self.script.pop(0) if self.script else "well"
        if fault == "refused":
            raise HttpUnavailable(sent=False, detail="connection refused")
        if fault == "slow":
            self.clock.advance(timeout_seconds)
            raise HttpUnavailable(sent=True, detail="the deadline passed")
        if fault == "too-large":
            raise HttpTooLarge(detail="over the limit")
        if fault.isdigit():
            headers = (("retry-after", "1"),) if fault in ("429", "503") else ()
            return HttpResponse(status=int(fault), headers=headers, body=b"")
        if fault == "html":
            return HttpResponse(status=200, headers=(("content-type", "text/html"),), body=b"<p>")
        answer = self._answer(request, fault)
        if fault == "lost":
            raise HttpUnavailable(sent=True, detail="connection reset")
        return answer

    def _token(self, request: HttpRequest) -> HttpResponse:
        self.tokens += 1
        fault = self.token_script.pop(0) if self.token_script else "well"
        if fault == "refused":
            raise HttpUnavailable(sent=False, detail="connection refused")
        if fault == "lost":
            raise HttpUnavailable(sent=True, detail="connection reset")
        if fault == "html":
            return HttpResponse(status=200, headers=(("content-type", "text/html"),), body=b"<p>")
        if fault == "denied":
            body = b'{"error":"invalid_client"}'
            return HttpResponse(status=400, headers=(JSON_TYPE,), body=body)
        if fault == "drifted":
            return HttpResponse(status=200, headers=(JSON_TYPE,), body=b'{"token":"x"}')
        form = parse_qs(request.body.decode())
        claims = verify_compact(
            form["client_assertion"][0],
            {self.gateway.key.key_id: self.gateway.key}.get,
            typ="JWT",
            algorithms={"ES256"},
        )
        self.assertions.append(json.loads(claims))
        token = {"access_token": f"pat_{self.tokens}", "token_type": "Bearer", "expires_in": 300}
        return HttpResponse(status=200, headers=(JSON_TYPE,), body=json.dumps(token).encode())

    def _answer(self, request: HttpRequest, fault: str) -> HttpResponse:
        signed = Request(
            method=request.method,
            target_uri=request.url,
            headers=request.headers,
            body=request.body,
        )
        keys = {self.gateway.key.key_id: self.gateway.key}
        verify_request(signed, PLATFORM_QUERY, keys.get, now=self.clock.now())
        headers = dict(request.headers)
        query_id = headers["creditbridge-query-id"]
        kind, _, fault = fault.rpartition("+") if "+" in fault else (fault, "", fault)
        if "/v1/disputes" in request.url:
            return self._stand(signed, query_id, kind, fault)
        if request.method == "GET":
            state = "COUNTED" if query_id in self.counted else "NOT_COUNTED"
            body: dict[str, object] = {"query_id": query_id, "state": state}
            return self._sign(signed, 418 if kind == "teapot" else 200, body, fault)
        grant = json.loads(b64decode(headers["creditbridge-consent"].strip(":")))
        if query_id not in self.counted:
            self.counted.append(query_id)
        refusal = {"query_id": query_id, "uscc": grant["uscc"]}
        if kind == "unknown":
            return self._sign(signed, 404, {**refusal, "code": "SUBJECT_UNKNOWN"}, fault)
        if kind == "grant":
            return self._sign(signed, 403, {**refusal, "code": "GRANT_REFUSED"}, fault)
        if kind == "teapot":
            return self._sign(signed, 418, {**refusal, "code": "GRANT_REFUSED"}, fault)
        body = {
            **self.body,
            "query_id": query_id,
            "uscc": grant["uscc"],
            "consent_digest": grant["consent_digest"],
        }
        return self._sign(signed, 200, body, fault)

    def _stand(self, request: Request, dispute_id: str, kind: str, fault: str) -> HttpResponse:
        if request.body:
            self.disputes[dispute_id] = json.loads(request.body)
        if kind == "unknown" or dispute_id not in self.disputes:
            body: dict[str, object] = {"dispute_id": dispute_id, "code": "DISPUTE_UNKNOWN"}
            return self._sign(request, 404, body, fault)
        told = self.disputes[dispute_id]
        body = {name: told[name] for name in ("dispute_id", "stage", "uscc")} | self.standing
        return self._sign(request, 418 if kind == "teapot" else 200, body, fault)

    def _sign(
        self, request: Request, status: int, body: dict[str, object], fault: str
    ) -> HttpResponse:
        changes: dict[str, dict[str, object]] = {
            "other-enterprise": {"uscc": "91330104YY0000A13Q"},
            "other-dispute": {"dispute_id": "dsp_01jdc4t7p9e2s8v5x3y6z0a1b3"},
            "other-stage": {"stage": "REVIEW"},
            "changed-dispute": {"code": "DISPUTE_CHANGED"},
            "other-query": {"query_id": "qry_01jdc4t7p9e2s8v5x3y6z0a1b3"},
            "other-consent": {"consent_digest": "A" * 43},
            "drifted": {"extra": 1},
            "no-subject": {"subject": {"name": 1}},
        }
        raw = json.dumps({**body, **changes.get(fault, {})}).encode()
        response = Response(status=status, headers=(JSON_TYPE,), body=raw)
        signer = make_key("platform-1") if fault == "wrong-key" else self.key
        created = int(self.clock.now().timestamp()) + (600 if fault == "clock" else 0)
        added = sign_response(response, request, PLATFORM_ANSWER, signer, created=created)
        answer = HttpResponse(status=status, headers=(JSON_TYPE, *added), body=raw)
        if fault == "unsigned":
            return HttpResponse(status=status, headers=(JSON_TYPE,), body=raw)
        if fault == "changed":
            return HttpResponse(status=status, headers=answer.headers, body=raw + b" ")
        if fault == "replay" and self.older is not None:
            return self.older
        self.older = answer
        return answer


@pytest.fixture
def contract() -> Path:
    """The folder of the dialect's contract."""
    return CONTRACT


@pytest.fixture
def clock() -> HandClock:
    """The one clock of both sides."""
    return HandClock()


@pytest.fixture
def gateway() -> FileKey:
    """The gateway's signing key."""
    return make_key("gateway-1")


@pytest.fixture
def province(clock: HandClock, gateway: FileKey) -> FakeProvince:
    """The platform, answering with the contract's example of everything found."""
    body = json.loads((CONTRACT / "examples/answer_found.json").read_bytes())
    return FakeProvince(clock, gateway, body)


@pytest.fixture
def platform_settings(tmp_path: Path) -> PlatformSettings:
    """Settings of the provincial platform; the files are not read here."""
    return PlatformSettings(
        platform_id="provincial",
        base_url=BASE_URL,
        client_id="gateway",
        answer_keys={"platform-1": tmp_path / "platform.pem"},
        ca_file=tmp_path / "ca.pem",
        client_certificate_file=tmp_path / "client.pem",
        client_key_file=tmp_path / "client.key",
    )


@pytest.fixture
def platform(
    province: FakeProvince,
    platform_settings: PlatformSettings,
    clock: HandClock,
    gateway: FileKey,
) -> ProvincialPlatform:
    """The gateway's side of it."""
    transport = Transport(platform_settings, province, clock, sleep=clock.sleep)
    return ProvincialPlatform(
        platform_settings,
        transport,
        signer=gateway,
        find_key={"platform-1": province.key.key}.get,
        clock=clock,
        record_key=b"r" * 32,
    )


@pytest.fixture
def query() -> PlatformQuery:
    """Everything about one enterprise, for an application."""
    return PlatformQuery(
        query_id=QUERY_ID,
        uscc=USCC,
        sections=frozenset({SectionCode.REG, SectionCode.PEN, SectionCode.LST, SectionCode.EVA}),
        purpose=Purpose.PRE_LOAN_REVIEW,
        consent_digest=ARTEFACT_DIGEST,
        expires_at=NOW + timedelta(seconds=60),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )


@pytest.fixture
def digest_on_the_wire() -> str:
    """The consent digest, base64url."""
    digest = bytes.fromhex(ARTEFACT_DIGEST)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
