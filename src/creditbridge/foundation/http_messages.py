"""What goes out over HTTP and comes back, and how it fails; `foundation.http` sends it."""

from enum import StrEnum
from pathlib import Path

import msgspec

from creditbridge.foundation.errors import CreditbridgeError, Unavailable, Untrusted

RESPONSE_BYTES_MAX = 4_194_304
CONNECTIONS_MAX = 64
CONNECT_SECONDS = 2.0
# Shorter than what servers wait, so that a request seldom meets a connection about to close.
KEEPALIVE_SECONDS = 3.0


class HttpUnavailable(Unavailable):
    """No answer came; `sent` is False only where provably no byte of the request left."""

    code = "http-unavailable"
    message = "A system that the gateway depends on did not answer."

    def __init__(self, *, sent: bool, detail: str) -> None:
        super().__init__(detail=detail)
        self.sent = sent


class HttpTooLarge(Untrusted):
    """An answer was cut off at the limit."""

    code = "http-too-large"
    message = "A system that the gateway depends on answered beyond the agreed size."


class HttpAnswerUnfit(Untrusted):
    """An answer came in a form that was not agreed: a content coding, or no HTTP at all."""

    code = "http-answer-unfit"
    message = "A system that the gateway depends on answered in a form that was not agreed."


class AddressRefused(CreditbridgeError):
    """An address leads away from the client's own origin, or says something else than it shows."""

    code = "address-refused"
    message = "The gateway does not call that address."


class Reach(StrEnum):
    """Which addresses a client calls, whatever its peer's name leads to."""

    ANY = "ANY"
    PUBLIC = "PUBLIC"
    PUBLIC_OR_LOOPBACK = "PUBLIC_OR_LOOPBACK"


class HttpClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One peer: where it is, whom to believe there, and how to show ourselves.

    Without a `ca_file` whoever the system believes. `reaches` says which addresses the peer's name
    may lead to: any, where we chose the name ourselves. `pins`, where not empty, are SHA-256
    digests in hex of the public keys (SubjectPublicKeyInfo) that the peer's own certificate may
    carry.
    """

    base_url: str
    ca_file: Path | None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    pins: tuple[str, ...] = ()
    reaches: Reach = Reach.ANY
    connect_seconds: float = CONNECT_SECONDS
    keepalive_seconds: float = KEEPALIVE_SECONDS
    connections_max: int = CONNECTIONS_MAX
    response_bytes_max: int = RESPONSE_BYTES_MAX


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves: the address in full; header names in lower case, in order."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What came, unchecked: a redirect or an error page is a response as well."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
