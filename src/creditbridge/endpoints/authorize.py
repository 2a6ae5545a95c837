"""The authorization endpoint (RFC 6749, section 3.1): a person comes from a bank and goes back.

On the people's door, for browsers alone: no other site's script may call it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

from litestar import Response, Router, get, post
from msgspec.structs import replace

from creditbridge.access.metadata import AUTHORIZATION_PATH
from creditbridge.access.model import InvalidRequest
from creditbridge.endpoints.choosing import choose_asked, chosen_of, has_slips
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.pages import LANGUAGE_COOKIE, Allowance, render
from creditbridge.endpoints.portal import STILL, UNPROCESSABLE, DecisionMissing
from creditbridge.endpoints.showing import authorization_view
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
from creditbridge.endpoints.views import AskedConsent, AuthorizationView, Notice
from creditbridge.endpoints.visits import (
    Visit,
    answer_framed,
    find_visit,
    frame_of,
    give_cookie,
    language_of,
    read_form,
    require_visit,
    see_other,
    speaker_of,
)
from creditbridge.journeys.answered_consents import Chosen, Shown
from creditbridge.journeys.decide_authorization import Decision, SignInStale
from creditbridge.journeys.open_authorization import Asked, Asking
from creditbridge.ledger.encoding import to_base64url
from creditbridge.login.model import BINDING_COOKIE, SessionMissing
from creditbridge.login.rules import require_form_token
from creditbridge.parties.model import ResponseMode
from creditbridge.protocols.authorization_response import (
    address_response,
    name_issuer,
    sign_response,
)

TEMPLATE_ID = "browser-decision"
TEMPLATE_VERSION = "2"
NOTHING_SHOWN = Shown(template_id=TEMPLATE_ID, template_version=TEMPLATE_VERSION)
DECISION_PATH = AUTHORIZATION_PATH + "/decision"
PARAMETERS_MAX = 64
# Where the page's form may end: Chromium holds the whole way against the page's policy, the bank's
# own redirects behind its callback included, which nobody here knows. A redirect URI is https.
BANKS = "https:"


@get(AUTHORIZATION_PATH)
async def ask(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Show what a bank asks, once the person has signed in for it."""
    asking = _read_asking(_parse_query(request))
    asked = await house.people.open_authorization(asking)
    visit = await find_visit(request, house)
    # No session opens this page, however fresh: the sign-in is made for this request.
    if visit is None or not visit.session.began_anew_after(asked.opened.opened_at):
        wished = asked.opened.pushed.request.ui_locales
        language = language_of(request, wished=wished)
        begun = await house.login.begin(return_to=_address_of(asking), language=language, anew=True)
        cookies = {BINDING_COOKIE: begun.binding, LANGUAGE_COOKIE: language}
        return see_other(begun.redirect_url, *map(give_cookie, cookies, cookies.values()))
    if asked.uscc not in {None, visit.enterprise.uscc}:
        # Another enterprise's affair: not even what is asked is shown.
        return await _answer(house, _decide(asking, visit, approves=False))
    return _show(request, visit, asked)


