"""The identity provider, as its client sees it (OpenID Connect Core 1.0, section 3.1.3).

Where it is found (discovery), how we prove ourselves (private_key_jwt), what it answers for a code.
All its addresses lie at the issuer's own origin: `foundation.http` calls no other.
"""

from datetime import timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import CreditbridgeError, Unavailable
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import Signers
from creditbridge.login.model import (
    IdentityRejected,
    IdentityUnavailable,
    SignInRefused,
    SignInTry,
)
from creditbridge.login.secrets import new_secret
from creditbridge.login.settings import SCOPE, LoginSettings
from creditbridge.protocols.jws import sign_compact
from creditbridge.protocols.pkce import challenge_of
from creditbridge.protocols.strict_json import decode

T = TypeVar("T")

DISCOVERY_PATH = "/.well-known/openid-configuration"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE = timedelta(seconds=60)
EXCHANGE_SECONDS = 5.0
DESCRIPTION_SECONDS = 3_600.0
OK, BAD_REQUEST, TOO_MANY_REQUESTS, SERVER_ERROR = 200, 400, 429, 500


class Sender(Protocol):
    """What this file needs of `foundation.http`."""

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        """Send once and return the answer, whatever its status."""
        ...


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What we read of the discovery document (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What we read of the token answer; the access token is of no use here."""

    id_token: str


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of our client assertion (RFC 7523, section 3)."""

    iss: str
    sub: str
    aud: str
    jti: str
    iat: int
    exp: int


class Provider:
    """One identity provider. Its description is kept for an hour."""

    def __init__(
        self, *, http: Sender, settings: LoginSettings, signer: Signers, clock: Clock
    ) -> None:
        self.settings = settings
        self._http = http
        self._signers = signer
        self._clock = clock
        self._description: tuple[float, Description] | None = None

    async def describe(self) -> Description:
        """Return where the provider's endpoints are.

        Raises:
            IdentityUnavailable: no answer.
            IdentityRejected: another issuer's document, or none.
        """
        known = self._description
        if known is not None and self._clock.monotonic() < known[0] + DESCRIPTION_SECONDS:
            return known[1]
        description = await self.fetch(self.settings.issuer + DISCOVERY_PATH, Description)
        # Byte for byte, or one provider could speak for another (section 4.3).
        if description.issuer != self.settings.issuer:
            raise IdentityRejected(detail="the discovery document of another issuer")
        # Kept only once it is believed: an impostor's answer must not live for an hour.
        self._description = (self._clock.monotonic(), description)
        return description

    async def address_sign_in(
        self, attempt: SignInTry, *, state: str, language: str, anew: bool = False
    ) -> str:
        """Return where to send the browser (RFC 6749, section 4.1.1; RFC 7636, section 4.3)."""
        description = await self.describe()
        parameters = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": challenge_of(attempt.code_verifier),
            # Never `plain`: who reads the address would hold the verifier (RFC 7636, section 4.2).
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        if anew:
            # Whoever is signed in there proves it again, and the ID token says when (OpenID
            # Connect Core 1.0, section 3.1.2.1).
            parameters |= {"prompt": "login", "max_age": "0"}
        separator = "&" if "?" in description.authorization_endpoint else "?"
        return f"{description.authorization_endpoint}{separator}{urlencode(parameters)}"

    async def redeem(self, code: str, *, code_verifier: str) -> str:
        """Return the ID token that the provider gives for a code, unverified.

        Raises:
            SignInRefused: the provider does not take the code.
            IdentityUnavailable: no answer. IdentityRejected: no answer of this kind.
        """
        description = await self.describe()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            # The same again, so that a code taken at another address is refused (RFC 6749, section
            # 4.1.3).
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": code_verifier,
            "client_id": self.settings.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assert(),
        }
        request = HttpRequest(
            method="POST",
            url=description.token_endpoint,
            headers=(
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "application/json"),
            ),
            body=urlencode(form).encode("ascii"),
        )
        return (await self._exchange(request, TokenAnswer)).id_token

    async def fetch(self, url: str, kind: type[T]) -> T:
        """Return a JSON document of the provider."""
        request = HttpRequest(method="GET", url=url, headers=(("accept", "application/json"),))
        return await self._exchange(request, kind)

    async def _exchange(self, request: HttpRequest, kind: type[T]) -> T:
        try:
            answer = await self._http.send(request, timeout_seconds=EXCHANGE_SECONDS)
            _require_ok(answer.status)
            return decode(answer.body, kind)
        # These two say it already; the wider kinds below would bury what happened.
        except (IdentityUnavailable, SignInRefused):
            raise
        except Unavailable as error:
            raise IdentityUnavailable(detail=error.detail) from error
        except CreditbridgeError as error:
            raise IdentityRejected(detail=f"{error.code}: {error.detail}") from error

    def _assert(self) -> str:
        now = self._clock.now()
        claims = Assertion(
            iss=self.settings.client_id,
            sub=self.settings.client_id,
            # The issuer as one string, never an endpoint (FAPI 2.0, section 5.3.2.1).
            aud=self.settings.issuer,
            jti=new_secret(),
            iat=int(now.timestamp()),
            exp=int((now + ASSERTION_LIFE).timestamp()),
        )
        return sign_compact(msgspec.json.encode(claims), self._signers.current(), typ="JWT")


def _require_ok(status: int) -> None:
    # The code was spent, or is too old (RFC 6749, section 5.2): the person simply starts again.
    if status == BAD_REQUEST:
        raise SignInRefused(detail="the provider answered 400")
    if status == TOO_MANY_REQUESTS or status >= SERVER_ERROR:
        raise IdentityUnavailable(detail=f"the provider answered {status}")
    if status != OK:
        raise IdentityRejected(detail=f"the provider answered {status}")
