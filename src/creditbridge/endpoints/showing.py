"""From the rooms' models to what the portal's pages show. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec.structs import replace

from creditbridge.access.granted.model import Grant
from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.moves.rules import CANCELLED
from creditbridge.consents.rules import state_at
from creditbridge.endpoints.charting import Chart, MarkKind, Span, draw_chart
from creditbridge.endpoints.choosing import list_days
from creditbridge.endpoints.extents import extent_of, next_look_at
from creditbridge.endpoints.letter_views import letter_view
from creditbridge.endpoints.look_views import look_view
from creditbridge.endpoints.openness import group_sections
from creditbridge.endpoints.unusual import list_unusual
from creditbridge.endpoints.views import (
    Approvals,
    AskedConsent,
    AuthorizationView,
    Choice,
    ConsentLine,
    ConsentListView,
    ConsentView,
    DecisionView,
    GrantLine,
    LookOutcome,
    Party,
    Terms,
    TurnView,
    WaitingLine,
    WaitingView,
    WithdrawalView,
)
from creditbridge.journeys.asked_consents import begin_in_time, list_asked, numbered_by_house
from creditbridge.journeys.decide_waiting import Waiting
from creditbridge.journeys.open_authorization import Asked
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.service import Look, Story
from creditbridge.parties.voices.model import Reach
from creditbridge.parties.voices.quorum import ApprovalRule, count_needed

LIVE = frozenset({ConsentState.ACTIVE, ConsentState.PAUSED})


def list_view(
    consents: Sequence[Consent],
    looks: Mapping[str, datetime],
    waiting: Sequence[Waiting] = (),
    *,
    now: datetime,
    bank: str = "",
) -> ConsentListView:
    """Return the list in its parts, each as ordered as given; of one bank where one is chosen."""
    banks = {one.bank_uscc: one.bank_name for one in consents}
    requested, live, ended = list[ConsentLine](), list[ConsentLine](), list[ConsentLine]()
    for one in consents:
        if bank in banks and one.bank_uscc != bank:
            continue
        state = state_at(one, now=now)
        part = requested if state is ConsentState.REQUESTED else live if state in LIVE else ended
        part.append(_line(one, state, looks.get(one.consent_id), now=now))
    return ConsentListView(
        requested=tuple(requested),
        live=tuple(live),
        ended=tuple(ended),
        # Never filtered away: what waits for minutes must not be overlooked.
        waiting=tuple(map(_waiting_line, waiting)),
        banks=tuple(Party(name=name, uscc=uscc) for uscc, name in sorted(banks.items())),
        bank=bank if bank in banks else "",
    )


def decision_view(
    consent: Consent, enterprise: Party, choice: Choice | None = None
) -> DecisionView:
    """Return what a representative decides on; `choice` is what they chose of it before."""
    terms = _terms(consent, enterprise)
    return DecisionView(
        terms=terms,
        answer_by=consent.lapses_at or consent.valid_to,
        choice=choice or Choice(sections=consent.sections),
        days=list_days(terms),
        unusual=list_unusual(terms),
        approvals=_approvals(consent.approvals_given, consent.approvals_needed),
    )


def authorization_view(asked: Asked, enterprise: Party) -> AuthorizationView:
    """Return what a bank asks in the browser, as it would be lodged if it were approved."""
    opened, bank = asked.opened, asked.bank
    request = opened.pushed.request
    requests = list_asked(opened.pushed, bank)
    return AuthorizationView(
        bank=Party(name=bank.legal_name, uscc=bank.uscc),
        enterprise=enterprise,
        consents=_asked_consents(requests, enterprise, asked.rules, asked_at=opened.opened_at),
        scopes=tuple(sorted(request.scopes)),
        answer_by=opened.expires_at,
        returns_to=urlsplit(request.redirect_uri).netloc,
        client_id=asked.asking.client_id,
        request_uri=asked.asking.request_uri,
    )


def waiting_view(waiting: Waiting, enterprise: Party) -> WaitingView:
    """Return what a bank's machine asks, as it would be lodged if it were approved."""
    found, bank = waiting.request, waiting.bank
    requests = list_asked(found.pushed, bank)
    return WaitingView(
        request_id=found.request_id,
        bank=Party(name=bank.legal_name, uscc=bank.uscc),
        enterprise=enterprise,
        consents=_asked_consents(
            requests, enterprise, waiting.rules, waiting.lodged, asked_at=found.asked_at
        ),
        scopes=tuple(sorted(found.pushed.request.scopes)),
        answer_by=found.expires_at,
        binding_message=found.pushed.request.binding_message,
    )


