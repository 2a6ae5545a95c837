"""What the page of the people shows: who may speak for the enterprise, and how far."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.endpoints.views import Party
from creditbridge.parties.model import Person, Role
from creditbridge.parties.voices.model import Document, DocumentKind, Limits, Representative
from creditbridge.profile.codes import Purpose, SectionCode


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


class PeopleView(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who speaks or spoke for an enterprise; `can_appoint` for who may change it."""

    enterprise: Party
    people: tuple[VoiceView, ...]
    can_appoint: bool


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
