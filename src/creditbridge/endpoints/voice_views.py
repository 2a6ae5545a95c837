"""What the page of the people shows: who may speak for the enterprise, and how far."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.endpoints.views import Party
from creditbridge.parties.model import Person, Role
from creditbridge.parties.service import Agreement
from creditbridge.parties.voices.model import Document, DocumentKind, Limits, Representative
from creditbridge.parties.voices.quorum import ApprovalRule
from creditbridge.profile.codes import Purpose, SectionCode

RULES_SHOWN = 3


class VoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """One person who speaks or spoke; `limits` and `document` are of an appointed agent."""

    person_id: str
    name: str
    role: Role
    since: datetime
    ended_at: datetime | None = None
    is_over: bool = False
    limits: Limits | None = None
    document: Document | None = None
    may_approve: bool = False


class RuleChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """Other rules that wait until as many people agreed as now must approve."""

    change_id: str
    rules: tuple[ApprovalRule, ...]
    until: datetime
    agreed: int
    needed: int


class PeopleView(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who speaks or spoke for an enterprise; `can_appoint` for who may change it.

    `lines` are those of the form for the rules; `purposes` what a line may name.
    """

    enterprise: Party
    people: tuple[VoiceView, ...]
    can_appoint: bool
    rules: tuple[ApprovalRule, ...] = ()
    changes: tuple[RuleChangeView, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    lines: tuple[int, ...] = tuple(range(1, RULES_SHOWN + 1))


class AppointmentView(msgspec.Struct, frozen=True, kw_only=True):
    """The form by which a legal representative says what an agent may do."""

    person: VoiceView
    enterprise: Party
    purposes: tuple[Purpose, ...]
    sections: tuple[SectionCode, ...]
    kinds: tuple[DocumentKind, ...] = tuple(DocumentKind)


def people_view(
    enterprise: Party,
    people: Sequence[tuple[Person, Representative]],
    *,
    can_appoint: bool,
    now: datetime,
) -> PeopleView:
    """Return the page: who may speak first, then who may no longer."""
    shown = [voice_view(person, representative, now=now) for person, representative in people]
    live = [one for one in shown if one.ended_at is None]
    ended = [one for one in shown if one.ended_at is not None]
    return PeopleView(enterprise=enterprise, people=(*live, *ended), can_appoint=can_appoint)


def voice_view(person: Person, representative: Representative, *, now: datetime) -> VoiceView:
    """Return one person as the page shows them."""
    limits, document = representative.limits, representative.document
    is_over = (
        limits is not None
        and document is not None
        and now >= min(limits.ends_at, document.valid_until)
    )
    appointed = limits is not None and limits.may_approve and not is_over
    return VoiceView(
        person_id=person.person_id,
        name=person.name,
        role=representative.role,
        since=representative.enrolled_at,
        ended_at=representative.ended_at,
        is_over=is_over,
        limits=limits,
        document=document,
        may_approve=representative.role is Role.LEGAL_REP or appointed,
    )


def change_view(agreement: Agreement) -> RuleChangeView:
    """Return a change of the rules as the page shows it."""
    change = agreement.change
    return RuleChangeView(
        change_id=change.change_id,
        rules=change.rules,
        until=change.expires_at,
        agreed=len(agreement.agreed),
        needed=agreement.needed,
    )
