"""An enterprise pauses a consent on its portal, and lets it go on."""

from litestar import Response, Router, post
from litestar.params import FromPath

from creditbridge.consents.acts import Pause
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.portal import HOME
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import form_of, require_visit, see_other
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.ids import Kind


@post("/portal/consents/{consent_id:str}/pause", status_code=303)
async def pause(consent_id: FromPath[str], request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Pause a consent; no version is asked for, so that nothing can be in its way."""
    act = await _read_act(consent_id, request, house)
    await house.people.pause_consent.pause(act)
    return see_other(f"{HOME}/{act.consent_id}?notice={Notice.PAUSED}")


@post("/portal/consents/{consent_id:str}/resumption", status_code=303)
async def resume(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Let a paused consent go on."""
    act = await _read_act(consent_id, request, house)
    await house.people.pause_consent.resume(act)
    return see_other(f"{HOME}/{act.consent_id}?notice={Notice.RESUMED}")


async def _read_act(consent_id: str, request: HttpRequest, house: House) -> Pause:
    visit = await require_visit(request, house)
    await form_of(request, visit)
    return Pause(
        consent_id=require_id(Kind.CONSENT, consent_id),
        uscc=visit.session.uscc,
        person_id=visit.session.person_id,
    )


router = Router("/", route_handlers=[pause, resume], exception_handlers={Exception: answer_page})
