"""The enterprise's portal: see who asks for what, approve, refuse, withdraw."""

import hashlib
from collections.abc import Mapping

from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.access.granted.service import list_grants
from creditbridge.consents.acts import Approval, Refusal, Withdrawal
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.rules import state_at
from creditbridge.endpoints.choosing import end_of, looks_of, read_choice
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import render
from creditbridge.endpoints.showing import (
    consent_view,
    decision_view,
    list_view,
    withdrawal_view,
)
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
from creditbridge.endpoints.views import DecisionView, Frame, Notice, Slip
from creditbridge.endpoints.visits import (
    Visit,
    answer_framed,
    attach,
    form_of,
    frame_of,
    language_of,
    require_visit,
    see_other,
    show,
)
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.ids import Kind
from creditbridge.journeys.answered_consents import Chosen
from creditbridge.ledger.service import find_last_looks, tell_consent

HOME = "/portal/consents"
TEMPLATE_ID = "portal-decision"
TEMPLATE_VERSION = "3"
VERSION_DIGITS_MAX = 9
UNPROCESSABLE = 422
# The page without its reader: the same for everybody who is shown this request in this language.
STILL = Frame(path="")


class DecisionMissing(Malformed):
    """A form that neither approves nor refuses, or of which version is unknown."""

    code = "decision-missing"
    message = "Please open the request again and choose."


