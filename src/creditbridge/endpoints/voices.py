"""Who may speak for the enterprise: the legal representative appoints, limits and ends agents."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.consents.policy import Ceilings
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import Visit, form_of, require_visit, see_other, show
from creditbridge.endpoints.voice_views import AppointmentView, change_view, people_view, voice_view
from creditbridge.endpoints.wording import BEIJING
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.keep_agents import Ending
from creditbridge.parties.model import Person, Role
from creditbridge.parties.service import (
    find_approval_rules,
    get_person,
    list_representatives,
    list_rule_changes,
)
from creditbridge.parties.voices.model import (
    AgentUnknown,
    Appointment,
    AppointmentMalformed,
    AppointmentNotYours,
    Document,
    DocumentKind,
    Limits,
    Representative,
)
from creditbridge.profile.codes import Purpose, SectionCode

PATH = "/portal/people"
DIGITS_MAX = 7
DIGEST_CHARACTERS = 64  # SHA-256 in hex.
# What an agent may be let approve is what banks may ask at all.
ALLOWED = Ceilings()


@get(PATH)
async def list_people(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show who may speak for the enterprise, how far, and who may no longer."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        view = people_view(
            visit.enterprise,
            await _list_named(tx, visit.session.uscc),
            can_appoint=visit.role is Role.LEGAL_REP,
            now=tx.now,
        )
        view = replace(
            view,
            rules=await find_approval_rules(tx, visit.session.uscc),
            changes=tuple(map(change_view, await list_rule_changes(tx, visit.session.uscc))),
            purposes=tuple(sorted(ALLOWED.purposes)),
        )
    return show(request, "people", visit, view=view)


@get(PATH + "/{person_id:str}/appointment")
async def show_appointment(
    person_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show the form for one agent, as it would be kept, to the legal representative."""
    visit = await _require_legal_rep(request, house)
    async with house.database.transaction() as tx:
        named = await _list_named(tx, visit.session.uscc)
        found = [
            (person, right)
            for person, right in named
            if person.person_id == person_id and right.role is Role.AGENT
        ]
        if not found:
            raise AgentUnknown
        view = AppointmentView(
            person=voice_view(*found[0], now=tx.now),
            enterprise=visit.enterprise,
            purposes=tuple(sorted(ALLOWED.purposes)),
            sections=tuple(one for one in SectionCode if one in ALLOWED.sections),
        )
    return show(request, "appointment", visit, view=view)


@post(PATH + "/{person_id:str}/appointment", status_code=303)
async def appoint(
    person_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take what an agent may do from now on."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    await house.people.keep_agents.appoint(
        Appointment(
            uscc=visit.session.uscc,
            person_id=person_id,
            appointed_by=visit.session.person_id,
            document=_document_of(form),
            limits=_limits_of(form),
        )
    )
    return see_other(f"{PATH}?notice={Notice.PEOPLE}")


@post(PATH + "/{person_id:str}/end", status_code=303)
async def end(person_id: FromPath[str], request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """End an agent's authority at once."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    await house.people.keep_agents.end(
        Ending(uscc=visit.session.uscc, person_id=person_id, ended_by=visit.session.person_id)
    )
    return see_other(f"{PATH}?notice={Notice.PEOPLE}")


async def _require_legal_rep(request: HttpRequest, house: House) -> Visit:
    visit = await require_visit(request, house)
    if visit.role is not Role.LEGAL_REP:
        raise AppointmentNotYours
    return visit


async def _list_named(tx: Transaction, uscc: str) -> list[tuple[Person, Representative]]:
    rights = await list_representatives(tx, uscc)
    return [(await get_person(tx, right.person_id), right) for right in rights]


def _document_of(form: Mapping[str, str]) -> Document:
    digest = form.get("document_digest", "").strip().lower()
    try:
        if len(digest) != DIGEST_CHARACTERS:
            raise AppointmentMalformed
        return Document(
            kind=DocumentKind(form.get("document_kind", "")),
            digest=bytes.fromhex(digest),
            issuer=form.get("document_issuer", "").strip(),
            valid_until=_end_of(form.get("document_valid_until", "")),
        )
    except ValueError as error:
        raise AppointmentMalformed from error


def _limits_of(form: Mapping[str, str]) -> Limits:
    return Limits(
        may_approve=form.get("may_approve") == "yes",
        purposes=frozenset(one for one in Purpose if f"purpose.{one}" in form),
        sections=frozenset(one for one in SectionCode if f"section.{one}" in form),
        days_max=_number_of(form.get("days_max", "")),
        queries_max=_number_of(form.get("queries_max", "")),
        ends_at=_end_of(form.get("ends_on", "")),
    )


def _number_of(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise AppointmentMalformed
    return int(text)


def _end_of(text: str) -> datetime:
    """Return the end of a day in Beijing, as browsers send a date: 2027-01-31."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), BEIJING)
    except (ValueError, OverflowError) as error:
        raise AppointmentMalformed from error


router = Router(
    "/",
    route_handlers=[list_people, show_appointment, appoint, end],
    exception_handlers={Exception: answer_page},
)
