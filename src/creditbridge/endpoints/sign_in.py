"""The way into the portal and out of it, through the identity provider."""

from urllib.parse import parse_qsl

from litestar import Response, Router, get, post

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.views import SignInView
from creditbridge.endpoints.visits import (
    cookie_of,
    end_cookie,
    form_of,
    give_cookie,
    language_of,
    require_visit,
    see_other,
    show,
)
from creditbridge.login.model import BINDING_COOKIE, SESSION_COOKIE, Callback
from creditbridge.login.service import close_session

HOME = "/portal/consents"


@get("/")
async def open_site() -> Response[bytes]:
    """Lead to the portal."""
    return see_other(HOME)


@get("/portal/sign-in")
async def ask_sign_in(request: HttpRequest) -> Response[bytes]:
    """Show what the portal is for, and the way in."""
    return show(request, "sign_in", None, view=SignInView(return_to=HOME))


@get("/portal/sign-in/start")
async def start_sign_in(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Send the person to the identity provider."""
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    begun = await house.login.begin(
        return_to=query.get("return_to", HOME), language=language_of(request)
    )
    return see_other(begun.redirect_url, give_cookie(BINDING_COOKIE, begun.binding))


@get("/portal/callback")
async def complete_sign_in(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take the person back from the provider; a new session begins."""
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    callback = Callback(
        state=query.get("state"),
        code=query.get("code"),
        error=query.get("error"),
        iss=query.get("iss"),
    )
    signed_in = await house.people.sign_in(
        callback,
        binding=cookie_of(request, BINDING_COOKIE),
        replaces=cookie_of(request, SESSION_COOKIE),
    )
    return see_other(
        signed_in.return_to,
        give_cookie(SESSION_COOKIE, signed_in.session),
        end_cookie(BINDING_COOKIE),
    )


@post("/portal/sign-out", status_code=303)
async def sign_out(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """End the session."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    async with house.database.transaction() as tx:
        await close_session(tx, cookie_of(request, SESSION_COOKIE))
    return see_other("/portal/sign-in", end_cookie(SESSION_COOKIE))


router = Router(
    "/",
    route_handlers=[open_site, ask_sign_in, start_sign_in, complete_sign_in, sign_out],
    exception_handlers={Exception: answer_page},
)
