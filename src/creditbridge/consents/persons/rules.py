"""When a natural person's own consent covers anything, and how it moves. Pure: the clock is given.

The replay of the ledger runs the same lines.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.model import (
    PersonAct,
    PersonConsent,
    PersonConsentChanged,
    PersonConsentClosed,
    PersonConsentEnded,
    PersonConsentUnknown,
    PersonEvent,
    PersonPositionUnvouched,
    PersonPurposeMismatch,
    PersonRequest,
    PersonSectionsMismatch,
    PersonTermMismatch,
    PersonYes,
)
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode
from creditbridge.profile.persons import PERSON_SECTIONS

PERSON_RULE = "person-consent"
PERSON_RULE_VERSION = "1"
TERM_MAX = timedelta(days=365)
LAPSE = timedelta(days=7)
# Of the personal table: a check of a dispute needs a dispute of that person, and none is filed
# here.
PURPOSES = frozenset({Purpose.KEY_PERSON_REVIEW})
# Whom the identity service vouches for: a claim to be a controller is nobody's word.
VOUCHED = frozenset({KeyPosition.LEGAL_REP})

# A state that is absent here is an end.
TRANSITIONS: Mapping[ConsentState, Mapping[PersonEvent, ConsentState]] = MappingProxyType(
    {
        ConsentState.REQUESTED: {
            PersonEvent.CONSENTED: ConsentState.ACTIVE,
            PersonEvent.REFUSED: ConsentState.REFUSED,
        },
        ConsentState.ACTIVE: {PersonEvent.WITHDRAWN: ConsentState.WITHDRAWN},
    }
)


def require_askable(request: PersonRequest, *, now: datetime) -> None:
    """Accept what a bank may ask of a natural person.

    Raises:
        Refused: a purpose of the enterprise table, other sections, a term, a position.
    """
    # Purpose first, as everywhere: it is what the law asks first (PIPL 6).
    for purpose in request.purposes:
        require_purpose(purpose)
    if not request.purposes:
        raise PersonPurposeMismatch
    if not request.sections or not request.sections <= PERSON_SECTIONS:
        raise PersonSectionsMismatch
    if not now < request.valid_to <= now + TERM_MAX:
        raise PersonTermMismatch
    if request.position not in VOUCHED:
        raise PersonPositionUnvouched


def require_purpose(purpose: Purpose) -> None:
    """Accept a purpose for which natural persons can be asked.

    Raises:
        PersonPurposeMismatch: one of the enterprise table, or one that is not open here.
    """
    if purpose not in PURPOSES:
        raise PersonPurposeMismatch


def state_at(consent: PersonConsent, *, now: datetime) -> ConsentState:
    """Return the state to show: time ends a request and a term without a stored transition."""
    if consent.state is ConsentState.REQUESTED and now >= consent.lapses_at:
        return ConsentState.LAPSED
    if consent.state is ConsentState.ACTIVE and now >= consent.valid_to:
        return ConsentState.EXPIRED
    return consent.state


def agree(found: PersonConsent | None, yes: PersonYes, *, now: datetime) -> PersonConsent:
    """Return the consent as this person gave it, perhaps to fewer sections than were asked for.

    Raises:
        Refused: unknown, closed, changed since it was shown, or wider than asked.
    """
    asked = _require_open(found, PersonEvent.CONSENTED, now=now)
    # What was read is what is answered: the version stands for the text that was shown.
    if asked.version != yes.version:
        raise PersonConsentChanged
    # Nobody consents to what is over, and consent to nothing is a refusal.
    if now >= asked.valid_to:
        raise PersonConsentClosed
    if not yes.sections or not yes.sections <= asked.sections:
        raise PersonSectionsMismatch
    return replace(
        _move(asked, PersonEvent.CONSENTED),
        person_id=yes.person_id,
        sections=yes.sections,
        decided_at=now,
        template_id=yes.template_id,
        template_version=yes.template_version,
        text_digest=yes.text_digest,
    )


def decline(found: PersonConsent | None, no: PersonAct, *, now: datetime) -> PersonConsent:
    """Return the request as refused by this person.

    Raises:
        Refused: unknown or closed.
    """
    asked = _require_open(found, PersonEvent.REFUSED, now=now)
    return replace(
        _move(asked, PersonEvent.REFUSED), person_id=no.person_id, decided_at=now, ended_at=now
    )


def withdraw(found: PersonConsent | None, act: PersonAct, *, now: datetime) -> PersonConsent:
    """Return the consent as withdrawn: as easy as giving it (PIPL 15), whatever its version.

    Raises:
        Refused: another person's or unknown, never given, or ended before.
    """
    # Another person's is not there: nobody learns who else was asked.
    if found is None or found.person_id != act.person_id:
        raise PersonConsentUnknown
    if PersonEvent.WITHDRAWN not in TRANSITIONS.get(found.state, {}):
        raise PersonConsentClosed
    return replace(_move(found, PersonEvent.WITHDRAWN), ended_at=now)


def stands(consent: PersonConsent, *, now: datetime) -> bool:
    """Tell whether a consent is given, not withdrawn, and within its term at this instant."""
    begins = consent.decided_at
    return (
        consent.state is ConsentState.ACTIVE
        and begins is not None
        and begins <= now < consent.valid_to
    )


def select_covering(
    consents: Iterable[PersonConsent],
    purpose: Purpose,
    asked: frozenset[SectionCode],
    *,
    now: datetime,
) -> list[PersonConsent]:
    """Return which of a bank's consents in one enterprise's context cover a look.

    Raises:
        PersonPurposeMismatch: a purpose of the enterprise table.
    """
    require_purpose(purpose)
    return [
        one
        for one in consents
        if stands(one, now=now) and purpose in one.purposes and one.sections & asked
    ]


def require_all_standing(
    consents: Iterable[PersonConsent], needed: Iterable[str], *, now: datetime
) -> None:
    """Accept an answer that rests on these persons' consents, while all of them stand.

    Raises:
        PersonConsentEnded: one was withdrawn, ran out, or is not there.
    """
    standing = {one.person_consent_id for one in consents if stands(one, now=now)}
    if not standing.issuperset(needed):
        raise PersonConsentEnded


def _require_open(
    found: PersonConsent | None, event: PersonEvent, *, now: datetime
) -> PersonConsent:
    if found is None:
        raise PersonConsentUnknown
    is_open = event in TRANSITIONS.get(found.state, {})
    if not is_open or state_at(found, now=now) is ConsentState.LAPSED:
        raise PersonConsentClosed
    return found


def _move(consent: PersonConsent, event: PersonEvent) -> PersonConsent:
    state = TRANSITIONS[consent.state][event]
    return replace(consent, state=state, version=consent.version + 1)
