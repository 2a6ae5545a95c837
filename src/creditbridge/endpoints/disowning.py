"""An enterprise says on its portal that a letter on paper is not its own."""

from litestar import Response, Router, post
from litestar.params import FromPath

from creditbridge.consents.paper.model import Disowning
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.portal import HOME
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import form_of, require_visit, see_other
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.ids import Kind


@post("/portal/consents/{consent_id:str}/disowning", status_code=303)
async def disown(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """End the consent of a letter; no version is asked for, so that nothing can be in its way."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    consent = await house.people.disown_document(
        Disowning(
            consent_id=require_id(Kind.CONSENT, consent_id),
            uscc=visit.session.uscc,
            person_id=visit.session.person_id,
        )
    )
    return see_other(f"{HOME}/{consent.consent_id}?notice={Notice.DISOWNED}")


router = Router("/", route_handlers=[disown], exception_handlers={Exception: answer_page})
