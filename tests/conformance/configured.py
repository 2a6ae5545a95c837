"""A client that knows what a configuration for the suite says, and nothing else."""

import secrets
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPSConnection
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry
from tests.conformance.scripted import Visit

from creditbridge.cli.demo.browser import Answer
from creditbridge.foundation.clock import SystemClock

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ANSWER_SECONDS = 10.0
VERIFIER = "a-verifier-of-these-tests-that-is-long-enough"
FORM = {"content-type": "application/x-www-form-urlencoded"}

Members: TypeAlias = dict[str, object]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A `client` member of the configuration."""

    client_id: str
    scope: str
    jwks: dict[str, list[dict[str, str]]]
    hint_type: str
    hint_value: str


class Pem(msgspec.Struct, frozen=True, kw_only=True):
    """An `mtls` member of the configuration."""

    cert: str
    key: str
    ca: str


class Server(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The `server` member of the configuration."""

    discovery_url: str


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The `resource` member of the configuration."""

    resource_url: str
    rich_authorization_request: Members


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What a module reads instead of the configuration's own."""

    browser: list[Visit]


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the suite reads, as far as these tests go."""

    alias: str
    automated_ciba_approval_url: str
    server: Server
    resource: Resource
    browser: list[Visit]
    override: dict[str, Override]
    client: Credentials
    client2: Credentials
    mtls: Pem
    mtls2: Pem


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text as challenges and proofs write it."""
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


def first_of(configuration: Configuration) -> tuple[Credentials, Pem]:
    """Return what the first client proves itself with."""
    return configuration.client, configuration.mtls


def second_of(configuration: Configuration) -> tuple[Credentials, Pem]:
    """Return what the second client proves itself with."""
    return configuration.client2, configuration.mtls2


class Client:
    """One of the two clients of a configuration."""

    def __init__(
        self,
        configuration: Configuration,
        credentials: Credentials,
        pem: Pem,
        *,
        folder: Path,
        authority: Path,
    ) -> None:
        self.configuration = configuration
        self.credentials = credentials
        self._key = ECKey.generate_key("P-256")
        file = folder / "client.pem"
        file.write_text(pem.cert + pem.key)
        self._tls = ssl.create_default_context(cafile=authority)
        self._tls.load_cert_chain(file)

    def discover(self) -> Members:
        """Return the metadata."""
        answer = self.send("GET", self.configuration.server.discovery_url)
        return msgspec.json.decode(answer.body, type=Members)

    def find(self, endpoint: str) -> str:
        """Return the address of an endpoint for clients that show a certificate (RFC 8705)."""
        return msgspec.convert(self.discover()["mtls_endpoint_aliases"], dict[str, str])[endpoint]

    def ask_token(self, *, proves: bool = False, **fields: str) -> Answer:
        """Ask for a token with these form fields beside the usual ones, and a proof if wanted."""
        form = {"grant_type": "client_credentials", "scope": self.credentials.scope, **fields}
        return self.post("token_endpoint", form, proves=proves)

    def push(self, *, redirect_uri: str, **fields: str) -> str:
        """Push an authorization request (RFC 9126) and return the address that a browser opens."""
        form = {
            "response_type": "code",
            "scope": self.credentials.scope,
            "redirect_uri": redirect_uri,
            "code_challenge": digest_of(VERIFIER),
            "code_challenge_method": "S256",
            **fields,
        }
        answer = self.post("pushed_authorization_request_endpoint", form)
        pushed = msgspec.json.decode(answer.body, type=Members)
        return self.address(str(pushed["request_uri"]))

    def address(self, request_uri: str) -> str:
        """Return the address at which a browser asks for a pushed request."""
        named = {"client_id": self.credentials.client_id, "request_uri": request_uri}
        return f"{self.discover()['authorization_endpoint']}?{urlencode(named)}"

    def post(self, endpoint: str, form: Mapping[str, str], *, proves: bool = False) -> Answer:
        """Send a form to an endpoint, with the client's id, and a proof if wanted."""
        address = self.find(endpoint)
        proof = {"dpop": self.prove("POST", address)} if proves else {}
        named = {"client_id": self.credentials.client_id, **form}
        return self.send("POST", address, {**FORM, **proof}, urlencode(named).encode())

    def prove(self, method: str, address: str, *, token: str | None = None) -> str:
        """Return a DPoP proof (RFC 9449, section 4.2), with the digest of a token beside it."""
        claims: dict[str, int | str] = {
            "htm": method,
            "htu": address,
            "iat": int(SystemClock().now().timestamp()),
            "jti": secrets.token_hex(16),
        }
        if token is not None:
            claims["ath"] = digest_of(token)
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self._key.as_dict(private=False)}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])

    def sign_assertion(self) -> dict[str, str]:
        """Return the form fields of an assertion (RFC 7523), signed with the configured key."""
        signed = self.sign({"sub": self.credentials.client_id})
        return {"client_assertion": signed, "client_assertion_type": JWT_BEARER}

    def sign(self, claims: Mapping[str, str]) -> str:
        """Return a token of the client's for the gateway, with the claims that all such have."""
        now = int(SystemClock().now().timestamp())
        (jwk,) = self.credentials.jwks["keys"]
        issued = {"iat": now, "nbf": now, "exp": now + 60, "jti": secrets.token_hex(16)}
        named = {"iss": self.credentials.client_id, "aud": self.discover()["issuer"]}
        header = {"alg": jwk["alg"], "kid": jwk["kid"]}
        key = JWKRegistry.import_key({**jwk})
        return jwt.encode(header, {**named, **issued, **claims}, key, algorithms=[jwk["alg"]])

    def ask_without_browser(self, hint: str | None = None) -> Answer:
        """Ask whom a hint or the configuration names, by a signed request (CIBA, section 7.1)."""
        asked = {
            "scope": self.credentials.scope,
            self.credentials.hint_type: hint or self.credentials.hint_value,
            "binding_message": "1234",
        }
        form = {"request": self.sign(asked), **self.sign_assertion()}
        return self.post("backchannel_authentication_endpoint", form)

    def read_resource(self, token: str, *, proves: bool = False) -> Answer:
        """Return the protected resource, with a proof if wanted."""
        address = self.configuration.resource.resource_url
        headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
        if proves:
            headers["authorization"] = f"DPoP {token}"
            headers["dpop"] = self.prove("GET", address, token=token)
        return self.send("GET", address, headers)

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request over a connection of its own."""
        parts = urlsplit(url)
        connection = HTTPSConnection(parts.netloc, timeout=ANSWER_SECONDS, context=self._tls)
        try:
            connection.request(method, parts.path, body, dict(headers or {}))
            received = connection.getresponse()
            found = tuple((name.lower(), value) for name, value in received.getheaders())
            return Answer(status=received.status, headers=found, body=received.read())
        finally:
            connection.close()