def _asked_consents(
    requests: Sequence[ConsentRequest],
    enterprise: Party,
    rules: tuple[ApprovalRule, ...],
    lodged: Mapping[str, Consent] = MappingProxyType({}),
    *,
    asked_at: datetime,
) -> tuple[AskedConsent, ...]:
    """Return what is asked: as an earlier approver lodged it, else as it would be lodged."""
    every = list[AskedConsent]()
    for one in requests:
        known = lodged.get(one.consent_id or "")
        terms = (
            _terms_asked(one, enterprise, asked_at=asked_at)
            if known is None
            else _terms(known, enterprise)
        )
        given = 0 if known is None else known.approvals_given
        every.append(
            AskedConsent(
                terms=terms,
                unusual=list_unusual(terms),
                approvals=_approvals(given, _count_needed(terms, rules)),
            )
        )
    if len(every) != 1:
        return tuple(every)
    (only,) = every
    chosen = Choice(sections=frozenset(only.terms.sections))
    return (replace(only, choice=chosen, days=list_days(only.terms)),)


def _waiting_line(waiting: Waiting) -> WaitingLine:
    """Return the line of a request in the list."""
    found = waiting.request
    return WaitingLine(
        request_id=found.request_id,
        bank_name=waiting.bank.legal_name,
        until=found.expires_at,
        binding_message=found.pushed.request.binding_message,
    )


def _count_needed(terms: Terms, rules: tuple[ApprovalRule, ...]) -> int:
    # Term and uses play no part in how many must approve.
    reach = Reach(
        purposes=frozenset(terms.purposes), sections=frozenset(terms.sections), days=0, queries=0
    )
    return count_needed(rules, reach)


def _approvals(given: int, needed: int) -> Approvals | None:
    return Approvals(given=given, needed=needed) if needed > 1 else None


def _terms_asked(asked: ConsentRequest, enterprise: Party, *, asked_at: datetime) -> Terms:
    begun = begin_in_time(asked, now=asked_at)
    return Terms(
        consent_id=asked.consent_id or "",
        version=1,
        bank=Party(name=asked.bank_name, uscc=asked.bank_uscc),
        enterprise=enterprise,
        purposes=tuple(sorted(asked.purposes)),
        sections=tuple(sorted(asked.sections)),
        valid_from=begun.valid_from or asked_at,
        valid_to=asked.valid_to,
        max_queries=asked.max_queries,
        # A number that the house gave is none of the bank's.
        authorization_no="" if numbered_by_house(asked) else asked.authorization_no,
        business_ref=asked.business_ref,
        groups=group_sections(asked.sections),
        extent=extent_of(asked),
        begins_at_yes=begun.valid_from is None,
    )


def consent_view(
    consent: Consent, enterprise: Party, story: Story, *, now: datetime
) -> ConsentView:
    """Return one consent with its looks and its turns."""
    state = state_at(consent, now=now)
    return ConsentView(
        terms=_terms(consent, enterprise),
        state=state,
        used=consent.used,
        looks=tuple(map(look_view, story.looks)),
        chart=_chart(consent, story, now=now),
        turns=_turns(story),
        days_left=_days_left(consent, state, now=now),
        last_look_at=story.looks[0].decided_at if story.looks else None,
        next_look_at=next_look_at(consent, [one.decided_at for one in story.looks], now=now),
        can_withdraw=state in LIVE,
        is_cancelled=consent.reason == CANCELLED,
        confirm_by=consent.confirm_by if state is ConsentState.PAUSED else None,
        letter=letter_view(consent, state),
    )


def _turns(story: Story) -> tuple[TurnView, ...]:
    return tuple(
        TurnView(
            at=one.decided_at,
            kind=one.word or one.kind.removeprefix("consent.").replace(".", "_"),
            person=one.person.name if one.person else "",
        )
        for one in story.turns
    )


