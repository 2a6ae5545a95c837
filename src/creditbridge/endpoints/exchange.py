"""An HTTP request as the journeys see it: received bytes and facts of the connection."""

from functools import lru_cache
from typing import Protocol

from litestar import Request
from litestar.datastructures import State
from litestar.types import HTTPScope

from creditbridge.admission.model import Meter
from creditbridge.foundation.errors import Malformed
from creditbridge.journeys.admit_caller import Presented
from creditbridge.protocols.certificate_binding import PeerCertificate, parse_certificate
from creditbridge.protocols.certificate_chain import CertificateUntrusted
from creditbridge.protocols.http_signatures import Request as SignedRequest
from creditbridge.protocols.media_ranges import accepts

HttpRequest = Request[object, object, State]
JSON_TYPE = "application/json"
CERTIFICATES_MAX = 256
METER = "meter"


class Exchange(Protocol):
    """What came, as far as its head goes: the framework's request, or what stands for one."""

    @property
    def scope(self) -> HTTPScope:
        """Return the connection's scope, as ASGI tells it."""
        ...


class ContentTypeUnsupported(Malformed):
    """A body that is not JSON, or that is coded."""

    code = "content-type-unsupported"
    message = "Send the body as application/json, without a content coding."


class AnswerNotAcceptable(Malformed):
    """The request takes no answer of the type that this address has."""

    code = "not-acceptable"
    message = "The Accept header excludes what this address answers with."


# Parsed once and not for every request of its connection; which one it is, its bytes say.
_parse = lru_cache(CERTIFICATES_MAX)(parse_certificate)


def peer_certificate(request: Exchange) -> PeerCertificate | None:
    """Return the certificate of whoever sent this request, or None.

    Of this very connection, its chain checked by TLS; behind a proxy the one that it hands on,
    checked by the door.

    Raises:
        CertificateUntrusted: it handed one on for which no client authority vouches.
    """
    tls = (request.scope["extensions"] or {}).get("tls", {})
    if tls.get("client_cert_error") is not None:
        raise CertificateUntrusted
    der = tls.get("client_certificate")
    return _parse(der) if isinstance(der, bytes) else None


def meter_of(request: Exchange) -> Meter:
    """Return the meter of this exchange, which its answer is told from."""
    found: object = request.scope["state"].get(METER)
    meter = found if isinstance(found, Meter) else Meter()
    request.scope["state"][METER] = meter
    return meter


def headers_of(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """Return every header as received: names in lower case, repeated ones repeated."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.scope["headers"]
    )


def list_headers(request: Exchange, name: str) -> tuple[str, ...]:
    """Return every header of this name, as received."""
    wanted = name.encode("ascii")
    # A list first: it costs half of what a generator does, and this is asked for every request.
    return tuple(
        [value.decode("latin-1") for known, value in request.scope["headers"] if known == wanted]
    )


async def present(request: HttpRequest, *, url: str, door: str, scope: str) -> Presented:
    """Return the request as received; `url` is the origin that callers were told.

    The target is rebuilt on the configured origin: Host and forwarding headers count for nothing.

    Raises:
        CertificateMalformed, CertificateUntrusted: a certificate that cannot be read or believed.
        ContentTypeUnsupported: a coded body, which nobody here decodes.
    """
    body = await request.body()
    headers = headers_of(request)
    # What expands on the way in defeats every limit on its size.
    if any(name == "content-encoding" for name, _ in headers):
        raise ContentTypeUnsupported
    query = request.scope["query_string"].decode("latin-1")
    # The raw path: decoded and encoded again it could differ from what was signed (RFC 9421,
    # section 2.2.2).
    target = url + request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return Presented(
        request=SignedRequest(
            method=request.method,
            target_uri=f"{target}?{query}" if query else target,
            headers=headers,
            body=body,
        ),
        certificate=peer_certificate(request),
        door=door,
        scope=scope,
        interaction_id=request.scope["state"]["interaction_id"],
        meter=meter_of(request),
    )


def require_json(headers: tuple[tuple[str, str], ...]) -> None:
    """Accept a body that says it is JSON.

    Raises:
        ContentTypeUnsupported: another type, or none.
    """
    types = [value for name, value in headers if name == "content-type"]
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != JSON_TYPE:
        raise ContentTypeUnsupported


def require_acceptable(headers: tuple[tuple[str, str], ...], media_type: str) -> None:
    """Accept a request that takes an answer of this type (PROTOCOLS, S5).

    Raises:
        AnswerNotAcceptable: its `Accept` leaves the type out.
    """
    if not accepts((value for name, value in headers if name == "accept"), media_type):
        raise AnswerNotAcceptable(detail=media_type)


def header(request: Exchange, name: str) -> str | None:
    """Return the one header of this name; None where it is absent or repeated."""
    values = list_headers(request, name)
    # Of two, one reader takes the first and another the last: neither is believed.
    return values[0] if len(values) == 1 else None
