"""Views that tests can change: one enterprise, one bank, one consent in each of its states."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.consents.model import ConsentState
from creditbridge.disputes.model import (
    Dispute,
    DisputeState,
    Draft,
    Ground,
    Outcome,
    Slip as DisputeSlip,
    Words,
)
from creditbridge.endpoints import dispute_views
from creditbridge.endpoints.charting import MarkKind, Span, draw_chart
from creditbridge.endpoints.confirming import ConfirmationView
from creditbridge.endpoints.contact_points import ContactPoints
from creditbridge.endpoints.dispute_views import FilingView
from creditbridge.endpoints.extents import Extent, Interval, Unit
from creditbridge.endpoints.inbox_views import ContactView, InboxLine, InboxView, inbox_line
from creditbridge.endpoints.openness import group_sections
from creditbridge.endpoints.person_views import (
    PersonConsentView,
    PersonLine,
    PersonListView,
)
from creditbridge.endpoints.statements import StatementListView, StatementView
from creditbridge.endpoints.views import (
    AskedConsent,
    AuthorizationView,
    Choice,
    ConsentLine,
    ConsentListView,
    ConsentView,
    DecisionView,
    ErrorView,
    Frame,
    LookOutcome,
    LookView,
    Notice,
    Oddity,
    Party,
    ReceiptView,
    SignInView,
    Slip,
    Terms,
    TurnView,
    Unusual,
    Visitor,
    WaitingView,
    WithdrawalView,
)
from creditbridge.evidence.statements import Statement, StatementLine, StatementParty, count
from creditbridge.ledger.model import EventKind
from creditbridge.notices import model as notices
from creditbridge.notices.model import NoticeKind
from creditbridge.profile.codes import KeyPosition, Product, Purpose, SectionCode, SubjectRole

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
CONSENT_ID = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
SECTIONS = (SectionCode.REG, SectionCode.PEN)
EXTENT = Extent(
    products=tuple(Product),
    roles=tuple(SubjectRole),
    per_day=1,
    interval=Interval(count=30, unit=Unit.DAYS),
    retention_days=1_830,
    until_business_end=True,
    monitoring=True,
    paper=True,
    supersedes=CONSENT_ID,
)
UNUSUAL = tuple(Oddity(sign=sign, value=400) for sign in Unusual)


def make_dispute_pages(foreign: str) -> dict[str, object]:
    """Pages of disputes: one in each state, one filed, one whose form has every slip."""
    filed = Dispute(
        dispute_id="dsp_1",
        uscc="91330106589876549K",
        person_id="prs_1",
        report_id="rpt_1",
        record_id="rec_1",
        platform="provincial",
        section=SectionCode.PEN,
        ground=Ground.WRONG_FACT,
        state=DisputeState.FILED,
        version=1,
        filed_at=NOW,
        answered_at=NOW,
        outcome=Outcome.KEEP,
        review_outcome=Outcome.CORRECT,
    )
    every = [replace(filed, state=state) for state in DisputeState]
    late = replace(filed, filed_at=NOW - timedelta(days=30), is_extended=True)
    today = replace(filed, filed_at=NOW - timedelta(days=7))
    words = Words(number=foreign, text=f"{foreign}\n{foreign}")
    return {
        "disputes": dispute_views.list_view([*every, late, today], now=NOW),
        "dispute": replace(dispute_views.dispute_view(filed, words, now=NOW), can_ask_review=True),
        "dispute_new": FilingView(
            report_id=foreign,
            draft=Draft(record_id=foreign, number=foreign, ground=foreign, text=foreign),
            slips=tuple(DisputeSlip),
        ),
    }


def make_person_pages(foreign: str) -> dict[str, object]:
    """Pages of a person's own consents: one waiting with nothing ticked, one of each state."""
    party = Party(name=foreign, uscc="91330000701234567K")
    line = PersonLine(
        person_consent_id="pcs_1",
        bank_name=foreign,
        enterprise_name=foreign,
        purposes=(Purpose.KEY_PERSON_REVIEW,),
        sections=(SectionCode.REG, SectionCode.OWN, SectionCode.PSN),
        state=ConsentState.REQUESTED,
        until=NOW,
    )
    ended = (ConsentState.REFUSED, ConsentState.LAPSED, ConsentState.WITHDRAWN)
    asked = PersonConsentView(
        person_consent_id="pcs_1",
        version=1,
        bank=party,
        enterprise=party,
        position=KeyPosition.LEGAL_REP,
        purposes=(Purpose.KEY_PERSON_REVIEW,),
        sections=(SectionCode.REG, SectionCode.OWN, SectionCode.PSN),
        authorization_no=foreign,
        state=ConsentState.REQUESTED,
        answer_by=NOW,
        valid_to=NOW + timedelta(days=30),
        days=30,
        lacks_section=True,
    )
    return {
        "my_consents": PersonListView(
            requested=(line,),
            live=(replace(line, state=ConsentState.ACTIVE),),
            ended=tuple(replace(line, state=state) for state in ended),
        ),
        "my_consent": asked,
    }


