"""Consents whose legal representative changed, as a replay follows them.

A consent that waits for the new legal representative goes on by their countersignature and by
nothing else: of the same artefact, of the version that waits, in time.
"""

from creditbridge.consents.confirmations.rules import REPRESENTATIVE
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    ConsentTurned,
    Core,
    EventKind,
)
from creditbridge.parties.model import Role


class Confirmations:
    """Which artefact was approved of each consent, and who confirmed what waits, so far."""

    def __init__(self) -> None:
        self._artefacts: dict[str, str] = {}
        self._said: dict[str, str] = {}

    def approve(self, core: Core, terms: ConsentApproved) -> None:
        """Keep what was approved."""
        self._artefacts[core.consent or ""] = terms.artefact_digest

    def confirm(
        self, core: Core, terms: ConsentCountersigned, consent: Consent | None
    ) -> str | None:
        """Keep the word of a new legal representative; return what is wrong with it, if anything.

        One of several approvals of a request is none of this.
        """
        if consent is None or consent.state is not ConsentState.PAUSED:
            return None
        if consent.confirm_by is None:
            return "a confirmation that nobody waits for"
        if terms.role != Role.LEGAL_REP:
            return "a confirmation of somebody who is no legal representative"
        if core.decided_at >= consent.confirm_by or terms.version != consent.version:
            return "a confirmation too late, or of another version"
        if terms.artefact_digest != self._artefacts.get(consent.consent_id):
            return "a confirmation of another artefact"
        self._said[consent.consent_id] = core.event_id
        return None

    def find_fault(self, core: Core, terms: ConsentTurned, before: Consent) -> str | None:
        """Return why a consent may not be paused or go on like this; None where it may."""
        waits = before.confirm_by is not None
        if core.kind is EventKind.CONSENT_PAUSED:
            by_succession = terms.reason == REPRESENTATIVE
            if by_succession != (terms.confirm_by is not None) or (by_succession and waits):
                return "a pause that says another reason than it has"
            if before.state is ConsentState.PAUSED and not by_succession:
                return "paused twice"
            return None
        confirmed = self._said.get(before.consent_id) if waits else None
        if terms.confirmed != confirmed or (waits and confirmed is None):
            return "resumed without the word of the new legal representative"
        return None
