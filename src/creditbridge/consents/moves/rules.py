"""What a consent becomes when it is paused, taken up again, cancelled or over. Pure."""

from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents.confirmations.rules import ConfirmationNeeded
from creditbridge.consents.model import (
    Consent,
    ConsentEvent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.rules import GIVEN, TransitionImpossible, next_state, state_at
from creditbridge.profile.codes import Until

# Why a consent ended: the ledger's words.
CANCELLED = "bank-cancelled"
CLOSED = "business-closed"


def pause(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as paused: it covers nothing until the enterprise resumes it.

    Raises:
        TransitionImpossible: it is not active.
        ConsentExpired: its term is over, whatever is stored.
    """
    if consent.state is ConsentState.PAUSED:
        raise TransitionImpossible(detail="paused before")
    return _move(_in_term(consent, now=now), ConsentEvent.PAUSED)


def resume(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as active again; its term and its uses went on while it was paused.

    Raises:
        TransitionImpossible: it is not paused.
        ConfirmationNeeded: it waits for the word of the new legal representative.
        ConsentExpired: its term is over, whatever is stored.
    """
    if consent.confirm_by is not None:
        raise ConfirmationNeeded
    return _move(_in_term(consent, now=now), ConsentEvent.RESUMED)


def cancel(consent: Consent, *, now: datetime) -> Consent:
    """Return a request as its bank takes it back.

    Raises:
        TransitionImpossible: it was answered.
        ConsentLapsed: nobody answered it in time.
    """
    is_lapsed = state_at(consent, now=now) is ConsentState.LAPSED
    if consent.state is ConsentState.REQUESTED and is_lapsed:
        raise ConsentLapsed
    moved = _move(consent, ConsentEvent.CANCELLED)
    return replace(moved, ended_at=now, reason=CANCELLED)


def expire(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as ended by its term; what it covered, the instant had decided before.

    Raises:
        TransitionImpossible: it had ended before, or its term goes on.
    """
    if now < consent.valid_to:
        raise TransitionImpossible(detail="the term goes on")
    return replace(_move(consent, ConsentEvent.EXPIRED), ended_at=now)


def exhaust(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as used up, for whoever knows that no use of it can be given back.

    Raises:
        TransitionImpossible: it is not active, or has uses left.
    """
    # A paused one stays paused: an exhausted one still lets a kept answer be given again.
    if consent.state is not ConsentState.ACTIVE or consent.used < consent.max_queries:
        raise TransitionImpossible(detail="not active, or uses are left")
    return replace(_move(consent, ConsentEvent.EXHAUSTED), ended_at=now)


def supersede(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as ended by the yes to the one that takes its place.

    Raises:
        TransitionImpossible: it had ended before, or was never given.
    """
    return replace(_move(consent, ConsentEvent.SUPERSEDED), ended_at=now)


def close_business(consent: Consent, *, now: datetime) -> Consent:
    """Return a consent that knows of the end of its business; it goes on until its own end.

    Raises:
        TransitionImpossible: it names no business, or was told before, or does not stand.
    """
    names_open = consent.business_ref is not None and consent.business_closed_at is None
    if consent.state not in GIVEN or not names_open:
        raise TransitionImpossible(detail="no open business to close")
    return replace(consent, business_closed_at=now, version=consent.version + 1)


def end_with_business(consent: Consent, *, now: datetime) -> Consent:
    """Return a consent until the end of its business as ended by that.

    Raises:
        TransitionImpossible: it lasts for a term, or had ended before.
    """
    if consent.until is not Until.BUSINESS_END or consent.business_closed_at is None:
        raise TransitionImpossible(detail="not until the end of its business")
    return replace(_move(consent, ConsentEvent.EXPIRED), ended_at=now, reason=CLOSED)


def _in_term(consent: Consent, *, now: datetime) -> Consent:
    if consent.state in GIVEN and now >= consent.valid_to:
        raise ConsentExpired
    return consent


def _move(consent: Consent, event: ConsentEvent) -> Consent:
    return replace(consent, state=next_state(consent.state, event), version=consent.version + 1)