def make_terms(foreign: str) -> Terms:
    """Terms in which every text that others write is the given one."""
    return Terms(
        consent_id=CONSENT_ID,
        version=3,
        bank=Party(name=foreign, uscc="91330000701234567K"),
        enterprise=Party(name=foreign, uscc="91330106589876549K"),
        purposes=(Purpose.PRE_LOAN_REVIEW,),
        sections=SECTIONS,
        groups=group_sections(SECTIONS),
        extent=EXTENT,
        valid_from=NOW,
        valid_to=NOW + timedelta(days=180),
        max_queries=5,
        authorization_no=foreign,
        business_ref=foreign,
    )


def make_line(foreign: str, state: ConsentState) -> ConsentLine:
    """A line of the list."""
    return ConsentLine(
        consent_id=CONSENT_ID,
        bank_name=foreign,
        purposes=(Purpose.POST_LOAN, Purpose.RELATED_PARTY),
        state=state,
        until=NOW,
        used=2,
        max_queries=5,
        days_left=3 if state is ConsentState.ACTIVE else None,
        last_look_at=NOW if state is ConsentState.ACTIVE else None,
    )


def make_notice(foreign: str, kind: NoticeKind) -> InboxLine:
    """A line of the inbox."""
    told = notices.Notice(
        notice_id="ntc_1",
        kind=kind,
        about=CONSENT_ID,
        bank_name=foreign,
        purposes=(Purpose.PRE_LOAN_REVIEW,),
        told_at=NOW,
        is_read=kind is NoticeKind.REPORT_DELIVERED,
    )
    return inbox_line(told)


def make_statement(foreign: str) -> Statement:
    """A month with one look."""
    bank = StatementParty(uscc="91330000701234567K", name=foreign)
    lines = tuple(
        StatementLine(
            subject_seq=number,
            event_id="evt_1",
            kind=kind,
            decided_at=NOW,
            commitment="c" * 43,
            bank=bank,
            purpose=Purpose.POST_LOAN if kind is EventKind.REPORT_INTENDED else None,
            sections=(SectionCode.REG,) if kind is EventKind.REPORT_INTENDED else (),
        )
        for number, kind in enumerate((EventKind.REPORT_INTENDED, EventKind.REPORT_DELIVERED), 1)
    )
    return Statement(
        v=1,
        type="statement",
        statement_id="stm_1",
        origin="log.example",
        enterprise=StatementParty(uscc="91330106589876549K", name=foreign),
        month="2026-11",
        issued_at=NOW,
        after=0,
        last=2,
        entries=lines,
        outside=(),
        counts=count(lines),
        kid="k",
    )


