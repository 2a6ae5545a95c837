"""The platform's paths: decode, ask the platform, encode."""

import asyncio
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, Request as WebRequest, Response as WebResponse, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from creditbridge.foundation.clock import Clock
from creditbridge.protocols.http_signatures import Request, Response
from creditsandbox.dialects.provincial.platform import CallerUnknown, Platform
from creditsandbox.dialects.provincial.tokens import TOKEN_SECONDS, TokenRequestRefused

BODY_BYTES_MAX = 16_384  # A query has a few hundred bytes, an assertion a thousand.
FORM_FIELDS_MAX = 10

Web = WebRequest[None, None, State]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers need: the platform, its own address, the time."""

    platform: Platform
    base_url: str
    clock: Clock


AtDoor = NamedDependency[Door]


@post("/v1/queries")
async def ask(request: Web, door: AtDoor) -> ASGIApp:
    """Answer a query."""
    received = await receive(request, door.base_url)
    try:
        verified = door.platform.admit(received, now=door.clock.now())
    except CallerUnknown as refusal:
        return _send(refuse(refusal))
    reply = door.platform.answer(received, now=door.clock.now())
    # Signed after the wait: a late answer is late, not stale.
    if reply.script.delay_seconds:
        await asyncio.sleep(reply.script.delay_seconds)
    signed = door.platform.sign(reply, received, label=verified.label, now=door.clock.now())
    return _send(signed, cut=reply.script.is_cut)


@get("/v1/queries/{query_id:str}")
async def find_query(request: Web, query_id: FromPath[str], door: AtDoor) -> ASGIApp:
    """Tell whether a query was counted."""
    received = await receive(request, door.base_url)
    try:
        verified = door.platform.admit(received, now=door.clock.now())
    except CallerUnknown as refusal:
        return _send(refuse(refusal))
    reply = door.platform.find_state(received, query_id)
    return _send(door.platform.sign(reply, received, label=verified.label, now=door.clock.now()))


@post("/v1/disputes")
async def take_dispute(request: Web, door: AtDoor) -> ASGIApp:
    """Take an objection to a record."""
    received = await receive(request, door.base_url)
    now = door.clock.now()
    try:
        verified = door.platform.admit(received, now=now)
    except CallerUnknown as refusal:
        return _send(refuse(refusal))
    reply = door.platform.take_dispute(received, now=now)
    signed = door.platform.sign(reply, received, label=verified.label, now=now)
    return _send(signed, cut=reply.script.is_cut)


@get("/v1/disputes/{dispute_id:str}")
async def find_dispute(request: Web, dispute_id: FromPath[str], door: AtDoor) -> ASGIApp:
    """Tell how a dispute stands."""
    received = await receive(request, door.base_url)
    now = door.clock.now()
    try:
        verified = door.platform.admit(received, now=now)
    except CallerUnknown as refusal:
        return _send(refuse(refusal))
    reply = door.platform.find_dispute(received, dispute_id, now=now)
    return _send(door.platform.sign(reply, received, label=verified.label, now=now))


@post("/oauth/token")
async def issue_token(request: Web, door: AtDoor) -> WebResponse[dict[str, str | int]]:
    """Issue an access token (RFC 6749, section 4.4)."""
    try:
        form = parse_form(await request.body())
        token = door.platform.tokens.issue(form, now=door.clock.now())
    except TokenRequestRefused as refusal:
        return _answer({"error": refusal.oauth_code}, refusal.status)
    return _answer(
        {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}, 200
    )


@get("/v1/statistics", sync_to_thread=False)
def read_statistics(door: AtDoor) -> dict[str, int | dict[str, int]]:
    """Return the counts, for the platform's operator and for tests."""
    issued = {"tokens_issued": door.platform.tokens.issued_count}
    return {**door.platform.journal.summarise(), **issued}


def build_app(platform: Platform, *, base_url: str, clock: Clock) -> Litestar:
    """Return the ASGI application; `base_url` is how the gateway addresses it."""
    door = Door(platform=platform, base_url=base_url, clock=clock)
    return Litestar(
        route_handlers=[
            ask,
            find_query,
            take_dispute,
            find_dispute,
            issue_token,
            read_statistics,
        ],
        dependencies={"door": Provide(lambda: door, sync_to_thread=False)},
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )


async def receive(request: Web, base_url: str) -> Request:
    """Return the request as its signature sees it, on the configured origin."""
    scope = request.scope
    query = scope["query_string"].decode("latin-1")
    raw_path = scope["raw_path"].decode("latin-1")
    return Request(
        method=request.method,
        target_uri=f"{base_url}{raw_path}" + (f"?{query}" if query else ""),
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ),
        body=await request.body(),
    )


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        TokenRequestRefused: no form, or a field twice (RFC 6749, section 3.2).
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError as error:
        raise TokenRequestRefused from error
    if len(dict(pairs)) != len(pairs):
        raise TokenRequestRefused(detail="a field twice")
    return dict(pairs)


def refuse(refusal: CallerUnknown) -> Response:
    """Return the unsigned refusal of a stranger; `detail` is our own word, never the caller's."""
    challenge = f'Bearer error="invalid_token", error_description="{refusal.detail}"'
    return Response(status=401, headers=(("www-authenticate", challenge),))


def _answer(body: dict[str, str | int], status: int) -> WebResponse[dict[str, str | int]]:
    return WebResponse(body, status_code=status, headers={"cache-control": "no-store"})


def _send(response: Response, *, cut: bool = False) -> ASGIApp:
    """Return the answer as an application; a cut one ends, unannounced, half-way in its body."""
    length = ("content-length", str(len(response.body)))
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in (*response.headers, length)
    ]

    # More was announced than is sent, and then nothing: uvicorn closes the connection.
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        """Send what there is."""
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        body = response.body[: len(response.body) // 2] if cut else response.body
        await send({"type": "http.response.body", "body": body, "more_body": cut})

    return app