def _chart(consent: Consent, story: Story, *, now: datetime) -> Chart:
    # A term that was cut short is drawn as long as it lasted.
    ended_at = min(consent.ended_at or consent.valid_to, consent.valid_to)
    begins_at = consent.valid_from
    if consent.decided_at is not None:
        begins_at = max(begins_at, consent.decided_at)
    looks = [(one.decided_at, _mark(one)) for one in story.looks]
    return draw_chart(
        Span(begin=min(begins_at, ended_at), end=ended_at),
        asked_at=consent.requested_at or consent.valid_from,
        looks=looks,
        pauses=_pauses(story, until=min(now, ended_at)),
        now=now,
    )


def _pauses(story: Story, *, until: datetime) -> list[Span]:
    """Return from when to when it was paused; a pause that nobody ended lasts `until`."""
    pauses, begun = list[Span](), None
    for one in story.turns:
        if one.kind is EventKind.CONSENT_PAUSED:
            begun = begun or one.decided_at
        elif begun is not None:
            # Whatever comes after it ends a pause: going on, or the end of the consent.
            pauses.append(Span(begin=begun, end=max(begun, min(one.decided_at, until))))
            begun = None
    if begun is not None:
        pauses.append(Span(begin=begun, end=max(begun, until)))
    return pauses


def _mark(look: Look) -> MarkKind:
    return MarkKind.LOOK if look.outcome == LookOutcome.DELIVERED else MarkKind.FAILED


def _days_left(consent: Consent, state: ConsentState, *, now: datetime) -> int | None:
    """Return the days until the end, a begun one counted; None where nothing is running."""
    if state not in LIVE:
        return None
    return max(0, ceil((consent.valid_to - now) / timedelta(days=1)))


def withdrawal_view(
    consent: Consent, enterprise: Party, looks: Sequence[Look] = (), grants: Sequence[Grant] = ()
) -> WithdrawalView:
    """Return what a withdrawal will do."""
    delivered = [look.decided_at for look in looks if look.outcome == LookOutcome.DELIVERED]
    kept = None if consent.retention_days is None else timedelta(days=consent.retention_days)
    return WithdrawalView(
        terms=_terms(consent, enterprise),
        used=consent.used,
        delivered=len(delivered),
        kept_until=max(delivered) + kept if delivered and kept else None,
        grants=tuple(GrantLine(client_id=one.client_id, made_at=one.made_at) for one in grants),
    )


def _line(
    consent: Consent, state: ConsentState, last_look_at: datetime | None, *, now: datetime
) -> ConsentLine:
    return ConsentLine(
        consent_id=consent.consent_id,
        bank_name=consent.bank_name,
        purposes=tuple(sorted(consent.purposes)),
        state=state,
        until=_until(consent, state),
        used=consent.used,
        max_queries=consent.max_queries,
        days_left=_days_left(consent, state, now=now),
        last_look_at=last_look_at,
        next_look_at=next_look_at(consent, [last_look_at] if last_look_at else [], now=now),
        is_cancelled=consent.reason == CANCELLED,
        confirm_by=consent.confirm_by if state is ConsentState.PAUSED else None,
        is_paper=consent.letter is not None,
    )


def _until(consent: Consent, state: ConsentState) -> datetime:
    """Return the end of what it waits for, of what it allows, or that it had."""
    if state is ConsentState.REQUESTED:
        return consent.lapses_at or consent.valid_to
    return consent.ended_at or consent.valid_to


def _terms(consent: Consent, enterprise: Party) -> Terms:
    return Terms(
        consent_id=consent.consent_id,
        version=consent.version,
        bank=Party(name=consent.bank_name, uscc=consent.bank_uscc),
        enterprise=enterprise,
        purposes=tuple(sorted(consent.purposes)),
        sections=tuple(sorted(consent.sections)),
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
        max_queries=consent.max_queries,
        authorization_no=consent.authorization_no,
        business_ref=consent.business_ref,
        groups=group_sections(consent.sections),
        extent=extent_of(consent),
    )