def make_pages(foreign: str) -> dict[str, dict[str, object]]:
    """The context of every page, by template."""
    terms = make_terms(foreign)
    visitor = Visitor(name=foreign, enterprise=terms.enterprise, form_token="f" * 43)
    frame = Frame(path="/portal/consents", visitor=visitor, notice=Notice.APPROVED)
    receipt = ReceiptView(event_id=foreign, commitment=foreign, number=118)
    look = LookView(
        at=NOW,
        outcome=LookOutcome.DELIVERED,
        report_id=foreign,
        sections=(SectionCode.REG,),
        receipt=receipt,
    )
    states = list(ConsentState)
    lines = tuple(make_line(foreign, state) for state in states)
    views: dict[str, object] = {
        "sign_in": SignInView(return_to=foreign),
        "consents": ConsentListView(
            requested=lines[:1],
            live=lines[1:3],
            ended=lines[3:],
            banks=(terms.bank, Party(name=foreign, uscc="91330200YY0000B28A")),
        ),
        "decision": DecisionView(
            terms=terms,
            answer_by=NOW,
            choice=Choice(sections=frozenset(SECTIONS), reason=foreign, slips=tuple(Slip)),
            days=(30, 90),
            unusual=UNUSUAL,
        ),
        "consent": ConsentView(
            terms=terms,
            state=ConsentState.ACTIVE,
            used=2,
            looks=(look, replace(look, outcome=LookOutcome.FAILED, code=foreign)),
            chart=draw_chart(
                Span(begin=NOW, end=NOW + timedelta(days=180)),
                asked_at=NOW - timedelta(days=1),
                looks=[(NOW, MarkKind.LOOK), (NOW + timedelta(days=9), MarkKind.FAILED)],
                pauses=[Span(begin=NOW + timedelta(days=3), end=NOW + timedelta(days=5))],
                now=NOW + timedelta(days=10),
            ),
            turns=(
                TurnView(at=NOW, kind="requested"),
                TurnView(at=NOW, kind="approved", person=foreign),
            ),
            days_left=170,
            last_look_at=NOW,
            can_withdraw=True,
        ),
        "withdrawal": WithdrawalView(terms=terms, used=2),
        "confirmation": ConfirmationView(
            terms=terms, used=2, confirm_by=NOW, is_mine=True, unusual=UNUSUAL
        ),
        "authorization": AuthorizationView(
            bank=terms.bank,
            enterprise=terms.enterprise,
            consents=(
                AskedConsent(terms=terms, unusual=UNUSUAL),
                AskedConsent(terms=replace(terms, begins_at_yes=True, business_ref=None)),
            ),
            scopes=("consents", "reports"),
            answer_by=NOW,
            returns_to=foreign,
            client_id="north-web",
            request_uri="urn:ietf:params:oauth:request_uri:x",
            shown="s" * 43,
        ),
        "inbox": InboxView(
            lines=tuple(make_notice(foreign, kind) for kind in NoticeKind),
            unread=("ntc_1",),
            older="ntc_1",
        ),
        "statements": StatementListView(statements=(make_statement(foreign),)),
        "statement": StatementView(statement=make_statement(foreign)),
        "contact": ContactPoints(operator=foreign, complaints=foreign, regulator=foreign),
        **make_dispute_pages(foreign),
        **make_person_pages(foreign),
        "inbox_settings": ContactView(
            sends_mail=True, wants_looks=True, address=foreign, asked=foreign
        ),
        "waiting": WaitingView(
            request_id="req_1",
            bank=terms.bank,
            enterprise=terms.enterprise,
            consents=(
                AskedConsent(
                    terms=terms,
                    unusual=UNUSUAL,
                    choice=Choice(sections=frozenset(SECTIONS), slips=tuple(Slip)),
                    days=(30, 90),
                ),
            ),
            scopes=("consents", "reports"),
            answer_by=NOW,
            binding_message=foreign,
        ),
        "error": ErrorView(code=foreign, interaction_id=foreign, offers_sign_in=True),
    }
    return {name: {"frame": frame, "view": view} for name, view in views.items()}


@pytest.fixture
def pages() -> dict[str, dict[str, object]]:
    """The context of every page, with names as they are in life."""
    return make_pages("杭州江涛商业银行股份有限公司")


@pytest.fixture
def hostile_pages(hostile: str) -> dict[str, dict[str, object]]:
    """The context of every page, with one hostile text wherever others write."""
    return make_pages(hostile)
