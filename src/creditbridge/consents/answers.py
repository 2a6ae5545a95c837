"""What an enterprise may answer to a request. Pure: the clock is an argument."""

from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents.acts import Approval, Refusal, Withdrawal
from creditbridge.consents.letter import NotSignedHere
from creditbridge.consents.model import (
    Consent,
    ConsentEvent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.rules import next_state, state_at
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.profile.codes import ConsentForm, SectionCode

REASON_CHARACTERS_MAX = 200


class ConsentUnknown(Refused):
    """No such consent of this bank or enterprise; somebody else's is unknown too."""

    code = "consent-unknown"
    message = "There is no such consent."


class ConsentChanged(Refused):
    """The answer is to another version than the one that stands."""

    code = "consent-changed"
    message = "The request has changed since it was shown; read it again before answering."


class SectionsNotAsked(Refused):
    """An approval may narrow what was asked for, never widen or empty it."""

    code = "consent-sections-not-asked"
    message = "Only sections that the bank asked for can be approved, and at least one."


class WiderThanAsked(Refused):
    """An approval may end sooner and allow fewer uses than were asked for, never more, nor none."""

    code = "consent-wider-than-asked"
    message = "An approval may shorten the term or lower the number of queries, not raise them."


class ReasonMalformed(Malformed):
    """A reason that is too long or does not print."""

    code = "consent-reason-malformed"
    message = "A reason must be at most 200 printable characters."


def approve(consent: Consent | None, approval: Approval, *, now: datetime) -> Consent:
    """Return the consent as approved, before its artefact is signed.

    Raises:
        Refused: unknown, answered before, changed, lapsed, on paper, past its term, or widened.
    """
    asked = _require_answerable(consent, ConsentEvent.APPROVED, version=approval.version, now=now)
    if asked.form is ConsentForm.PAPER_SCAN:
        raise NotSignedHere
    # A yes to a term that is over would be a consent nobody can use, and looks like one.
    if now >= asked.valid_to:
        raise ConsentExpired
    return replace(
        asked,
        state=next_state(asked.state, ConsentEvent.APPROVED),
        version=asked.version + 1,
        sections=_narrow(asked, approval.sections),
        valid_to=_shorten(asked, approval.valid_to, now=now),
        max_queries=_lower(asked, approval.max_queries),
        decided_at=now,
        signer_person_id=approval.person_id,
        signer_role=approval.role,
        template_id=approval.template_id,
        template_version=approval.template_version,
        text_digest=approval.text_digest,
    )


def refuse(consent: Consent | None, refusal: Refusal, *, now: datetime) -> Consent:
    """Return the consent as refused.

    Raises:
        Refused: unknown, answered before, changed or lapsed.
        ReasonMalformed: the reason.
    """
    asked = _require_answerable(consent, ConsentEvent.REFUSED, version=refusal.version, now=now)
    return replace(
        asked,
        state=next_state(asked.state, ConsentEvent.REFUSED),
        version=asked.version + 1,
        decided_at=now,
        ended_at=now,
        signer_person_id=refusal.person_id,
        signer_role=refusal.role,
        reason=_require_reason(refusal.reason),
    )


def withdraw(consent: Consent | None, withdrawal: Withdrawal, *, now: datetime) -> Consent:
    """Return the consent as withdrawn: as easy as giving it (PIPL 15), whatever its version.

    Raises:
        Refused: unknown, never given, or ended before.
        ReasonMalformed: the reason.
    """
    if consent is None:
        raise ConsentUnknown
    return replace(
        consent,
        state=next_state(consent.state, ConsentEvent.WITHDRAWN),
        version=consent.version + 1,
        ended_at=now,
        withdrawn_by=withdrawal.person_id,
        reason=_require_reason(withdrawal.reason),
    )


def lapse(consent: Consent, *, now: datetime) -> Consent:
    """Return the consent as lapsed: nobody answered in time.

    Raises:
        TransitionImpossible: it was answered.
    """
    return replace(
        consent,
        state=next_state(consent.state, ConsentEvent.LAPSED),
        version=consent.version + 1,
        ended_at=now,
    )


def _require_answerable(
    consent: Consent | None, event: ConsentEvent, *, version: int, now: datetime
) -> Consent:
    if consent is None:
        raise ConsentUnknown
    # The state before the version: who comes second hears that it was answered, not that it
    # changed.
    next_state(consent.state, event)
    # What was read is what is answered: the version stands for the text that was shown.
    if consent.version != version:
        raise ConsentChanged
    if state_at(consent, now=now) is ConsentState.LAPSED:
        raise ConsentLapsed
    return consent


def _narrow(consent: Consent, sections: frozenset[SectionCode] | None) -> frozenset[SectionCode]:
    if sections is None:
        return consent.sections
    # Consent to nothing is a refusal, and must be given as one.
    if not sections or not sections <= consent.sections:
        raise SectionsNotAsked
    return sections


def _shorten(consent: Consent, valid_to: datetime | None, *, now: datetime) -> datetime:
    if valid_to is None:
        return consent.valid_to
    # A term without an instant in it is a refusal, and must be given as one.
    if not max(now, consent.valid_from) < valid_to <= consent.valid_to:
        raise WiderThanAsked
    return valid_to


def _lower(consent: Consent, max_queries: int | None) -> int:
    if max_queries is None:
        return consent.max_queries
    if not 1 <= max_queries <= consent.max_queries:
        raise WiderThanAsked
    return max_queries


def _require_reason(reason: str | None) -> str | None:
    # An officer's screen would obey control and invisible characters.
    if reason is not None and (len(reason) > REASON_CHARACTERS_MAX or not reason.isprintable()):
        raise ReasonMalformed
    return reason or None
