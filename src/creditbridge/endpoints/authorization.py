"""The authorization server's words: token, metadata, keys (RFC 6749, RFC 8414, RFC 7517)."""

import msgspec
from litestar import Response, Router, get, post

from creditbridge.access.form import parse_form
from creditbridge.access.metadata import JWKS_PATH, METADATA_PATH, TOKEN_PATH
from creditbridge.access.model import ClientRequest, OAuthError
from creditbridge.endpoints.exchange import HttpRequest, header, headers_of, peer_certificate
from creditbridge.endpoints.house import AtHouse
from creditbridge.journeys.issue_token import CertificateTakenBack

NO_STORE = {"cache-control": "no-store"}
CLOSE = {"connection": "close"}
# RFC 6749, section 5.2: 401 for a client that is not proven, 400 for everything else.
STATUS = {"invalid_client": 401}


@post(TOKEN_PATH, status_code=200)
async def issue_token(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Issue a token, or refuse in the words of RFC 6749, section 5.2."""
    try:
        form = parse_form(
            await request.body(),
            content_type=header(request, "content-type"),
            query=request.scope["query_string"],
        )
        issued = await house.issue_token(
            ClientRequest(
                form=form,
                authorization=tuple(
                    value for name, value in headers_of(request) if name == "authorization"
                ),
                certificate=peer_certificate(request),
                # As published: what a client compares, and what it must have meant (RFC 8414).
                issuer=str(house.metadata["issuer"]),
            )
        )
    # Here in the words of OAuth, which a client library reads; elsewhere as problem details.
    except OAuthError as refusal:
        # A connection whose certificate was taken back must not go on (PROTOCOLS T3).
        headers = NO_STORE | CLOSE if isinstance(refusal, CertificateTakenBack) else NO_STORE
        return _answer(refusal.to_answer(), STATUS.get(refusal.oauth_code, 400), headers)
    return _answer(issued.to_answer(), 200, NO_STORE)


@get(METADATA_PATH)
async def read_metadata(house: AtHouse) -> Response[bytes]:
    """Say what this authorization server serves (RFC 8414)."""
    return _answer(house.metadata, 200, {"cache-control": "max-age=300"})


@get(JWKS_PATH)
async def read_keys(house: AtHouse) -> Response[bytes]:
    """Publish the public keys (RFC 7517)."""
    return _answer(house.jwks, 200, {"cache-control": "max-age=300"})


def _answer(members: object, status: int, headers: dict[str, str]) -> Response[bytes]:
    return Response(
        msgspec.json.encode(members),
        status_code=status,
        headers=headers,
        media_type="application/json",
    )


token_router = Router("/", route_handlers=[issue_token])
metadata_router = Router("/", route_handlers=[read_metadata, read_keys])