@get(HOME)
async def list_consents(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show what waits for the enterprise, and every consent of it."""
    visit = await require_visit(request, house)
    waiting = await house.people.decide_waiting.list_open(visit.session.uscc)
    async with house.database.transaction() as tx:
        consents = await house.consents.list_for_enterprise(tx, visit.session.uscc)
        looks = await find_last_looks(tx, [one.consent_id for one in consents])
        bank = request.query_params.get("bank", "")
        view = list_view(consents, looks, waiting, now=tx.now, bank=bank)
    return show(request, "consents", visit, view=view)


@get("/portal/consents/{consent_id:str}")
async def read_consent(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show one consent: the request to decide on, or what became of it with every look."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        consent = await _get_own(house, visit, consent_id, tx)
        # A letter on paper was signed elsewhere: there is nothing to decide, and all to see.
        is_asked = state_at(consent, now=tx.now) is ConsentState.REQUESTED
        if is_asked and consent.letter is None:
            return show(request, "decision", visit, view=decision_view(consent, visit.enterprise))
        story = await tell_consent(
            tx, house.ledger, consent_id=consent.consent_id, bank_id=consent.bank_id
        )
        view = consent_view(consent, visit.enterprise, story, now=tx.now)
    return show(request, "consent", visit, view=view)


@get("/portal/consents/{consent_id:str}/receipt")
async def download_receipt(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Hand over the signed receipt of a consent that was given."""
    visit = await require_visit(request, house)
    receipt = await house.hand_receipt.to_enterprise(consent_id, uscc=visit.session.uscc)
    return attach(receipt, f"consent-receipt-{consent_id}.json")


@post("/portal/consents/{consent_id:str}/decision", status_code=303)
async def decide(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take the representative's yes, a narrower yes, or no to the version that was shown."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    async with house.database.transaction() as tx:
        consent = await _get_own(house, visit, consent_id, tx)
        now = tx.now
    view = decision_view(consent, visit.enterprise)
    choice = read_choice(form, view.terms)
    approves = form.get("decision") == "approve"
    # A no is never held up by how a yes was filled in.
    if choice.slips if approves else Slip.REASON in choice.slips:
        return _ask_again(request, visit, decision_view(consent, visit.enterprise, choice))
    if approves:
        as_of = read_as_of(form, now=now)
        # In the reader's own language: what they saw is what they signed.
        text = _text_shown(request, view)
        approval = Approval(
            consent_id=consent.consent_id,
            version=version_of(form),
            uscc=visit.session.uscc,
            person_id=visit.session.person_id,
            role=visit.role,
            template_id=TEMPLATE_ID,
            template_version=TEMPLATE_VERSION,
            text_digest=hashlib.sha256(text).digest(),
            text=text,
            sections=choice.sections,
            valid_to=end_of(choice, view.terms, now=as_of),
            max_queries=looks_of(choice),
        )
        signature = await find_signature(house, visit, form)
        if signature is None and not goes_without(form):
            asked = await house.people.give_consent.ask(approval, visit.session)
            if asked is not None:
                signable = _signable({**form, AS_OF: write_as_of(as_of)}, view, approval)
                return show_signing(request, house, visit, asked, signable)
        given = await house.people.give_consent.approve(approval, signature)
        waits = given.state is ConsentState.REQUESTED
        notice = Notice.COUNTERSIGNED if waits else Notice.APPROVED
        return see_other(f"{HOME}?notice={notice}")
    # Silence is no answer: neither button pressed means neither yes nor no.
    if form.get("decision") != "refuse":
        raise DecisionMissing
    await house.people.give_consent.refuse(
        Refusal(
            consent_id=consent.consent_id,
            version=version_of(form),
            uscc=visit.session.uscc,
            person_id=visit.session.person_id,
            role=visit.role,
            reason=choice.reason.strip() or None,
        )
    )
    return see_other(f"{HOME}?notice={Notice.REFUSED}")


@get("/portal/consents/{consent_id:str}/withdrawal")
async def preview_withdrawal(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Show what a withdrawal will do, before it is done."""
    visit = await require_visit(request, house)
    async with house.database.transaction() as tx:
        consent = await _get_own(house, visit, consent_id, tx)
        story = await tell_consent(
            tx, house.ledger, consent_id=consent.consent_id, bank_id=consent.bank_id
        )
        grants = await list_grants(tx, consent.consent_id)
    view = withdrawal_view(consent, visit.enterprise, story.looks, grants)
    return show(request, "withdrawal", visit, view=view)


@post("/portal/consents/{consent_id:str}/withdrawal", status_code=303)
async def withdraw(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take a consent back; no version is asked for, so that nothing can be in its way."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    await house.people.withdraw_consent(
        Withdrawal(
            consent_id=require_id(Kind.CONSENT, consent_id),
            uscc=visit.session.uscc,
            person_id=visit.session.person_id,
        )
    )
    return see_other(f"{HOME}?notice={Notice.WITHDRAWN}")


async def _get_own(house: House, visit: Visit, consent_id: str, tx: Transaction) -> Consent:
    return await house.consents.get_given_consent(
        tx, consent_id=consent_id, uscc=visit.session.uscc
    )


def _signable(form: Mapping[str, str], view: DecisionView, approval: Approval) -> Signable:
    page = f"{HOME}/{approval.consent_id}"
    chosen = Chosen(
        sections=approval.sections,
        valid_to=approval.valid_to,
        max_queries=approval.max_queries,
    )
    return Signable(
        action=f"{page}/decision",
        fields=keep_fields(form),
        terms=(narrow_terms(view.terms, chosen),),
        back=page,
    )


def version_of(form: Mapping[str, str]) -> int:
    """Return the version that a form is an answer to.

    Raises:
        DecisionMissing: none.
    """
    version = form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX):
        raise DecisionMissing
    return int(version)


def _ask_again(request: HttpRequest, visit: Visit, view: DecisionView) -> Response[bytes]:
    """Show the page once more, with what is to be put right; nothing was decided."""
    frame = replace(frame_of(request, visit), path=f"{HOME}/{view.terms.consent_id}")
    return answer_framed(request, "decision", frame, view=view, status=UNPROCESSABLE)


def _text_shown(request: HttpRequest, view: DecisionView) -> bytes:
    """Return the page that the person read, without what is theirs alone."""
    return render("decision", language_of(request), frame=STILL, view=view)


router = Router(
    "/",
    route_handlers=[
        list_consents,
        read_consent,
        download_receipt,
        decide,
        preview_withdrawal,
        withdraw,
    ],
    exception_handlers={Exception: answer_page},
)
