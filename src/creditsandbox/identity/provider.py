"""The identity provider: a request, a person, a code, an ID token (OpenID Connect Core, 3.1).

1. The authorization request is checked whole, before the log-in page.
2. The person signs in; there is no session, every request asks again.
3. A code for one use goes to the client's registered address, with the issuer (RFC 9207).
4. The client proves itself, and the code, the address and the verifier belong together.
5. The ID token names the person, the enterprise and the role.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import Algorithm, FileKey
from creditbridge.protocols.jws import sign_compact
from creditbridge.protocols.strict_json import JsonValue
from creditsandbox.identity.clients import Client
from creditsandbox.identity.codes import CodeRefused, Codes, SignedIn
from creditsandbox.identity.people import Role, sign_in
from creditsandbox.identity.requests import (
    AuthorizationRequest,
    answer_address,
    require_request,
)
from creditsandbox.province.population import Province

ID_TOKEN_SECONDS = 300
GRANT_TYPE = "authorization_code"
SCOPES = ["openid", "profile", "enterprise"]
CLAIMS = [
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr"),
    *("name", "person", "enterprise"),
]
LOCALES = ["zh-CN", "en"]


class SigningKeyUnfit(CreditbridgeError):
    """ID tokens are signed with ES256."""

    code = "signing-key-unfit"
    message = "The identity provider's signing key must be an EC key on P-256."


class EnterpriseClaim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For which enterprise the person may speak, in what capacity, and since when if it is said."""

    uscc: str
    name: str
    role: Role
    since: date | None = None


class IdToken(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an ID token (`contracts/identity/`)."""

    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    auth_time: int
    nonce: str
    amr: list[str]
    name: str
    person: str
    enterprise: EnterpriseClaim


class IdentityProvider:
    """One provider process: its people, its client, its open codes."""

    def __init__(
        self,
        *,
        issuer: str,
        province: Province,
        client: Client,
        redirect_uris: Sequence[str],
        signer: FileKey,
    ) -> None:
        # The one algorithm that the discovery document announces.
        if signer.key.algorithm is not Algorithm.ES256:
            raise SigningKeyUnfit
        self.issuer = issuer
        self._province = province
        self._client = client
        self._redirect_uris = redirect_uris
        self._signer = signer
        self._codes = Codes()

    def require_request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """Return the request that parameters make (1).

        Raises:
            RedirectUnknown: nobody may be sent anywhere.
            AuthorizationRefused: the client is told.
        """
        return require_request(
            parameters, client_id=self._client.client_id, redirect_uris=self._redirect_uris
        )

    def sign_in(
        self, request: AuthorizationRequest, *, login_name: str, password: str, now: datetime
    ) -> str:
        """Return the address that takes the person back to the client, with a code (2, 3).

        Raises:
            LoginRefused: wrong name or password.
        """
        person = sign_in(self._province, login_name, password, on=now.date())
        code = self._codes.issue(SignedIn(person=person, request=request, signed_in_at=now))
        answer = {"code": code, "state": request.state, "iss": self.issuer}
        return answer_address(request.redirect_uri, answer)

    def exchange(
        self, form: Mapping[str, str], authorization: str, *, now: datetime
    ) -> dict[str, str | int]:
        """Return the token answer for a code (4, 5).

        Raises:
            ClientRejected: whoever asks is not the client.
            CodeRefused: the code, the address and the verifier do not belong together.
        """
        self._client.require(form, authorization, now=now)
        if form.get("grant_type") != GRANT_TYPE:
            raise CodeRefused(detail="grant type")
        signed_in = self._codes.redeem(
            form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            code_verifier=form.get("code_verifier", ""),
            now=now,
        )
        return {
            # OpenID Connect wants one (3.1.3.3); nothing here takes it.
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": ID_TOKEN_SECONDS,
            "id_token": self._write_id_token(signed_in, now=now),
        }

    def describe(self) -> dict[str, JsonValue]:
        """Return the discovery document (OpenID Connect Discovery, section 3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks.json",
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [GRANT_TYPE],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [Algorithm.ES256.value],
            "token_endpoint_auth_methods_supported": self._client.methods,
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": CLAIMS,
            "ui_locales_supported": LOCALES,
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }

    def list_keys(self) -> dict[str, JsonValue]:
        """Return the key set (RFC 7517, section 5): the one key that signs ID tokens."""
        return {"keys": [self._signer.key.to_jwk()]}

    def _write_id_token(self, signed_in: SignedIn, *, now: datetime) -> str:
        person, issued_at = signed_in.person, int(now.timestamp())
        claims = IdToken(
            iss=self.issuer,
            sub=person.subject,
            aud=self._client.client_id,
            exp=issued_at + ID_TOKEN_SECONDS,
            iat=issued_at,
            auth_time=int(signed_in.signed_in_at.timestamp()),
            nonce=signed_in.request.nonce,
            amr=["pwd"],
            name=person.name,
            person=person.natural_person,
            enterprise=EnterpriseClaim(
                uscc=person.uscc,
                name=person.enterprise_name,
                role=person.role,
                since=person.since,
            ),
        )
        return sign_compact(msgspec.json.encode(claims), self._signer, typ="JWT")
