"""Whom to turn to: the operator, where complaints go, who supervises. For everybody."""

from litestar import Response, Router, get

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.visits import find_visit, show


@get("/portal/contact")
async def read_contact(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show it, signed in or not: who cannot sign in needs it most."""
    visit = await find_visit(request, house)
    return show(request, "contact", visit, view=house.contact)


router = Router("/", route_handlers=[read_contact], exception_handlers={Exception: answer_page})
