"""What banks' machines ask without a browser, as a representative finds it in the portal."""

import hashlib
import hmac
from collections.abc import Mapping

from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.endpoints.choosing import choose_asked, chosen_of, has_slips
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import render
from creditbridge.endpoints.portal import HOME, STILL, UNPROCESSABLE, DecisionMissing
from creditbridge.endpoints.showing import waiting_view
from creditbridge.endpoints.signing import (
    AS_OF,
    Signable,
    find_signature,
    goes_without,
    keep_fields,
    narrow_terms,
    read_as_of,
    show_signing,
    write_as_of,
)
from creditbridge.endpoints.views import AskedConsent, Notice, WaitingView
from creditbridge.endpoints.visits import (
    Visit,
    answer_framed,
    form_of,
    frame_of,
    language_of,
    require_visit,
    see_other,
    speaker_of,
)
from creditbridge.journeys.answered_consents import Chosen, Shown
from creditbridge.journeys.decide_waiting import WaitingDecision
from creditbridge.ledger.encoding import to_base64url

PATH = "/portal/requests"
TEMPLATE = "waiting"
TEMPLATE_ID = "portal-request"
TEMPLATE_VERSION = "2"


@get(PATH + "/{request_id:str}")
async def read_request(
    request_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show what a bank asks, to whoever may speak for the enterprise."""
    visit = await require_visit(request, house)
    waiting = await house.people.decide_waiting.show(request_id, uscc=visit.session.uscc)
    return _show(request, visit, waiting_view(waiting, visit.enterprise))


@post(PATH + "/{request_id:str}/decision", status_code=303)
async def decide(
    request_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take the yes or no to what was shown; its bank learns of it with its next poll."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    waiting = await house.people.decide_waiting.show(request_id, uscc=visit.session.uscc)
    view = waiting_view(waiting, visit.enterprise)
    text = _text_shown(request, view)
    shown = hashlib.sha256(text).digest()
    # What changed meanwhile, if only the language, is shown once more before it counts.
    if not hmac.compare_digest(form.get("shown", "").encode(), to_base64url(shown).encode()):
        chosen = choose_asked(form, view.consents)
        return _show(request, visit, view, notice=Notice.UNCHANGED, chosen=chosen)
    if form.get("decision") not in {"approve", "refuse"}:
        raise DecisionMissing
    approves, speaker = form["decision"] == "approve", speaker_of(visit)
    chosen = choose_asked(form, view.consents) if approves else None
    if chosen is not None and has_slips(chosen):
        return _show(request, visit, view, chosen=chosen)
    as_of = read_as_of(form, now=house.clock.now())
    decision = WaitingDecision(
        request_id=request_id,
        speaker=speaker,
        approves=approves,
        shown=Shown(
            template_id=TEMPLATE_ID,
            template_version=TEMPLATE_VERSION,
            text_digest=shown,
            text=text,
            chosen=chosen_of(chosen, now=as_of),
        ),
    )
    signature = await find_signature(house, visit, form) if approves else None
    if approves and signature is None and not goes_without(form):
        asked = await house.people.decide_waiting.ask(waiting, decision)
        if asked is not None:
            fields = {**form, AS_OF: write_as_of(as_of)}
            signable = _signable(view, decision.shown.chosen, fields)
            return show_signing(request, house, visit, asked, signable)
    decided = await house.people.decide_waiting(replace(decision, signature=signature))
    notice = Notice.APPROVED if approves else Notice.REFUSED
    return see_other(f"{HOME}?notice={notice if decided else Notice.COUNTERSIGNED}")


def _signable(view: WaitingView, chosen: Chosen, fields: Mapping[str, str]) -> Signable:
    page = f"{PATH}/{view.request_id}"
    return Signable(
        action=f"{page}/decision",
        fields=keep_fields(fields),
        terms=tuple(narrow_terms(one.terms, chosen) for one in view.consents),
        back=page,
    )


def _show(
    request: HttpRequest,
    visit: Visit,
    view: WaitingView,
    *,
    notice: Notice | None = None,
    chosen: AskedConsent | None = None,
) -> Response[bytes]:
    """Show the page; with `chosen`, once more, as it was filled in."""
    shown = to_base64url(hashlib.sha256(_text_shown(request, view)).digest())
    frame = replace(frame_of(request, visit), path=f"{PATH}/{view.request_id}", notice=notice)
    page = replace(view, shown=shown)
    if chosen is not None:
        page = replace(page, consents=(chosen,))
    status = UNPROCESSABLE if has_slips(chosen) else 200
    return answer_framed(request, TEMPLATE, frame, view=page, status=status)


def _text_shown(request: HttpRequest, view: WaitingView) -> bytes:
    """Return the page that the person reads, without what is theirs alone."""
    return render(TEMPLATE, language_of(request), frame=STILL, view=view)


router = Router(
    "/", route_handlers=[read_request, decide], exception_handlers={Exception: answer_page}
)
