"""How many people must approve what: proposed and agreed to on the page of the people."""

from collections.abc import Mapping

from litestar import Response, Router, post
from litestar.params import FromPath

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.page_errors import answer_page
from creditbridge.endpoints.views import Notice
from creditbridge.endpoints.visits import form_of, require_visit, see_other
from creditbridge.endpoints.voice_views import RULES_SHOWN
from creditbridge.parties.service import Agreement
from creditbridge.parties.voices.quorum import ApprovalRule, RulesMalformed
from creditbridge.profile.codes import Purpose

PATH = "/portal/people"
DIGITS_MAX = 2


@post(PATH + "/rules", status_code=303)
async def propose(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take other rules; they hold once as many people as now must approve agreed."""
    visit = await require_visit(request, house)
    form = await form_of(request, visit)
    agreement = await house.people.change_approvals.propose(
        _rules_of(form), person_id=visit.session.person_id, uscc=visit.session.uscc
    )
    return see_other(f"{PATH}?notice={_notice_of(agreement)}")


@post(PATH + "/rules/{change_id:str}", status_code=303)
async def agree(change_id: FromPath[str], request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Take one person's agreement to rules that somebody else proposed."""
    visit = await require_visit(request, house)
    await form_of(request, visit)
    agreement = await house.people.change_approvals.agree(
        change_id, person_id=visit.session.person_id, uscc=visit.session.uscc
    )
    return see_other(f"{PATH}?notice={_notice_of(agreement)}")


def _notice_of(agreement: Agreement) -> Notice:
    return Notice.PEOPLE if agreement.holds else Notice.AGREED


def _rules_of(form: Mapping[str, str]) -> tuple[ApprovalRule, ...]:
    """Return the rules of the lines that say how many; an empty line is none."""
    return tuple(
        _rule_of(form, number)
        for number in range(1, RULES_SHOWN + 1)
        if f"approvers.{number}" in form
    )


def _rule_of(form: Mapping[str, str], number: int) -> ApprovalRule:
    purpose = form.get(f"purpose.{number}")
    try:
        purposes = frozenset({Purpose(purpose)} if purpose else ())
    except ValueError as error:
        raise RulesMalformed from error
    return ApprovalRule(
        approvers=_number_of(form[f"approvers.{number}"]),
        purposes=purposes,
        sections_min=_number_of(form.get(f"sections.{number}", "0")),
    )


def _number_of(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise RulesMalformed
    return int(text)


router = Router("/", route_handlers=[propose, agree], exception_handlers={Exception: answer_page})
