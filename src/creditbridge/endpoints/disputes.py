"""The enterprise's disputes: listed with their clocks, filed, followed, reviewed."""

from collections.abc import Mapping

from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.disputes.model import Draft, Slip
from creditbridge.disputes.rules import list_slips, tidy
from creditbridge.endpoints.dispute_views import FilingView, dispute_view, list_view
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import Visit, form_of, require_visit, see_other, show
from creditbridge.endpoints.words import NothingThere, require_id
from creditbridge.foundation.ids import Kind
from creditbridge.journeys.file_dispute import Plaintiff, RecordUnmatched

HOME = "/portal/disputes"
UNPROCESSABLE = 422
PROSE = frozenset({"text"})


@get(HOME)
async def list_disputes(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """List the disputes, each with the day by which it must be answered."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        found = await house.disputes.list_for_enterprise(tx, visit.session.uscc)
        view = list_view(found, now=tx.now)
    return show(request, "disputes", visit, view=view)


@get("/portal/disputes/new")
async def begin(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show the form, for a look that the consent's page lists."""
    visit = await require_visit(request, house)
    report_id = require_id(Kind.REPORT, request.query_params.get("report", ""))
    return show(request, "dispute_new", visit, view=FilingView(report_id=report_id))


@post(HOME, status_code=303)
async def file(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """File a dispute, or show again what was typed with what must be put right."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit, prose=PROSE)
    report_id = require_id(Kind.REPORT, form.get("report", ""))
    draft = _draft_of(form)
    slips = list_slips(draft)
    if not slips:
        try:
            dispute = await house.people.file_dispute(_plaintiff(visit), draft, report_id=report_id)
        except RecordUnmatched:
            slips = frozenset({Slip.NUMBER})
        else:
            return see_other(f"{HOME}/{dispute.dispute_id}?notice={Notice.DISPUTE_FILED}")
    view = FilingView(
        report_id=report_id, draft=draft, slips=tuple(one for one in Slip if one in slips)
    )
    return show(request, "dispute_new", visit, view=view, status=UNPROCESSABLE)


@get("/portal/disputes/{dispute_id:str}")
async def read_dispute(
    dispute_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Tell one dispute's story."""
    visit = await require_visit(request, house)
    known = require_id(Kind.DISPUTE, dispute_id)
    async with house.database.transaction() as tx:
        found = await house.disputes.find_own(tx, known, uscc=visit.session.uscc)
        if found is None:
            raise NothingThere
        words = await house.disputes.read_words(tx, known)
        view = dispute_view(found, words, now=tx.now)
    return show(request, "dispute", visit, view=view)


@post("/portal/disputes/{dispute_id:str}/review", status_code=303)
async def ask_review(
    dispute_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Ask for a review of the first answer."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    known = require_id(Kind.DISPUTE, dispute_id)
    await house.people.file_dispute.ask_review(_plaintiff(visit), known)
    return see_other(f"{HOME}/{known}?notice={Notice.DISPUTE_FILED}")


def _plaintiff(visit: Visit) -> Plaintiff:
    return Plaintiff(person_id=visit.session.person_id, uscc=visit.session.uscc)


def _draft_of(form: Mapping[str, str]) -> Draft:
    return tidy(
        Draft(
            record_id=form.get("record", ""),
            number=form.get("number", ""),
            ground=form.get("ground", ""),
            text=form.get("text", ""),
        )
    )


router = Router(
    "/",
    route_handlers=[list_disputes, begin, file, read_dispute, ask_review],
    exception_handlers={Exception: answer_page},
)