@post(DECISION_PATH, status_code=303)
async def decide(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take the yes or no to what was shown, and send the browser back to the bank."""
    form = await read_form(request)
    asking = _read_asking(form.items())
    try:
        visit = await require_visit(request, house)
        require_form_token(visit.session, form.get("form_token"))
        asked = await house.people.open_authorization(asking)
        view = _view(visit, asked)
        text = _text_shown(request, view)
        shown = hashlib.sha256(text).digest()
        # What changed meanwhile, if only the language, is shown once more before it counts.
        if not hmac.compare_digest(form.get("shown", "").encode(), to_base64url(shown).encode()):
            chosen = choose_asked(form, view.consents)
            return _show(request, visit, asked, notice=Notice.UNCHANGED, chosen=chosen)
        if form.get("decision") not in {"approve", "refuse"}:
            raise DecisionMissing
        chosen = choose_asked(form, view.consents) if form["decision"] == "approve" else None
        if chosen is not None and has_slips(chosen):
            return _show(request, visit, asked, chosen=chosen)
        as_of = read_as_of(form, now=house.clock.now())
        answer = Shown(
            template_id=TEMPLATE_ID,
            template_version=TEMPLATE_VERSION,
            text_digest=shown,
            text=text,
            chosen=chosen_of(chosen, now=as_of),
        )
        decision = _decide(asking, visit, approves=form["decision"] == "approve", shown=answer)
        if not decision.approves:
            return await _answer(house, decision)
        signature = await find_signature(house, visit, form)
        if signature is None and not goes_without(form):
            signing = await house.people.decide_authorization.ask(asked, decision)
            if signing is not None:
                fields = {**form, AS_OF: write_as_of(as_of)}
                signable = _signable(view, asking, answer.chosen, fields)
                return show_signing(request, house, visit, signing, signable)
        return await _answer(house, replace(decision, signature=signature))
    except (SessionMissing, SignInStale) as error:
        return answer_page(request, error, sign_in=_address_of(asking))


def _parse_query(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.scope["query_string"].decode("latin-1"), max_num_fields=PARAMETERS_MAX
        )
    except ValueError as error:
        raise InvalidRequest(detail="parameters") from error


def _read_asking(parameters: Iterable[tuple[str, str]]) -> Asking:
    """Return which request is meant; whatever else an address says does not count (FAPI 2.0)."""
    named = [(name, text) for name, text in parameters if name in {"client_id", "request_uri"}]
    found = dict(named)
    # Of two, one reader takes the first and another the last.
    if len(found) != len(named) or len(found) != len(("client_id", "request_uri")):
        raise InvalidRequest(detail="client_id and request_uri, each once")
    return Asking(client_id=found["client_id"], request_uri=found["request_uri"])


def _address_of(asking: Asking) -> str:
    return f"{AUTHORIZATION_PATH}?{_query_of(asking)}"


def _query_of(asking: Asking) -> str:
    return urlencode({"client_id": asking.client_id, "request_uri": asking.request_uri})


def _view(visit: Visit, asked: Asked) -> AuthorizationView:
    return authorization_view(asked, visit.enterprise)


def _show(
    request: HttpRequest,
    visit: Visit,
    asked: Asked,
    *,
    notice: Notice | None = None,
    chosen: AskedConsent | None = None,
) -> Response[bytes]:
    """Show the page; with `chosen`, once more, as it was filled in."""
    view = _view(visit, asked)
    shown = to_base64url(hashlib.sha256(_text_shown(request, view)).digest())
    if chosen is not None:
        view = replace(view, consents=(chosen,))
    frame = replace(
        frame_of(request, visit),
        path=AUTHORIZATION_PATH,
        query=_query_of(asked.asking),
        notice=notice,
    )
    return answer_framed(
        request,
        "authorization",
        frame,
        view=replace(view, shown=shown),
        allowance=Allowance(leads_to=BANKS),
        status=UNPROCESSABLE if has_slips(chosen) else 200,
    )


def _text_shown(request: HttpRequest, view: AuthorizationView) -> bytes:
    """Return the page that the person reads, without what is theirs alone."""
    return render("authorization", language_of(request), frame=STILL, view=view)


def _signable(
    view: AuthorizationView, asking: Asking, chosen: Chosen, fields: Mapping[str, str]
) -> Signable:
    return Signable(
        action=DECISION_PATH,
        fields=keep_fields(fields),
        terms=tuple(narrow_terms(one.terms, chosen) for one in view.consents),
        back=_address_of(asking),
        leads_to=BANKS,
    )


def _decide(
    asking: Asking, visit: Visit, *, approves: bool, shown: Shown = NOTHING_SHOWN
) -> Decision:
    return Decision(
        asking=asking,
        speaker=speaker_of(visit),
        approves=approves,
        shown=shown,
    )


async def _answer(house: House, decision: Decision) -> Response[bytes]:
    """Send the browser back with the answer: by GET, for what was posted here is none of theirs."""
    answer = await house.people.decide_authorization(decision)
    asked, issuer = answer.request, house.issuer
    parameters = dict(answer.parameters)
    # Unchanged, and absent where none was sent (RFC 6749, section 4.1.2).
    if asked.state is not None:
        parameters["state"] = asked.state
    signers = house.token_signers
    if asked.response_mode is ResponseMode.JWT and signers is not None:
        parameters = sign_response(
            parameters,
            signers.current(),
            issuer=issuer,
            client_id=asked.client_id,
            now=house.clock.now(),
        )
    else:
        parameters = name_issuer(parameters, issuer=issuer)
    return see_other(address_response(asked.redirect_uri, parameters))


router = Router("/", route_handlers=[ask, decide], exception_handlers={Exception: answer_page})
