"""The enterprise's inbox: what it was told, and how each of its people wants to be told."""

from collections.abc import Mapping

from litestar import Response, Router, get, post

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.inbox_views import ContactView, InboxView, inbox_line
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.visits import (
    Visit,
    form_of,
    language_of,
    require_visit,
    see_other,
    show,
)
from creditbridge.foundation.errors import Malformed
from creditbridge.notices.model import CodeWrong, Reader
from creditbridge.notices.rules import PAGE_ROWS_MAX

INBOX = "/portal/inbox"
SETTINGS = "/portal/inbox/settings"


class MailNotSent(Malformed):
    """An address is given where no mail is sent."""

    code = "mail-not-sent"
    message = "This house sends no mail."


@get(INBOX)
async def read_inbox(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show what the enterprise was told, newest first, with what this person has not read."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(
            tx, _reader_of(visit), before=request.query_params.get("before")
        )
    view = InboxView(
        lines=tuple(inbox_line(one) for one in notices),
        unread=tuple(one.notice_id for one in notices if not one.is_read),
        older=notices[-1].notice_id if len(notices) == PAGE_ROWS_MAX else None,
    )
    return show(request, "inbox", visit, view=view)


@post("/portal/inbox/read", status_code=303)
async def mark_read(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Mark what was shown as read, for this person alone."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    async with house.database.transaction() as tx:
        await house.notices.mark_read(tx, _reader_of(visit), form.get("shown", "").split(","))
    return see_other(INBOX)


@get(SETTINGS)
async def read_settings(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show how this person is told."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        contact = await house.notices.find_contact(tx, _reader_of(visit))
    view = ContactView(sends_mail=house.sends_mail)
    if contact is not None:
        view = ContactView(
            sends_mail=house.sends_mail,
            wants_looks=contact.wants_looks,
            address=contact.address,
            asked=contact.asked,
        )
    return show(request, "inbox_settings", visit, view=view)


@post("/portal/inbox/preferences", status_code=303)
async def choose(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Keep whether this person is told of each look."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    async with house.database.transaction() as tx:
        await house.notices.choose(
            tx,
            _reader_of(visit),
            wants_looks=form.get("wants_looks") == "yes",
            language=language_of(request),
        )
    return see_other(SETTINGS)


@post("/portal/inbox/address", status_code=303)
async def ask_address(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Send a code to the address that was typed."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    if not house.sends_mail:
        raise MailNotSent
    async with house.database.transaction() as tx:
        await house.notices.ask_address(
            tx, _reader_of(visit), typed=_typed(form, "address"), language=language_of(request)
        )
    return see_other(SETTINGS)


@post("/portal/inbox/address/code", status_code=303)
async def confirm_address(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take the code back; from here on the address counts."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    # A wrong guess counts, and so commits.
    async with house.database.transaction(commit_on=CodeWrong) as tx:
        await house.notices.confirm_address(tx, _reader_of(visit), typed=_typed(form, "code"))
    return see_other(SETTINGS)


@post("/portal/inbox/address/removal", status_code=303)
async def forget_address(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Erase this person's address and wishes."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    async with house.database.transaction() as tx:
        await house.notices.forget_person(tx, _reader_of(visit))
    return see_other(SETTINGS)


def _reader_of(visit: Visit) -> Reader:
    return Reader(person_id=visit.session.person_id, uscc=visit.session.uscc)


def _typed(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "")


router = Router(
    "/",
    route_handlers=[
        read_inbox,
        mark_read,
        read_settings,
        choose,
        ask_address,
        confirm_address,
        forget_address,
    ],
    exception_handlers={Exception: answer_page},
)
