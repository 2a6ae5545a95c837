"""Signed HTTP messages by `http-message-signatures`, signed JSON by `joserfc`."""

from collections.abc import Mapping
from datetime import timedelta

import http_message_signatures as signatures
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from creditbridge.foundation.keys import Algorithm, FileKey, PublicKey

AGE_MAX = timedelta(seconds=60)
LABEL = "sig1"
BANK_COMPONENTS = (
    "@method",
    "@target-uri",
    "authorization",
    "idempotency-key",
    "content-digest",
    "content-type",
)
QUERY_COMPONENTS = (
    "@method",
    "@target-uri",
    "creditbridge-query-id",
    "creditbridge-consent",
    "authorization",
    "content-digest",
    "content-type",
)
OF_REQUEST = (
    '"@method";req',
    '"@target-uri";req',
    '"content-digest";req',
    f'"signature";req;key="{LABEL}"',
    f'"signature-input";req;key="{LABEL}"',
)
ANSWER_COMPONENTS = ('"@status"', '"content-digest"', '"content-type"', *OF_REQUEST)


class Message:
    """A request, or an answer with its request, as the library wants it."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.url = url
        self.headers = dict(headers)


class AnswerMessage:
    """An answer with its request, as the library wants it."""

    def __init__(self, status: int, headers: Mapping[str, str], request: Message) -> None:
        self.status_code = status
        self.headers = dict(headers)
        self.request = request


class MessageSigner:
    """Signs with one private key."""

    def __init__(self, key: FileKey) -> None:
        self._key_id = key.key.key_id
        resolver = signatures.MappingKeyResolver(
            public_keys={}, private_keys={self._key_id: key.private}
        )
        self._signer = signatures.HTTPMessageSigner(
            signature_algorithm=_algorithm(key.key), key_resolver=resolver
        )

    def sign_query(self, query: Message, body: bytes, nonce: str) -> None:
        """Add the headers of a signed query."""
        self._signer.sign(
            query,
            key_id=self._key_id,
            nonce=nonce,
            label=LABEL,
            tag="creditbridge-query",
            include_alg=False,
            covered_component_ids=QUERY_COMPONENTS,
            body=body,
        )

    def sign_answer(self, answer: AnswerMessage, body: bytes) -> None:
        """Add the headers of an answer that is bound to its request."""
        self._signer.sign(
            answer,
            key_id=self._key_id,
            label=LABEL,
            tag="fapi-2-response",
            include_alg=False,
            covered_component_ids=ANSWER_COMPONENTS,
            body=body,
        )


class MessageVerifier:
    """Verifies with one public key."""

    def __init__(self, key: PublicKey) -> None:
        resolver = signatures.MappingKeyResolver(
            public_keys={key.key_id: key.material}, private_keys={}
        )
        self._verifier = signatures.HTTPMessageVerifier(
            signature_algorithm=_algorithm(key), key_resolver=resolver
        )

    def verify_request(self, request: Message, body: bytes) -> tuple[str, str]:
        """Return key id and nonce of a bank's request; the library raises where it is bad."""
        [result] = self._verifier.verify(
            request,
            max_age=AGE_MAX,
            expect_tag="fapi-2-request",
            require_components=BANK_COMPONENTS,
            body=body,
        )
        return str(result.parameters["keyid"]), result.nonce or ""

    def verify_answer(self, answer: AnswerMessage, body: bytes) -> None:
        """Accept a platform's answer; the library raises where it does not hold."""
        self._verifier.verify(
            answer,
            max_age=AGE_MAX,
            expect_tag="creditbridge-answer",
            require_components=ANSWER_COMPONENTS,
            body=body,
        )


class JsonSigner:
    """Signs JSON as compact JWS (RFC 7515)."""

    def __init__(self, key: FileKey) -> None:
        edwards = key.key.algorithm is Algorithm.ED25519
        self._header = {"alg": "Ed25519" if edwards else "ES256", "kid": key.key.key_id}
        private = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = (OKPKey if edwards else ECKey).import_key(private)
        self._algorithms = [self._header["alg"]]

    def sign(self, payload: bytes, *, kind: str) -> str:
        """Return the payload with its signature."""
        return jws.serialize_compact(
            {**self._header, "typ": kind}, payload, self._key, algorithms=self._algorithms
        )


def _algorithm(key: PublicKey) -> type[ECDSA_P256_SHA256] | type[ED25519]:
    return ED25519 if key.algorithm is Algorithm.ED25519 else ECDSA_P256_SHA256
