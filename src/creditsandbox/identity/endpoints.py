"""The provider's paths: decode, ask the provider, show a page or lead back."""

import msgspec
from litestar import Litestar, Request as WebRequest, Response as WebResponse, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from creditbridge.foundation.clock import Clock
from creditbridge.protocols.strict_json import JsonValue
from creditsandbox.identity.clients import ClientRejected
from creditsandbox.identity.codes import CodeRefused
from creditsandbox.identity.pages import (
    STYLE,
    Page,
    headers_of,
    render_error,
    render_sign_in,
)
from creditsandbox.identity.people import LoginRefused
from creditsandbox.identity.provider import IdentityProvider
from creditsandbox.identity.requests import (
    AuthorizationRefused,
    RedirectUnknown,
    RequestMalformed,
    answer_address,
    parse_parameters,
)

BODY_BYTES_MAX = 32_768  # Thirty parameters of a kilobyte each, and no more.
NO_STORE = {"cache-control": "no-store"}

Web = WebRequest[None, None, State]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers need: the provider and the time."""

    provider: IdentityProvider
    clock: Clock


AtDoor = NamedDependency[Door]


@get("/authorize")
async def show_sign_in(request: Web, door: AtDoor) -> WebResponse[str]:
    """Show the log-in page for an authorization request."""
    return authorize(door, request.scope["query_string"], language_of(request), posted=False)


@post("/authorize")
async def take_sign_in(request: Web, door: AtDoor) -> WebResponse[str]:
    """Sign a person in and lead back to the client; or show the page once more."""
    return authorize(door, await request.body(), language_of(request), posted=True)


@post("/token")
async def exchange_code(request: Web, door: AtDoor) -> WebResponse[dict[str, str | int]]:
    """Exchange a code for an ID token."""
    authorization = request.headers.get("authorization", "")
    try:
        form = parse_parameters(await request.body())
        answer = door.provider.exchange(form, authorization, now=door.clock.now())
    except RequestMalformed:
        return _answer({"error": "invalid_request"}, 400)
    # Which part of the proof failed is nobody's business (RFC 6749, section 5.2).
    except ClientRejected:
        challenge = {"www-authenticate": 'Basic realm="token"'}
        return _answer({"error": "invalid_client"}, 401, challenge)
    except CodeRefused:
        return _answer({"error": "invalid_grant"}, 400)
    return _answer(answer, 200)


@get("/.well-known/openid-configuration", sync_to_thread=False)
def describe_provider(door: AtDoor) -> dict[str, JsonValue]:
    """Return the discovery document."""
    return door.provider.describe()


@get("/jwks.json", sync_to_thread=False)
def list_keys(door: AtDoor) -> dict[str, JsonValue]:
    """Return the key that signs ID tokens."""
    return door.provider.list_keys()


@get("/style.css", media_type="text/css", sync_to_thread=False)
def read_style() -> bytes:
    """Return the style of the pages."""
    return STYLE


def build_app(provider: IdentityProvider, *, clock: Clock) -> Litestar:
    """Return the ASGI application."""
    door = Door(provider=provider, clock=clock)
    return Litestar(
        route_handlers=[
            show_sign_in,
            take_sign_in,
            exchange_code,
            describe_provider,
            list_keys,
            read_style,
        ],
        dependencies={"door": Provide(lambda: door, sync_to_thread=False)},
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )


def authorize(door: Door, raw: bytes, accept_language: str, *, posted: bool) -> WebResponse[str]:
    """Answer an authorization request; a posted one carries log-in name and password."""
    try:
        parameters = parse_parameters(raw)
        request = door.provider.require_request(parameters)
    except RequestMalformed:
        return _show(render_error("error_malformed", accept_language=accept_language))
    except RedirectUnknown:
        return _show(render_error("error_redirect", accept_language=accept_language))
    except AuthorizationRefused as refusal:
        return _lead_back(refusal, issuer=door.provider.issuer)
    if not posted:
        return _show(render_sign_in(request, accept_language=accept_language))
    try:
        address = door.provider.sign_in(
            request,
            login_name=parameters.get("login_name", ""),
            password=parameters.get("password", ""),
            now=door.clock.now(),
        )
    except LoginRefused:
        return _show(render_sign_in(request, accept_language=accept_language, failed=True))
    return _lead_to(address)


def language_of(request: Web) -> str:
    """Return what the browser says of its person's languages."""
    return request.headers.get("accept-language", "")


def _show(page: Page) -> WebResponse[str]:
    return WebResponse(
        page.html,
        status_code=page.status,
        media_type="text/html; charset=utf-8",
        headers=headers_of(page),
    )


def _lead_back(refusal: AuthorizationRefused, *, issuer: str) -> WebResponse[str]:
    answer = {"error": refusal.oauth_code, "iss": issuer}
    if refusal.state:
        answer["state"] = refusal.state
    return _lead_to(answer_address(refusal.redirect_uri, answer))


def _lead_to(address: str) -> WebResponse[str]:
    # 303: what was posted here must not be posted there (RFC 9700, section 4.12).
    return WebResponse("", status_code=303, headers={"location": address} | NO_STORE)


def _answer(
    body: dict[str, str | int], status: int, headers: dict[str, str] | None = None
) -> WebResponse[dict[str, str | int]]:
    return WebResponse(body, status_code=status, headers=NO_STORE | (headers or {}))
