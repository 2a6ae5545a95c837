"""A representative's passkeys: which there are, adding one, ending one, what to do after a loss."""

from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import LANGUAGE_COOKIE, Allowance
from creditbridge.endpoints.passkey_forms import read_assertion, read_credential
from creditbridge.endpoints.passkey_views import ask_view, ending_view, list_view
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import (
    Visit,
    answer_framed,
    form_of,
    frame_of,
    give_cookie,
    language_of,
    require_visit,
    see_other,
    show,
    speaker_of,
)
from creditbridge.journeys.enrol_passkey import AskedPasskey
from creditbridge.login.model import BINDING_COOKIE
from creditbridge.login.passkeys.model import SignInNotFresh
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

HOME = "/portal/passkeys"
NEW = f"{HOME}/new"
SCRIPTED = Allowance(runs_script=True)


@get(HOME)
async def list_passkeys(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show a person's passkeys, and what to do where all are lost."""
    visit = await require_visit(request, house)
    person_id = visit.session.person_id
    async with house.database.transaction() as tx:
        passkeys = await house.passkeys.list_own(tx, person_id)
        recovery = await house.passkeys.find_recovery(tx, person_id)
        view = list_view(passkeys, recovery, person_id=person_id, now=tx.now)
    return show(request, "passkeys", visit, view=view)


@get(NEW)
async def begin(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Ask for a new passkey, or first for the signature of one that is there."""
    visit = await require_visit(request, house)
    try:
        asked = await house.people.enrol_passkey.ask(visit.session)
    except SignInNotFresh:
        # Whoever finds an open browser must not leave their own key in it.
        language = language_of(request)
        begun = await house.login.begin(return_to=NEW, language=language, anew=True)
        cookies = {BINDING_COOKIE: begun.binding, LANGUAGE_COOKIE: language}
        return see_other(begun.redirect_url, *map(give_cookie, cookies, cookies.values()))
    return _show(request, visit, asked, house)


@post(f"{HOME}/confirmation")
async def confirm(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take the signature of a passkey that is there, and ask for the new one."""
    visit = await require_visit(request, house)
    sent = read_assertion(await form_of(request, visit))
    if sent is None:
        raise ApprovalInvalid(detail="form")
    asked = await house.people.enrol_passkey.confirm(speaker_of(visit), sent)
    return _show(request, visit, asked, house)


@post(HOME, status_code=303)
async def enrol(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Keep the passkey that the browser made."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    await house.people.enrol_passkey(visit.session, read_credential(form))
    return see_other(f"{HOME}?notice={Notice.PASSKEY_ADDED}")


@get(HOME + "/{passkey_id:str}/end")
async def preview_end(
    passkey_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show what ending a passkey does, before it is done."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        passkeys = await house.passkeys.list_own(tx, visit.session.person_id)
    view = ending_view(passkeys, passkey_id)
    return show(request, "passkey_end", visit, view=view)


@post(HOME + "/{passkey_id:str}/end", status_code=303)
async def end(passkey_id: FromPath[str], request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """End a passkey for good."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    await house.people.end_passkey(visit.session, passkey_id)
    return see_other(f"{HOME}?notice={Notice.PASSKEY_ENDED}")


def _show(
    request: HttpRequest, visit: Visit, asked: AskedPasskey, house: AtHouse
) -> Response[bytes]:
    view = ask_view(asked, house.passkeys.party, name=visit.person.name)
    # The language switch leads to the beginning: a page that was answered cannot be had again.
    frame = replace(frame_of(request, visit), path=NEW)
    return answer_framed(request, "passkey_new", frame, view=view, allowance=SCRIPTED)


router = Router(
    "/",
    route_handlers=[list_passkeys, begin, confirm, enrol, preview_end, end],
    exception_handlers={Exception: answer_page},
)
