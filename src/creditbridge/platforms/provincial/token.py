"""The gateway's access token at the platform: client_credentials with private_key_jwt (RFC 7523).

One token serves all reports of a process until shortly before its end. Renewal is single-flight:
who comes while it is under way waits for it, so that an expiry starts no storm.
"""

import asyncio
import secrets
from urllib.parse import urlencode

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import Signers
from creditbridge.platforms.model import AnswerUnreadable, DeadlineExceeded, PlatformUnavailable
from creditbridge.platforms.provincial.schema import TheirToken
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.jws import sign_compact
from creditbridge.protocols.strict_json import decode

ASSERTION_SECONDS = 60
RENEW_BEFORE_SECONDS = 30.0
OK_STATUS = 200
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a token, with an assertion of its own."""

    http: HttpRequest


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token, and the monotonic second from which it is renewed."""

    value: str
    renew_at: float


class AccessTokens:
    """The token of one platform, shared by all reports of a process."""

    def __init__(
        self, settings: PlatformSettings, transport: Transport, signer: Signers, clock: Clock
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._signers = signer
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: AccessToken | None = None

    async def get(self, *, deadline: float, refused: str | None = None) -> str:
        """Return a live token, asking for one where there is none.

        `refused` names a token that the platform did not accept: it is used no more.

        Raises:
            PlatformUnavailable: no token; no query was sent.
            DeadlineExceeded: the time ran out; no query was sent.
            PlatformUntrusted: its certificate.
        """
        if (value := self._live(refused)) is not None:
            return value
        try:
            async with asyncio.timeout(deadline - self._clock.monotonic()), self._lock:
                # Somebody else may have renewed it while this one waited.
                if (value := self._live(refused)) is not None:
                    return value
                self._token = await self._renew(deadline)
                return self._token.value
        except TimeoutError as error:
            raise DeadlineExceeded(sent=False, detail="waiting for an access token") from error

    def _live(self, refused: str | None) -> str | None:
        token = self._token
        if token is None or token.value == refused or self._clock.monotonic() >= token.renew_at:
            return None
        return token.value

    async def _renew(self, deadline: float) -> AccessToken:
        try:
            exchanged = await self._transport.exchange(
                self._make_request, deadline=deadline, idempotent=True
            )
            theirs = _read_token(exchanged.response)
        except (PlatformUnavailable, DeadlineExceeded) as error:
            # A request for a token went out, but no query.
            error.sent = False
            raise
        except (AnswerUnreadable, Malformed) as error:
            raise PlatformUnavailable(sent=False, detail=f"token: {error.detail}") from error
        seconds = max(theirs.expires_in - RENEW_BEFORE_SECONDS, theirs.expires_in / 2)
        return AccessToken(value=theirs.access_token, renew_at=self._clock.monotonic() + seconds)

    def _make_request(self) -> TokenRequest:
        issued_at = int(self._clock.now().timestamp())
        claims = canonicalize(
            {
                "iss": self._settings.client_id,
                "sub": self._settings.client_id,
                "aud": self._settings.platform_id,
                "jti": secrets.token_urlsafe(16),
                "iat": issued_at,
                "exp": issued_at + ASSERTION_SECONDS,
            }
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": sign_compact(claims, self._signers.current(), typ="JWT"),
        }
        return TokenRequest(
            http=HttpRequest(
                method="POST",
                url=f"{self._settings.base_url}/oauth/token",
                headers=(
                    ("accept", "application/json"),
                    ("content-type", "application/x-www-form-urlencoded"),
                ),
                body=urlencode(form).encode("ascii"),
            )
        )


def _read_token(response: HttpResponse) -> TheirToken:
    if response.status != OK_STATUS:
        # `invalid_client` and the like: a fault of the configuration, told to the log.
        raise PlatformUnavailable(sent=False, detail=f"the token endpoint said {response.status}")
    return decode(response.body, TheirToken)
