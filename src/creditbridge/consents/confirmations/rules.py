"""What a consent becomes when its legal representative changes, and when the new one confirms it.

Pure: the clock is an argument.
"""

from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents.model import Consent, ConsentEvent, ConsentExpired, ConsentState
from creditbridge.consents.rules import GIVEN, TransitionImpossible, next_state
from creditbridge.foundation.errors import Refused

# Why a consent was paused, and why it ended: the ledger's words.
REPRESENTATIVE = "representative-changed"
UNCONFIRMED = "representative-unconfirmed"


class ConfirmationNeeded(Refused):
    """Paused because the legal representative changed: no press on a button resumes it."""

    code = "consent-confirmation-needed"
    message = "The legal representative has changed; the new one confirms this consent or ends it."


class ConfirmationNotAwaited(Refused):
    """The consent does not wait for a confirmation, or not any more, or is another by now."""

    code = "consent-confirmation-not-awaited"
    message = "This consent does not wait for a confirmation; open it again to see how it stands."


def await_confirmation(consent: Consent, *, confirm_by: datetime) -> Consent:
    """Return a given consent as paused until the new legal representative has confirmed it.

    Raises:
        TransitionImpossible: it was never given, has ended, or waits for one already.
    """
    if consent.state not in GIVEN or consent.confirm_by is not None:
        raise TransitionImpossible(detail="not given, or it waits for a confirmation")
    return replace(
        consent,
        state=next_state(consent.state, ConsentEvent.PAUSED),
        version=consent.version + 1,
        confirm_by=confirm_by,
    )


def confirm(consent: Consent | None, *, version: int, person_id: str, now: datetime) -> Consent:
    """Return a consent as the new legal representative confirms it: active, under their word.

    Raises:
        ConfirmationNotAwaited: it waits for none, waited too long, or changed since it was shown.
        ConsentExpired: its term is over.
    """
    if consent is None or consent.confirm_by is None or consent.state is not ConsentState.PAUSED:
        raise ConfirmationNotAwaited
    if consent.version != version or now >= consent.confirm_by:
        raise ConfirmationNotAwaited
    # A yes to a term that is over would be a consent nobody can use, and looks like one.
    if now >= consent.valid_to:
        raise ConsentExpired
    return replace(
        consent,
        state=next_state(consent.state, ConsentEvent.RESUMED),
        version=consent.version + 1,
        confirm_by=None,
        confirmed_by=person_id,
    )


def end_unconfirmed(consent: Consent, *, now: datetime) -> Consent:
    """Return a consent as ended because nobody confirmed it in time.

    Raises:
        TransitionImpossible: it waits for no confirmation, or there is time left.
    """
    if consent.confirm_by is None or now < consent.confirm_by:
        raise TransitionImpossible(detail="no confirmation is overdue")
    return replace(
        consent,
        state=next_state(consent.state, ConsentEvent.EXPIRED),
        version=consent.version + 1,
        ended_at=now,
        reason=UNCONFIRMED,
    )
