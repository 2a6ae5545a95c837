"""What a natural person is shown of their own consents: facts only, without words or markup."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.model import PersonConsent, PersonUse
from creditbridge.consents.persons.rules import state_at
from creditbridge.endpoints.views import Party
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode

DAY_SECONDS = 86_400


class PersonLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list; `until` is by when to answer, the end of the term, or when it ended."""

    person_consent_id: str
    bank_name: str
    enterprise_name: str
    purposes: tuple[Purpose, ...]
    sections: tuple[SectionCode, ...]
    state: ConsentState
    until: datetime


class PersonListView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person, what is live, and what has ended, newest first."""

    requested: tuple[PersonLine, ...]
    live: tuple[PersonLine, ...]
    ended: tuple[PersonLine, ...]


class PersonConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """One of a person's consents: the request to decide on, or what became of it."""

    person_consent_id: str
    version: int
    bank: Party
    enterprise: Party
    position: KeyPosition
    purposes: tuple[Purpose, ...]
    sections: tuple[SectionCode, ...]
    authorization_no: str
    state: ConsentState
    answer_by: datetime
    valid_to: datetime
    days: int  # From the request to the end of the term, whole.
    given_at: datetime | None = None
    ended_at: datetime | None = None
    looks: tuple[datetime, ...] = ()  # When a look rested on it, newest first.
    lacks_section: bool = False  # A yes was sent with nothing ticked.

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer."""
        return self.state is ConsentState.REQUESTED

    @property
    def can_withdraw(self) -> bool:
        """Whether there is something to take back."""
        return self.state is ConsentState.ACTIVE


def list_view(consents: Sequence[PersonConsent], *, now: datetime) -> PersonListView:
    """Return the list of a person's consents as of an instant."""
    lines = [_line(one, now=now) for one in consents]
    return PersonListView(
        requested=tuple(one for one in lines if one.state is ConsentState.REQUESTED),
        live=tuple(one for one in lines if one.state is ConsentState.ACTIVE),
        ended=tuple(
            one for one in lines if one.state not in (ConsentState.REQUESTED, ConsentState.ACTIVE)
        ),
    )


def consent_view(
    consent: PersonConsent, uses: Sequence[PersonUse], *, now: datetime
) -> PersonConsentView:
    """Return one of a person's consents as of an instant."""
    length = consent.valid_to - consent.requested_at
    return PersonConsentView(
        person_consent_id=consent.person_consent_id,
        version=consent.version,
        bank=Party(name=consent.bank_name, uscc=consent.bank_uscc),
        enterprise=Party(name=consent.name, uscc=consent.uscc),
        position=consent.position,
        purposes=tuple(sorted(consent.purposes)),
        sections=_in_order(consent.sections),
        authorization_no=consent.authorization_no,
        state=state_at(consent, now=now),
        answer_by=consent.lapses_at,
        valid_to=consent.valid_to,
        days=-(-int(length.total_seconds()) // DAY_SECONDS),
        given_at=consent.decided_at if consent.artefact is not None else None,
        ended_at=consent.ended_at,
        looks=tuple(one.taken_at for one in uses),
    )


def _line(consent: PersonConsent, *, now: datetime) -> PersonLine:
    state = state_at(consent, now=now)
    waits = state in (ConsentState.REQUESTED, ConsentState.LAPSED)
    return PersonLine(
        person_consent_id=consent.person_consent_id,
        bank_name=consent.bank_name,
        enterprise_name=consent.name,
        purposes=tuple(sorted(consent.purposes)),
        sections=_in_order(consent.sections),
        state=state,
        until=consent.ended_at or (consent.lapses_at if waits else consent.valid_to),
    )


def _in_order(sections: frozenset[SectionCode]) -> tuple[SectionCode, ...]:
    # In the order of the profile, which is that of the enum.
    return tuple(one for one in SectionCode if one in sections)
