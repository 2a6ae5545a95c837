"""What a consent becomes when it is paused, taken up again, cancelled or over. Pure."""

from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents.model import (
    Consent,
    ConsentEvent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.rules import GIVEN, TransitionImpossible, next_state, state_at

CANCELLED = "bank-cancelled"  # Why a request lapsed: the ledger's word.


def pause(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as paused: it covers nothing until the enterprise resumes it.

    Raises:
        TransitionImpossible: it is not active.
        ConsentExpired: its term is over, whatever is stored.
    """
    return _move(_in_term(consent, now=now), ConsentEvent.PAUSED)


def resume(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as active again; its term and its uses went on while it was paused.

    Raises:
        TransitionImpossible: it is not paused.
        ConsentExpired: its term is over, whatever is stored.
    """
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


def _in_term(consent: Consent, *, now: datetime) -> Consent:
    if consent.state in GIVEN and now >= consent.valid_to:
        raise ConsentExpired
    return consent


def _move(consent: Consent, event: ConsentEvent) -> Consent:
    return replace(consent, state=next_state(consent.state, event), version=consent.version + 1)
