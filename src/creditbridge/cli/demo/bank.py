"""A bank's machine: token, consent request, report, evidence pack."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import Http, HttpRequest, HttpResponse
from creditbridge.foundation.keys import PublicKey, Signer
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    Request,
    Response,
    sign_request,
    verify_response,
)

ANSWER_SECONDS = 30.0
JSON = ("content-type", "application/json")


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One answered request: what was sent, signed or not, and what came back."""

    request: Request
    answer: HttpResponse

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def code(self) -> str:
        """The stable code of a problem, or nothing."""
        found = self.json().get("code", "")
        return found if isinstance(found, str) else ""

    def json(self) -> Mapping[str, object]:
        """Return the members of the answer's JSON object."""
        return msgspec.json.decode(self.answer.body, type=dict[str, object])

    def text(self, name: str) -> str:
        """Return one member that is a text."""
        value = self.json()[name]
        if not isinstance(value, str):
            raise TypeError(name)
        return value

    def header(self, name: str) -> str:
        """Return one header of the answer."""
        return dict(self.answer.headers)[name]


class BankMachine:
    """What a bank runs: a certificate for the connection, a key for its messages."""

    def __init__(self, *, http: Http, url: str, client_id: str, signer: Signer) -> None:
        self._http = http
        self._url = url
        self._client_id = client_id
        self._signer = signer

    async def fetch_token(self, scope: str) -> str:
        """Return an access token bound to this machine's certificate (RFC 8705)."""
        form = {"grant_type": "client_credentials", "client_id": self._client_id, "scope": scope}
        request = Request(
            method="POST",
            target_uri=f"{self._url}/oauth/token",
            headers=(("content-type", "application/x-www-form-urlencoded"),),
            body=urlencode(form).encode(),
        )
        return (await self._send(request)).text("access_token")

    async def post(
        self, path: str, body: Mapping[str, object], *, token: str, key: str | None = None
    ) -> Exchange:
        """Send a signed POST (RFC 9421), under an idempotency key where one is given."""
        headers = [("authorization", f"Bearer {token}"), JSON]
        if key is not None:
            headers.append(("idempotency-key", f'"{key}"'))
        raw = msgspec.json.encode(body)
        request = Request(
            method="POST", target_uri=self._url + path, headers=tuple(headers), body=raw
        )
        return await self._send(self._sign(request))

    async def get(self, path: str, *, token: str) -> Exchange:
        """Send a signed GET."""
        headers = (("authorization", f"Bearer {token}"),)
        request = Request(method="GET", target_uri=self._url + path, headers=headers, body=b"")
        return await self._send(self._sign(request))

    def _sign(self, request: Request) -> Request:
        created = int(SystemClock().now().timestamp())
        added = sign_request(
            request, BANK_REQUEST, self._signer, created=created, nonce=secrets.token_urlsafe(24)
        )
        return msgspec.structs.replace(request, headers=(*request.headers, *added))

    async def _send(self, request: Request) -> Exchange:
        sent = HttpRequest(
            method=request.method,
            url=request.target_uri,
            headers=request.headers,
            body=request.body,
        )
        answer = await self._http.send(sent, timeout_seconds=ANSWER_SECONDS)
        return Exchange(request=request, answer=answer)


def require_signed_answer(exchange: Exchange, gateway: PublicKey) -> None:
    """Accept an answer that the gateway signed, bound to the request.

    Raises:
        Untrusted: it did not, or the answer belongs to another request.
    """
    answer = Response(
        status=exchange.answer.status,
        headers=exchange.answer.headers,
        body=exchange.answer.body,
    )
    keys = {gateway.key_id: gateway}
    verify_response(answer, exchange.request, BANK_RESPONSE, keys.get, now=SystemClock().now())
