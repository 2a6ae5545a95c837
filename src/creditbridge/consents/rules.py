"""When a consent covers a request, and how it moves.

Pure: the clock is an argument, so that the replay of the ledger runs the same lines.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from creditbridge.consents.frequency import next_use_at, require_frequency
from creditbridge.consents.model import (
    Asked,
    BusinessClosed,
    ClientNotAllowed,
    Consent,
    ConsentEvent,
    ConsentExhausted,
    ConsentExpired,
    ConsentFrequency,
    ConsentInactive,
    ConsentLapsed,
    ConsentMissing,
    ConsentPaused,
    ConsentPending,
    ConsentRefused,
    ConsentState,
    ConsentSuperseded,
    ConsentWithdrawn,
    Coverage,
    ProductMismatch,
    PurposeMismatch,
    RoleMismatch,
    SectionsNotCovered,
)
from creditbridge.consents.policy import Ceilings, ConsentBeyondPolicy, ceilings_for, narrow
from creditbridge.foundation.errors import Refused
from creditbridge.parties.licence import require_form
from creditbridge.profile.classes import CLOSED_CLASSES, NEEDED_CLASSES, classes_of
from creditbridge.profile.codes import DataClass, Purpose, SectionCode, Until

COVERAGE_RULE = "consent-coverage"
COVERAGE_RULE_VERSION = "2"
# Version 1 knew neither classes, products, roles and frequency nor the end of the business: what it
# decided on a consent that says nothing of them, version 2 decides alike.
COVERAGE_RULE_VERSIONS = frozenset({"1", COVERAGE_RULE_VERSION})

GIVEN = frozenset({ConsentState.ACTIVE, ConsentState.PAUSED})

# An exhausted consent stands: an answer already given may be given again, no new one.
STANDING = frozenset({ConsentState.ACTIVE, ConsentState.EXHAUSTED})

REASONS: Mapping[ConsentState, type[ConsentInactive]] = MappingProxyType(
    {
        ConsentState.REQUESTED: ConsentPending,
        ConsentState.PAUSED: ConsentPaused,
        ConsentState.REFUSED: ConsentRefused,
        ConsentState.LAPSED: ConsentLapsed,
        ConsentState.WITHDRAWN: ConsentWithdrawn,
        ConsentState.EXPIRED: ConsentExpired,
        ConsentState.SUPERSEDED: ConsentSuperseded,
    }
)

_ENDS = {
    ConsentEvent.WITHDRAWN: ConsentState.WITHDRAWN,
    ConsentEvent.EXPIRED: ConsentState.EXPIRED,
    ConsentEvent.EXHAUSTED: ConsentState.EXHAUSTED,
    ConsentEvent.SUPERSEDED: ConsentState.SUPERSEDED,
}

# A state that is absent here is an end: it never changes again.
TRANSITIONS: Mapping[ConsentState, Mapping[ConsentEvent, ConsentState]] = MappingProxyType(
    {
        ConsentState.REQUESTED: {
            ConsentEvent.APPROVED: ConsentState.ACTIVE,
            ConsentEvent.CONFIRMED: ConsentState.ACTIVE,
            ConsentEvent.REFUSED: ConsentState.REFUSED,
            ConsentEvent.LAPSED: ConsentState.LAPSED,
            ConsentEvent.CANCELLED: ConsentState.LAPSED,
        },
        ConsentState.ACTIVE: {ConsentEvent.PAUSED: ConsentState.PAUSED, **_ENDS},
        # Paused once more: the word that it rests on fell while the enterprise had paused it.
        ConsentState.PAUSED: {
            ConsentEvent.RESUMED: ConsentState.ACTIVE,
            ConsentEvent.PAUSED: ConsentState.PAUSED,
            **_ENDS,
        },
    }
)


class TransitionImpossible(Refused):
    """The consent's state does not allow what was to happen to it."""

    code = "consent-transition-impossible"
    message = "The consent's present state does not allow this."


