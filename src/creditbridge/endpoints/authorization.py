"""The authorization server's words: tokens, metadata, keys (RFC 6749, RFC 8414, RFC 7517)."""

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException

from creditbridge.access.metadata import (
    BACKCHANNEL_PATH,
    INTROSPECTION_PATH,
    JWKS_PATH,
    METADATA_PATH,
    OPENID_PATH,
    PAR_PATH,
    RESOURCE_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
)
from creditbridge.access.model import OAuthError
from creditbridge.endpoints.exchange import Exchange, HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.oauth_form import (
    Answer,
    answer_client,
    read_client_request,
    refuse_client,
    write_answer,
    write_refusal,
)
from creditbridge.journeys import (
    ask_person as ask,
    introspect_token as introspection,
    issue_token as issue,
    push_request as push,
    revoke_token as revocation,
)

CACHE_SECONDS = 300


async def answer_token(request: Exchange, body: bytes, house: House) -> Answer:
    """Issue a token, or refuse in the words of RFC 6749, section 5.2."""
    try:
        asked = read_client_request(request, body, house, path=TOKEN_PATH, door=issue.DOOR)
        issued = await house.machines.issue_token(asked)
    except OAuthError as refusal:
        return write_refusal(refusal)
    return write_answer(issued.to_answer())


@post(TOKEN_PATH, status_code=200)
async def issue_token(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Answer what `TokenDoor` leaves to the framework: a body that does not say how long it is."""
    return (await answer_token(request, await request.body(), house)).to_response()


@post(PAR_PATH, status_code=201)
async def push_request(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Keep what a client wants to ask a person (RFC 9126, section 2.2)."""
    try:
        asked = read_client_request(
            request, await request.body(), house, path=PAR_PATH, door=push.DOOR
        )
        pushed = await house.machines.push_request(asked)
    except OAuthError as refusal:
        return refuse_client(refusal)
    return answer_client(pushed, status=201)


@post(BACKCHANNEL_PATH, status_code=200)
async def ask_person(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Let a request wait for a person in the portal (OpenID CIBA Core 1.0, section 7.3)."""
    try:
        asked = read_client_request(
            request, await request.body(), house, path=BACKCHANNEL_PATH, door=ask.DOOR
        )
        answer = await house.machines.ask_person(asked)
    except OAuthError as refusal:
        return refuse_client(refusal)
    return answer_client(answer)


@post(REVOCATION_PATH, status_code=200)
async def revoke_token(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take a token back; 200 also where there was none (RFC 7009, section 2.2)."""
    try:
        asked = read_client_request(
            request, await request.body(), house, path=REVOCATION_PATH, door=revocation.DOOR
        )
        await house.machines.revoke_token(asked)
    except OAuthError as refusal:
        return refuse_client(refusal)
    return answer_client({})


@post(INTROSPECTION_PATH, status_code=200)
async def introspect_token(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Tell a client about a token of its own (RFC 7662, section 2.2)."""
    try:
        asked = read_client_request(
            request, await request.body(), house, path=INTROSPECTION_PATH, door=introspection.DOOR
        )
        told = await house.machines.introspect_token(asked)
    except OAuthError as refusal:
        return refuse_client(refusal)
    issuer = house.issuer
    return answer_client(told.to_answer(issuer=issuer, resource=house.bank_url))


@get(METADATA_PATH)
async def read_metadata(house: AtHouse) -> Response[bytes]:
    """Say what this authorization server serves (RFC 8414)."""
    # With the set of keys that it tells the algorithms of.
    return _publish(house.described.server(), cache_seconds=house.keys.cache_seconds)


@get(OPENID_PATH)
async def read_openid_configuration(house: AtHouse) -> Response[bytes]:
    """Say the same to clients of OpenID Connect (Discovery 1.0, section 4)."""
    if (described := house.described.openid()) is None:
        raise NotFoundException
    return _publish(described, cache_seconds=house.keys.cache_seconds)


@get(RESOURCE_PATH)
async def read_resource_metadata(house: AtHouse) -> Response[bytes]:
    """Say what the reports API asks of its callers (RFC 9728)."""
    return _publish(house.resource_metadata)


@get(JWKS_PATH)
async def read_keys(house: AtHouse) -> Response[bytes]:
    """Publish the public keys (RFC 7517)."""
    # No longer than a new key is shown before it signs (PROTOCOLS K2).
    return _publish(house.keys.jwks(), cache_seconds=house.keys.cache_seconds)


def _publish(members: object, *, cache_seconds: int = CACHE_SECONDS) -> Response[bytes]:
    return Response(
        msgspec.json.encode(members),
        status_code=200,
        headers={"cache-control": f"max-age={cache_seconds}"},
        media_type="application/json",
    )


# The resource is the bank door, and its metadata lies there: a client compares the address that it
# asked with the name that it is told (RFC 9728, section 3.3).
token_router = Router(
    "/",
    route_handlers=[
        push_request,
        ask_person,
        issue_token,
        revoke_token,
        introspect_token,
        read_resource_metadata,
    ],
)
metadata_router = Router("/", route_handlers=[read_metadata, read_openid_configuration, read_keys])
