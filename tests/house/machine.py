"""A bank's machine as the tests need one: it signs well, and what it signed may be altered."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.bank import Exchange
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import Http, HttpClientSettings, HttpRequest, open_client
from creditbridge.foundation.keys import Signer, load_file_key
from creditbridge.protocols.http_signatures import BANK_REQUEST, Request, sign_request

JSON = ("content-type", "application/json")
SECTIONS = ("REG", "PEN", "LST", "EVA")
PURPOSE = "PRE_LOAN_REVIEW"
OPERATOR = "credit-desk-17"

Headers = Sequence[tuple[str, str]]
Members = Mapping[str, object]
NONE: Members = {}


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where a machine connects, and the address that it signs: that of the house, for all nodes."""

    url: str
    public_url: str
    authority: Path


class Machine:
    """One client of a bank: a certificate for its connections, a key for its messages."""

    def __init__(
        self,
        door: Door,
        *,
        client_id: str,
        folder: Path | None,
        signer: Signer,
        connections: int = 64,
    ) -> None:
        self.client_id = client_id
        self.signer = signer
        self._door = door
        self.http: Http = open_client(
            HttpClientSettings(
                base_url=door.url,
                ca_file=door.authority,
                client_certificate_file=None if folder is None else folder / "client.pem",
                client_key_file=None if folder is None else folder / "client.key",
                connections_max=connections,
            )
        )

    async def fetch_token(self, scope: str = "consents reports") -> str:
        """Return an access token bound to this machine's certificate."""
        answer = await self.ask_token(scope=scope)
        assert answer.status == 200, answer.answer.body
        return answer.text("access_token")

    async def ask_token(self, **fields: str) -> Exchange:
        """Ask for a token with these form fields beside the usual ones."""
        form = {"grant_type": "client_credentials", "client_id": self.client_id, **fields}
        headers = (("content-type", "application/x-www-form-urlencoded"),)
        return await self.send(
            self.request("POST", "/oauth/token", headers, urlencode(form).encode())
        )

    def request(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Request:
        """Return an unsigned request to the house's own address."""
        return Request(
            method=method,
            target_uri=self._door.public_url + path,
            headers=tuple(headers),
            body=body,
        )

    def sign(self, request: Request, *, nonce: str | None = None, age_seconds: int = 0) -> Request:
        """Return the request with this machine's signature over it."""
        created = int(SystemClock().now().timestamp()) - age_seconds
        fresh = nonce or secrets.token_urlsafe(24)
        added = sign_request(request, BANK_REQUEST, self.signer, created=created, nonce=fresh)
        return replace(request, headers=(*request.headers, *added))

    def report(
        self,
        consent_id: str,
        uscc: str,
        *,
        token: str,
        key: str | None = None,
        members: Members = NONE,
    ) -> Request:
        """Return an unsigned request for a report, with these members of its body changed."""
        body: Mapping[str, object] = {
            "consent_id": consent_id,
            "enterprise": uscc,
            "purpose": PURPOSE,
            "sections": SECTIONS,
            "operator_id": OPERATOR,
            **members,
        }
        fresh = key or secrets.token_urlsafe(16)
        headers = (("authorization", f"Bearer {token}"), JSON, ("idempotency-key", f'"{fresh}"'))
        return self.request("POST", "/v1/reports", headers, msgspec.json.encode(body))

    async def ask(
        self,
        consent_id: str,
        uscc: str,
        *,
        token: str,
        key: str | None = None,
        members: Members = NONE,
    ) -> Exchange:
        """Ask for a report, well signed."""
        unsigned = self.report(consent_id, uscc, token=token, key=key, members=members)
        return await self.send(self.sign(unsigned))

    async def get(self, path: str, *, token: str) -> Exchange:
        """Send a signed GET."""
        request = self.request("GET", path, (("authorization", f"Bearer {token}"),))
        return await self.send(self.sign(request))

    async def post(self, path: str, body: object, *, token: str) -> Exchange:
        """Send a signed POST of a JSON body."""
        headers = (("authorization", f"Bearer {token}"), JSON)
        request = self.request("POST", path, headers, msgspec.json.encode(body))
        return await self.send(self.sign(request))

    async def send(self, request: Request) -> Exchange:
        """Send a request as it is, to the node that this machine is connected to."""
        url = self._door.url + request.target_uri.removeprefix(self._door.public_url)
        sent = HttpRequest(
            method=request.method, url=url, headers=request.headers, body=request.body
        )
        answer = await self.http.send(sent, timeout_seconds=PATIENCE_SECONDS)
        return Exchange(request=request, answer=answer)


def signer_in(folder: Path) -> Signer:
    """Return the message key of a bank's folder."""
    return load_file_key(folder / "message.key")
