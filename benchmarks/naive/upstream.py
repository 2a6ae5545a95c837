"""The platform, asked by a default `httpx.AsyncClient`."""

import base64
import hashlib
import json
import secrets
import ssl
from datetime import timedelta

import httpx

from benchmarks.naive.settings import NaiveSettings
from benchmarks.naive.signing import (
    AnswerMessage,
    JsonSigner,
    Message,
    MessageSigner,
    MessageVerifier,
)
from creditbridge.foundation.clock import SystemClock

GRANT_LIFE = timedelta(seconds=15)
OK = 200


class AskFailed(Exception):
    """The platform answered with another status than 200."""


class Upstream:
    """One platform: a token from memory, signed queries, verified answers."""

    def __init__(
        self,
        settings: NaiveSettings,
        *,
        signer: MessageSigner,
        verifier: MessageVerifier,
        json_signer: JsonSigner,
    ) -> None:
        self._settings = settings
        self._signer = signer
        self._verifier = verifier
        self._json_signer = json_signer
        context = ssl.create_default_context(cafile=settings.platform_authority)
        context.load_cert_chain(settings.platform_certificate, settings.platform_certificate_key)
        self._client = httpx.AsyncClient(verify=context)
        self._clock = SystemClock()
        self._token = ""
        self._renew_at = 0.0

    async def ask(self, query_id: str, asked: dict[str, object], consent: bytes) -> httpx.Response:
        """Return the verified answer to one query."""
        token = await self._get_token()
        consent_digest = _base64url(hashlib.sha256(consent).digest())
        grant = {
            "v": 1,
            "audience": self._settings.platform_id,
            "query_id": query_id,
            "consent_digest": consent_digest,
            "expires_at": (self._clock.now() + GRANT_LIFE).replace(tzinfo=None).isoformat() + "Z",
            **asked,
        }
        body = _json(asked)
        url = f"{self._settings.platform_url}/v1/queries"
        query = Message(
            "POST",
            url,
            {
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
                "creditbridge-query-id": query_id,
                "creditbridge-consent": f":{base64.b64encode(_json(grant)).decode()}:",
            },
        )
        self._signer.sign_query(query, body, secrets.token_urlsafe(16))
        response = await self._client.post(url, content=body, headers=query.headers)
        if response.status_code != OK:
            raise AskFailed(response.status_code, response.text[:200])
        answer = AnswerMessage(response.status_code, response.headers, query)
        self._verifier.verify_answer(answer, response.content)
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get_token(self) -> str:
        if self._clock.monotonic() < self._renew_at:
            return self._token
        client_id, now = self._settings.platform_client_id, int(self._clock.now().timestamp())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self._settings.platform_id,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._json_signer.sign(_json(claims), kind="JWT"),
        }
        response = await self._client.post(f"{self._settings.platform_url}/oauth/token", data=form)
        found = response.raise_for_status().json()
        self._token = str(found["access_token"])
        self._renew_at = self._clock.monotonic() + float(found["expires_in"]) / 2
        return self._token


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
