"""The door for visits: a bank's test sends the browser of a representative to the portal."""

import asyncio
from typing import TypeAlias

import msgspec
from litestar import Litestar, Request as WebRequest, Response, post
from litestar.datastructures import State

from creditsandbox.province.fixed import ActingEnterprise
from creditsandbox.representatives.browser import SiteAway
from creditsandbox.representatives.company import Company, find_acting, is_silent
from creditsandbox.representatives.pages import PageUnfit

Web: TypeAlias = WebRequest[None, None, State]

BODY_BYTES_MAX = 16_384
REDIRECTED = frozenset({302, 303})
HEADERS = {"cache-control": "no-store"}


class Visit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose representative shall open which address of the portal."""

    uscc: str
    address: str


def build_app(company: Company) -> Litestar:
    """Return the ASGI application."""

    @post("/visits", status_code=200)
    async def make_visit(request: Web) -> Response[dict[str, str | None]]:
        """Make a visit, and say where it led; null where the representative does not answer."""
        try:
            visit = msgspec.json.decode(await request.body(), type=Visit)
        except msgspec.DecodeError:
            return _say({"error": "visit-malformed"}, 400)
        enterprise = find_acting(visit.uscc)
        if enterprise is None or not company.leads_to_portal(visit.address):
            return _say({"error": "visit-unknown"}, 400)
        try:
            led = await asyncio.to_thread(_follow, company, enterprise, visit.address)
        except SiteAway:
            return _say({"error": "site-away"}, 502)
        except PageUnfit:
            return _say({"error": "page-unfit"}, 409)
        return _say({"location": led}, 200)

    return Litestar(
        [make_visit],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
    )


def _follow(company: Company, enterprise: ActingEnterprise, address: str) -> str | None:
    if is_silent(enterprise):
        return None
    page = company.visit(enterprise, address)
    # Not led away: the page was shown once more, or there is nothing to decide on it.
    if page.status not in REDIRECTED:
        raise PageUnfit(page.url)
    return page.url


def _say(body: dict[str, str | None], status: int) -> Response[dict[str, str | None]]:
    return Response(body, status_code=status, headers=HEADERS)