def next_state(state: ConsentState, event: ConsentEvent) -> ConsentState:
    """Return the state after an event.

    Raises:
        TransitionImpossible: the event has no place in this state.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError as error:
        raise TransitionImpossible(detail=f"{event} in {state}") from error


def state_at(consent: Consent, *, now: datetime) -> ConsentState:
    """Return the state to show: time and uses end a consent without a stored transition."""
    if consent.state is ConsentState.REQUESTED:
        return ConsentState.LAPSED if _is_overdue(consent, now=now) else consent.state
    if consent.state not in GIVEN:
        return consent.state
    if now >= consent.valid_to or is_business_over(consent, now=now):
        return ConsentState.EXPIRED
    # Shown, never stored: a use that is given back revives the consent.
    return ConsentState.EXHAUSTED if is_used_up(consent) else consent.state


def is_used_up(consent: Consent) -> bool:
    """Tell whether no use is left; a consent to one look has one, whatever else it says."""
    allowed = consent.max_queries if consent.recurring else min(consent.max_queries, 1)
    return consent.used >= allowed


def is_business_over(consent: Consent, *, now: datetime) -> bool:
    """Tell whether the end of its business has ended the consent: at the very instant it has."""
    closed_at = consent.business_closed_at
    return consent.until is Until.BUSINESS_END and closed_at is not None and now >= closed_at


def classes_consented(consent: Consent) -> frozenset[DataClass]:
    """Return the classes of data that the consent opens: never those that no enterprise can."""
    return (consent.data_classes or classes_of(consent.sections)) - CLOSED_CLASSES


def sections_consented(consent: Consent) -> frozenset[SectionCode]:
    """Return the sections that the consent opens: those whose every class it opens too."""
    classes = classes_consented(consent)
    return frozenset(code for code in consent.sections if NEEDED_CLASSES[code] <= classes)


def next_look_at(consent: Consent, *, now: datetime) -> datetime | None:
    """Return from when on a bank may look again, `now` or later; None where never as it stands."""
    if state_at(consent, now=now) is not ConsentState.ACTIVE:
        return None
    at = max(next_use_at(consent, now=now), consent.valid_from)
    return at if at < consent.valid_to else None


def _is_overdue(consent: Consent, *, now: datetime) -> bool:
    return consent.lapses_at is not None and now >= consent.lapses_at


def require_coverage(
    consent: Consent | None, asked: Asked, *, now: datetime, ceilings: Ceilings | None = None
) -> Coverage:
    """Return what of the request the consent covers, within the ceilings of the instant.

    Raises:
        Refused: the first reason below, after those of `require_standing`.
        ConsentBeyondPolicy: by the consent alone it would be covered.
    """
    consent = require_standing(consent, asked, now=now)
    coverage = _cover(consent, asked, now=now)
    if ceilings is None:
        return coverage
    ceilings = ceilings_for(ceilings, consent.form)
    # The consent first: what the enterprise allowed is told in its own words, whatever the policy.
    if asked.purpose not in ceilings.purposes or consent.form not in ceilings.forms:
        raise ConsentBeyondPolicy
    left = narrow(consent, ceilings, coverage.classes)
    try:
        within = _cover(require_standing(left, asked, now=now), asked, now=now)
    except ConsentFrequency:
        raise
    except Refused as refusal:
        raise ConsentBeyondPolicy(detail=refusal.code) from refusal
    return replace(within, consent=consent, policy=ceilings.rule_version)


def _cover(consent: Consent, asked: Asked, *, now: datetime) -> Coverage:
    _require_business(consent, asked, now=now)
    if consent.state is ConsentState.EXHAUSTED or is_used_up(consent):
        raise ConsentExhausted
    require_frequency(consent, now=now)
    # What is covered is served, the rest named as omitted; nothing at all is a refusal, and takes
    # no use.
    opened = sections_consented(consent)
    if not (sections := asked.sections & opened):
        raise SectionsNotCovered
    return Coverage(
        consent=consent,
        within=consent,
        sections=sections,
        omitted=asked.sections - opened,
        classes=classes_consented(consent),
        use_number=consent.used + 1,
        rule=COVERAGE_RULE,
        rule_version=COVERAGE_RULE_VERSION,
    )


def require_standing(consent: Consent | None, asked: Asked, *, now: datetime) -> Consent:
    """Return the consent where it stands for this caller at this instant, whatever its uses.

    Enough for an answer that was given before under the same idempotency key.

    Raises:
        Refused: the first reason below; `ConsentExpired` is also "not yet valid".
    """
    # Another bank's consent is reported as missing, not as forbidden:
    # a bank must not learn with whom else the enterprise deals.
    if consent is None or (consent.bank_id, consent.uscc) != (asked.bank_id, asked.uscc):
        raise ConsentMissing
    # A client that is not named learns nothing of how the consent stands.
    if consent.clients and asked.client_id not in consent.clients:
        raise ClientNotAllowed
    if consent.state not in STANDING:
        raise REASONS[consent.state]
    # The instant decides, not a stored EXPIRED.
    if not consent.valid_from <= now < consent.valid_to:
        raise ConsentExpired
    if is_business_over(consent, now=now):
        raise BusinessClosed
    # A licence that was narrowed since counts at once, for what was given under it, too.
    require_form(consent.form, asked.forms)
    return consent


def require_active(consent: Consent | None, *, now: datetime) -> Consent:
    """Return the consent while it is given and has uses left, for whoever holds a grant of it.

    One whose term has not begun is given as well.

    Raises:
        Refused: unknown, or the reason of the state that it is in.
    """
    if consent is None:
        raise ConsentMissing
    state = state_at(consent, now=now)
    if state is ConsentState.EXHAUSTED:
        raise ConsentExhausted
    if state is not ConsentState.ACTIVE:
        raise REASONS[state]
    return consent


def _require_business(consent: Consent, asked: Asked, *, now: datetime) -> None:
    # Purpose before uses and sections: it is what the law asks first (PIPL 6).
    if asked.purpose not in consent.purposes:
        raise PurposeMismatch
    # A consent that names products or roles is for those alone: who names none is not covered.
    if consent.products and asked.product not in consent.products:
        raise ProductMismatch
    if consent.roles and asked.role not in consent.roles:
        raise RoleMismatch
    if asked.purpose is Purpose.POST_LOAN and not _is_open_business(consent, asked, now=now):
        raise BusinessClosed


def _is_open_business(consent: Consent, asked: Asked, *, now: datetime) -> bool:
    """Tell whether the credit relation that the consent names has not ended (PBoC reason 03)."""
    if consent.business_ref is None or consent.business_ref != asked.business_ref:
        return False
    return consent.business_closed_at is None or now < consent.business_closed_at
