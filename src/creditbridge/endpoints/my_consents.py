"""A natural person's own consents: what is asked about them, given, refused, taken back.

Whoever is signed in is a person: this page is about them, and the enterprise cannot answer for it.
"""

import hashlib
from collections.abc import Mapping

from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.consents.persons.model import PersonAct, PersonYes
from creditbridge.consents.persons.service import get_of_person, list_of_person, list_uses
from creditbridge.endpoints.choosing import TICK
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import render
from creditbridge.endpoints.person_views import PersonConsentView, consent_view, list_view
from creditbridge.endpoints.portal import DecisionMissing, version_of
from creditbridge.endpoints.views import Frame, Notice
from creditbridge.endpoints.visits import (
    Visit,
    answer_framed,
    form_of,
    frame_of,
    language_of,
    require_visit,
    see_other,
    show,
)
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.ids import Kind
from creditbridge.journeys.answer_for_oneself import Oneself

HOME = "/portal/my-consents"
TEMPLATE_ID = "portal-person"
TEMPLATE_VERSION = "1"
UNPROCESSABLE = 422
# The page without its reader: the same for everybody who is shown this request in this language.
STILL = Frame(path="")


@get(HOME)
async def list_own(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show what waits for the person themselves, and everything that they answered."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        found = await list_of_person(
            tx, person_id=visit.session.person_id, uscc=visit.session.uscc, role=visit.role
        )
        view = list_view(found, now=tx.now)
    return show(request, "my_consents", visit, view=view)


@get("/portal/my-consents/{person_consent_id:str}")
async def read_own(
    person_consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show one: the request to decide on, or what became of it with each look that rested on it."""
    visit = await require_visit(request, house)
    view = await _find_view(house, visit, person_consent_id)
    return show(request, "my_consent", visit, view=view)


@post("/portal/my-consents/{person_consent_id:str}/decision", status_code=303)
async def decide(
    person_consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take the person's yes to what is ticked, or their no."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    view = await _find_view(house, visit, person_consent_id)
    oneself = _oneself(visit)
    # Silence is no answer: neither button pressed means neither yes nor no.
    if form.get("decision") not in ("approve", "refuse"):
        raise DecisionMissing
    if form["decision"] == "refuse":
        await house.people.answer_for_oneself.decline(oneself, _act_of(visit, person_consent_id))
        return see_other(f"{HOME}?notice={Notice.PERSON_REFUSED}")
    yes = _read_yes(request, visit, form, view)
    if not yes.sections:
        return _ask_again(request, visit, replace(view, lacks_section=True))
    await house.people.answer_for_oneself.agree(oneself, yes)
    return see_other(f"{HOME}?notice={Notice.PERSON_AGREED}")


@post("/portal/my-consents/{person_consent_id:str}/withdrawal", status_code=303)
async def withdraw(
    person_consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take a consent back; no version is asked for, so that nothing can be in its way."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    act = _act_of(visit, person_consent_id)
    await house.people.answer_for_oneself.withdraw(_oneself(visit), act)
    return see_other(f"{HOME}?notice={Notice.PERSON_WITHDRAWN}")


async def _find_view(house: House, visit: Visit, person_consent_id: str) -> PersonConsentView:
    async with house.database.transaction() as tx:
        found = await get_of_person(
            tx,
            person_consent_id,
            person_id=visit.session.person_id,
            uscc=visit.session.uscc,
            role=visit.role,
        )
        uses = await list_uses(tx, found.person_consent_id)
        return consent_view(found, uses, now=tx.now)


def _read_yes(
    request: HttpRequest, visit: Visit, form: Mapping[str, str], view: PersonConsentView
) -> PersonYes:
    # In the reader's own language: what they saw is what they agreed to.
    text = render("my_consent", language_of(request), frame=STILL, view=view)
    return PersonYes(
        person_consent_id=view.person_consent_id,
        version=version_of(form),
        person_id=visit.session.person_id,
        sections=frozenset(one for one in view.sections if form.get(TICK + one)),
        template_id=TEMPLATE_ID,
        template_version=TEMPLATE_VERSION,
        text_digest=hashlib.sha256(text).digest(),
        text=text,
    )


def _ask_again(request: HttpRequest, visit: Visit, view: PersonConsentView) -> Response[bytes]:
    """Show the page once more, with what is to be put right; nothing was decided."""
    frame = replace(frame_of(request, visit), path=f"{HOME}/{view.person_consent_id}")
    return answer_framed(request, "my_consent", frame, view=view, status=UNPROCESSABLE)


def _act_of(visit: Visit, person_consent_id: str) -> PersonAct:
    return PersonAct(
        person_consent_id=require_id(Kind.PERSON_CONSENT, person_consent_id),
        person_id=visit.session.person_id,
    )


def _oneself(visit: Visit) -> Oneself:
    return Oneself(person_id=visit.session.person_id, uscc=visit.session.uscc)


router = Router(
    "/",
    route_handlers=[list_own, read_own, decide, withdraw],
    exception_handlers={Exception: answer_page},
)
