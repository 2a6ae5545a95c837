"""A new legal representative reads what the former one gave, and confirms it on the portal."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.consents.confirmations.rules import ConfirmationNotAwaited
from creditbridge.consents.model import Consent
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import render
from creditbridge.endpoints.portal import HOME, STILL, version_of
from creditbridge.endpoints.showing import decision_view
from creditbridge.endpoints.signing import (
    Signable,
    find_signature,
    goes_without,
    keep_fields,
    show_signing,
)
from creditbridge.endpoints.views import Notice, Oddity, Terms
from creditbridge.endpoints.visits import (
    Visit,
    form_of,
    language_of,
    require_visit,
    see_other,
    show,
)
from creditbridge.journeys.confirm_consent import Confirmation
from creditbridge.journeys.records.consents import TextShown
from creditbridge.parties.model import Role

TEMPLATE = "confirmation"
TEMPLATE_ID = "portal-confirmation"
TEMPLATE_VERSION = "1"


class ConfirmationView(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that waits for the new legal representative until `confirm_by`."""

    terms: Terms
    used: int
    confirm_by: datetime
    is_mine: bool  # Whoever reads is the legal representative.
    unusual: tuple[Oddity, ...] = ()


@get("/portal/consents/{consent_id:str}/confirmation")
async def read_confirmation(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show what was given, and asks whether it goes on."""
    visit = await require_visit(request, house)
    view = _view_of(await _get_own(house, visit, consent_id), visit)
    return show(request, TEMPLATE, visit, view=view)


@post("/portal/consents/{consent_id:str}/confirmation", status_code=303)
async def confirm(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take the yes to the version that was shown; who says no withdraws."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    consent = await _get_own(house, visit, consent_id)
    view = _view_of(consent, visit)
    text = _text_shown(request, view)
    act = Confirmation(
        consent_id=consent.consent_id,
        version=version_of(form),
        uscc=visit.session.uscc,
        person_id=visit.session.person_id,
        shown=TextShown(
            template_id=TEMPLATE_ID,
            template_version=TEMPLATE_VERSION,
            text_digest=hashlib.sha256(text).digest(),
            text=text,
        ),
    )
    signature = await find_signature(house, visit, form)
    if signature is None and not goes_without(form):
        asked = await house.people.confirm_consent.ask(act, visit.session)
        if asked is not None:
            return show_signing(request, house, visit, asked, _signable(form, view))
    await house.people.confirm_consent(act, signature)
    return see_other(f"{HOME}/{consent.consent_id}?notice={Notice.CONFIRMED}")


async def _get_own(house: House, visit: Visit, consent_id: str) -> Consent:
    async with house.database.transaction() as tx:
        return await house.consents.get_given_consent(
            tx, consent_id=consent_id, uscc=visit.session.uscc
        )


def _view_of(consent: Consent, visit: Visit) -> ConfirmationView:
    if consent.confirm_by is None:
        raise ConfirmationNotAwaited
    decided = decision_view(consent, visit.enterprise)
    return ConfirmationView(
        terms=decided.terms,
        unusual=decided.unusual,
        used=consent.used,
        confirm_by=consent.confirm_by,
        is_mine=visit.role is Role.LEGAL_REP,
    )


def _signable(form: Mapping[str, str], view: ConfirmationView) -> Signable:
    page = f"{HOME}/{view.terms.consent_id}/confirmation"
    return Signable(action=page, fields=keep_fields(form), terms=(view.terms,), back=page)


def _text_shown(request: HttpRequest, view: ConfirmationView) -> bytes:
    """Return the page that the person read, without what is theirs alone."""
    return render(TEMPLATE, language_of(request), frame=STILL, view=view)


router = Router(
    "/", route_handlers=[read_confirmation, confirm], exception_handlers={Exception: answer_page}
)
