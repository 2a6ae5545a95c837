"""The platform's side of a signed exchange: whom it admits, and how it signs and seals."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime

import msgspec

from creditbridge.foundation.errors import Refused, SignatureInvalid, Untrusted
from creditbridge.protocols.sm2_envelope import open_envelope, seal_envelope
from creditbridge.protocols.sm2_keys import Sm2PrivateKey, Sm2PublicKey
from creditbridge.protocols.sm2_message import (
    SUITE,
    SignedAnswer,
    SignedRequest,
    digest_sm3,
    require_timely,
)

_TIMESTAMP = re.compile(r"[1-9][0-9]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{1,124}={0,2}")


class CallerUnknown(Refused):
    """The request does not come from the gateway: its signature says otherwise."""

    code = "caller-unknown"
    message = "The request is not the gateway's."


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A request that the gateway signed; `body` is plain."""

    signed: SignedRequest
    base: bytes
    body: bytes


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it leaves."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """The keys: the platform's two private ones, and what it knows of the gateway."""

    app_id: str
    signer: Sm2PrivateKey
    reader: Sm2PrivateKey
    gateway_keys: Mapping[str, Sm2PublicKey]
    gateway_reader: Sm2PublicKey

    def admit(self, received: Received, *, now: datetime) -> Admitted:
        """Accept a request of the gateway's, its nonce aside.

        Raises:
            CallerUnknown: its signature, its time or its envelope says otherwise.
        """
        given = received.headers
        key = self.gateway_keys.get(given.get("x-key-id", ""))
        known = (given.get("x-app-id"), given.get("x-signature-suite"))
        if key is None or known != (self.app_id, SUITE):
            raise CallerUnknown(detail="application, suite or key")
        try:
            signed = _read_lines(received)
            base = signed.encode()
            key.verify(_read_signature(given.get("x-signature", "")), base)
            require_timely(signed.timestamp_ms, now=now)
            body = self._open(received.body, base)
        except (SignatureInvalid, Untrusted) as error:
            raise CallerUnknown(detail=error.code) from error
        if digest_sm3(body) != signed.body_digest:
            raise CallerUnknown(detail="another body than was signed")
        return Admitted(signed=signed, base=base, body=body)

    def sign(
        self, status: int, body: bytes, admitted: Admitted, *, question: bytes, now: datetime
    ) -> Reply:
        """Return a signed and sealed answer to an admitted request."""
        base, timestamp = self._lines(status, body, admitted, question=question, now=now)
        return Reply(
            status=status,
            headers=(
                ("content-type", "application/json"),
                ("x-timestamp", timestamp),
                ("x-body-digest", digest_sm3(body)),
                ("x-signature-suite", SUITE),
                ("x-key-id", self.signer.key.key_id),
                ("x-signature", b64encode(self.signer.sign(base)).decode("ascii")),
            ),
            body=seal_envelope(body, self.gateway_reader, associated=base),
        )

    def _lines(
        self, status: int, body: bytes, admitted: Admitted, *, question: bytes, now: datetime
    ) -> tuple[bytes, str]:
        signed = SignedAnswer(
            status=status,
            question=digest_sm3(question),
            request=digest_sm3(admitted.base),
            app_id=self.app_id,
            timestamp_ms=int(now.timestamp() * 1000),
            body_digest=digest_sm3(body),
            consent=admitted.signed.consent,
        )
        return signed.encode(), str(signed.timestamp_ms)

    def _open(self, body: bytes, base: bytes) -> bytes:
        return open_envelope(body, self.reader.unwrap, associated=base) if body else b""


def _read_lines(received: Received) -> SignedRequest:
    given = received.headers
    timestamp = given.get("x-timestamp", "")
    if _TIMESTAMP.fullmatch(timestamp) is None:
        raise CallerUnknown(detail="no time")
    return SignedRequest(
        method=received.method,
        path=received.path,
        query=received.query,
        app_id=given.get("x-app-id", ""),
        timestamp_ms=int(timestamp),
        nonce=given.get("x-nonce", ""),
        body_digest=given.get("x-body-digest", ""),
        consent=given.get("x-consent-id", ""),
    )


def _read_signature(text: str) -> bytes:
    if _BASE64.fullmatch(text) is None or len(text) % 4:
        raise CallerUnknown(detail="no signature")
    return b64decode(text)
