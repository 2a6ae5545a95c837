"""What a client sends to an endpoint of the authorization server, and what it is answered.

Here in the words of OAuth (RFC 6749, section 5), which a client library reads; elsewhere errors are
problem details.
"""

from collections.abc import Mapping
from functools import cache

import msgspec
from litestar import Response

from creditbridge.access.form import FormFault, parse_form
from creditbridge.access.metadata import BACKCHANNEL_PATH, TOKEN_PATH
from creditbridge.access.model import ClientRequest, InvalidRequest, OAuthError, TooManyRequests
from creditbridge.endpoints.exchange import (
    Exchange,
    header,
    list_headers,
    meter_of,
    peer_certificate,
)
from creditbridge.endpoints.house import House
from creditbridge.journeys.prove_client import CertificateTakenBack
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.certificate_chain import CertificateUntrusted

MEDIA_TYPE = "application/json"
NO_STORE = {"cache-control": "no-store"}
CLOSE = {"connection": "close"}
# RFC 6749, section 5.2: 401 for a client that is not proven, 400 for everything else; RFC 6585,
# section 4, for one that asked too often.
STATUS = {"invalid_client": 401, "temporarily_unavailable": 429}
# By which endpoints' addresses an assertion may mean the server there (PROTOCOLS A10).
NAMES: Mapping[str, tuple[str, ...]] = {
    TOKEN_PATH: (TOKEN_PATH,),
    BACKCHANNEL_PATH: (BACKCHANNEL_PATH, TOKEN_PATH),
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is answered: JSON, and the headers beside its type and length."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def to_response(self) -> Response[bytes]:
        """Return it as the framework sends it."""
        return Response(
            self.body, status_code=self.status, headers=self.headers, media_type=MEDIA_TYPE
        )


def read_client_request(
    request: Exchange, body: bytes, house: House, *, path: str, door: str
) -> ClientRequest:
    """Return what a client sent to the endpoint at this path of the bank door.

    A proof names that address: Host and forwarding headers count for nothing. What cannot be read
    is counted under the door's word, as nobody is known yet.

    Raises:
        InvalidRequest: no form, or one that cannot be read in one way only.
        CertificateTakenBack: a proxy handed on a certificate that nobody vouches for.
    """
    try:
        _require_uncoded(request)
        form = parse_form(
            body,
            content_type=header(request, "content-type"),
            query=request.scope["query_string"],
        )
        certificate = _read_certificate(request)
    except (InvalidRequest, CertificateTakenBack) as refusal:
        house.strangers.count(door, refusal.code, now=house.clock.now())
        raise
    return ClientRequest(
        form=form,
        authorization=list_headers(request, "authorization"),
        certificate=certificate,
        proofs=list_headers(request, "dpop"),
        # As published: what a client compares, and what it must have meant (RFC 8414).
        issuer=house.issuer,
        names=_names_of(house.bank_url, path),
        target_uri=house.bank_url + path,
        nonces=house.nonces,
        meter=meter_of(request),
    )


@cache
def _names_of(bank_url: str, path: str) -> frozenset[str]:
    return frozenset(bank_url + name for name in NAMES.get(path, ()))


def _require_uncoded(request: Exchange) -> None:
    # Whoever stands between could read it decoded, and another form than this one.
    if any(name == b"content-encoding" for name, _ in request.scope["headers"]):
        raise InvalidRequest(FormFault.CODED)


def _read_certificate(request: Exchange) -> PeerCertificate | None:
    try:
        return peer_certificate(request)
    except CertificateUntrusted as error:
        raise CertificateTakenBack(error.code) from error


def answer_client(members: object, *, status: int = 200) -> Response[bytes]:
    """Answer a client; nobody on the way keeps it."""
    return write_answer(members, status=status).to_response()


def refuse_client(refusal: OAuthError) -> Response[bytes]:
    """Answer a refusal (RFC 6749, section 5.2)."""
    return write_refusal(refusal).to_response()


def write_answer(members: object, *, status: int = 200) -> Answer:
    """Return the answer to a client; nobody on the way keeps it."""
    return Answer(status=status, headers=NO_STORE, body=msgspec.json.encode(members))


def write_refusal(refusal: OAuthError) -> Answer:
    """Return the answer of a refusal (RFC 6749, section 5.2)."""
    headers = NO_STORE
    if isinstance(refusal, CertificateTakenBack):
        # A connection whose certificate was taken back must not go on (PROTOCOLS T3).
        headers |= CLOSE
    if isinstance(refusal, TooManyRequests):
        headers |= {"retry-after": str(refusal.retry_after_seconds)}
    return Answer(
        status=STATUS.get(refusal.oauth_code, 400),
        headers=headers,
        body=msgspec.json.encode(refusal.to_answer()),
    )
