"""A person's visit to the portal: session, enterprise, language, forms, cookies."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from creditbridge.access.form import parse_form
from creditbridge.endpoints.exchange import HttpRequest, header
from creditbridge.endpoints.house import House
from creditbridge.endpoints.pages import (
    LANGUAGE_COOKIE,
    NOTHING,
    PAGE_HEADERS,
    Allowance,
    page_headers,
    render,
)
from creditbridge.endpoints.views import Frame, Notice, Party, Visitor
from creditbridge.endpoints.wording import Language
from creditbridge.journeys.answered_consents import Speaker
from creditbridge.ledger.model import EnterpriseName
from creditbridge.login.model import (
    SESSION_COOKIE,
    Session,
    SessionMissing,
)
from creditbridge.login.rules import require_form_token
from creditbridge.login.service import get_session
from creditbridge.parties.model import Person, Role
from creditbridge.parties.service import find_enterprise, find_representative, get_person
from creditbridge.protocols.language_ranges import choose_language, list_ranges

LANGUAGES = tuple(map(str, Language))
# What names a page beside its path: without it the language switch would lead to another one.
QUERY_KEPT = ("client_id", "request_uri", "bank", "report")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person, and the enterprise they speak for at this moment."""

    session: Session
    person: Person
    role: Role
    enterprise: Party


async def require_visit(request: HttpRequest, house: House) -> Visit:
    """Return the visit that this request belongs to.

    Raises:
        SessionMissing: none, or its person may no longer speak for the enterprise.
    """
    async with house.database.transaction() as tx:
        session = await get_session(tx, cookie_of(request, SESSION_COOKIE))
        person = await get_person(tx, session.person_id)
        representative = await find_representative(
            tx, person_id=session.person_id, uscc=session.uscc
        )
        enterprise = await find_enterprise(tx, session.uscc)
    # Asked on every page: who lost the right to speak this minute acts no more this minute.
    if representative is None or enterprise is None:
        raise SessionMissing
    return Visit(
        session=session,
        person=person,
        role=representative.role,
        enterprise=Party(name=enterprise.name, uscc=enterprise.uscc),
    )


def speaker_of(visit: Visit) -> Speaker:
    """Return who speaks, as the journeys need it."""
    enterprise = visit.enterprise
    return Speaker(
        session=visit.session,
        role=visit.role,
        enterprise=EnterpriseName(uscc=enterprise.uscc, name=enterprise.name),
    )


async def find_visit(request: HttpRequest, house: House) -> Visit | None:
    """Return the visit that this request belongs to; None where the person must sign in."""
    try:
        return await require_visit(request, house)
    except SessionMissing:
        return None


async def read_form(
    request: HttpRequest, *, prose: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """Return the fields of a form, whoever sent it; `prose` names those of several lines.

    Raises:
        InvalidRequest: no form.
    """
    # Read from the body alone: a decision in an address would be one click on a foreign link.
    return parse_form(
        await request.body(), content_type=header(request, "content-type"), prose=prose
    )


async def form_of(
    request: HttpRequest, visit: Visit, *, prose: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """Return the fields of a form that this very visit was given; see `read_form`.

    Raises:
        FormTokenInvalid: another site's form, or an old page.
        InvalidRequest: no form.
    """
    form = await read_form(request, prose=prose)
    require_form_token(visit.session, form.get("form_token"))
    return form


def language_of(request: HttpRequest, *, wished: str | None = None) -> Language:
    """Return the language that was chosen, now or before; else one that the reader takes.

    `wished` are the tags that a bank named for its customer, in its order (`ui_locales`).
    """
    chosen = request.query_params.get("language") or cookie_of(request, LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return Language(chosen)
    wishes = (*(wished or "").split(), *list_ranges(header(request, "accept-language") or ""))
    return Language(choose_language(wishes, LANGUAGES) or Language.CHINESE)


def show(
    request: HttpRequest, template: str, visit: Visit | None, *, view: object, status: int = 200
) -> Response[bytes]:
    """Answer with a page."""
    return answer_framed(request, template, frame_of(request, visit), view=view, status=status)


def attach(document: bytes, name: str) -> Response[bytes]:
    """Answer with a signed JSON file to keep, byte for byte."""
    headers = {
        **PAGE_HEADERS,
        "content-type": "application/json",
        "content-disposition": f'attachment; filename="{name}"',
    }
    return Response(document, headers=headers, media_type="application/json")


def frame_of(request: HttpRequest, visit: Visit | None) -> Frame:
    """Return what surrounds the page at this request's address."""
    visitor = None
    if visit is not None:
        visitor = Visitor(
            name=visit.person.name,
            enterprise=visit.enterprise,
            form_token=visit.session.form_token,
        )
    # One of our own words or none: an address must not put a sentence into our page.
    said = request.query_params.get("notice")
    notice = next((known for known in Notice if known == said), None)
    named = {name: request.query_params.get(name) for name in QUERY_KEPT}
    return Frame(
        path=request.scope["path"],
        query=urlencode({name: value for name, value in named.items() if value}),
        visitor=visitor,
        notice=notice,
    )


def answer_framed(
    request: HttpRequest,
    template: str,
    frame: Frame,
    *,
    view: object,
    status: int = 200,
    allowance: Allowance = NOTHING,
) -> Response[bytes]:
    """Answer with a page in a frame of its own."""
    language = language_of(request)
    return Response(
        render(template, language, frame=frame, view=view),
        status_code=status,
        headers=page_headers(allowance),
        cookies=[give_cookie(LANGUAGE_COOKIE, language)],
        media_type=PAGE_HEADERS["content-type"],
    )


def see_other(address: str, *cookies: Cookie) -> Response[bytes]:
    """Send the browser on, as a GET (RFC 9110, section 15.4.4), with the cookies to keep."""
    return Response(
        b"",
        status_code=303,
        headers={**PAGE_HEADERS, "location": address},
        cookies=cookies,
        media_type=PAGE_HEADERS["content-type"],
    )


def cookie_of(request: HttpRequest, name: str) -> str | None:
    """Return a cookie's value."""
    return request.cookies.get(name)


def give_cookie(name: str, value: str) -> Cookie:
    """Return a cookie for this host alone, out of the reach of scripts."""
    # `Lax` and not `Strict`: the way back from the provider is another site's link. Forms have
    # their token.
    return Cookie(key=name, value=value, path="/", secure=True, httponly=True, samesite="lax")


def end_cookie(name: str) -> Cookie:
    """Return what takes a cookie away."""
    return Cookie(
        key=name, value="", path="/", secure=True, httponly=True, samesite="lax", max_age=0
    )
