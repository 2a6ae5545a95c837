"""When a scan becomes a consent, and how many operators that takes. Pure: the clock is an argument.

The replay of the ledger runs the same lines: who needed a second operator is decided by a digest.
"""

import hashlib
from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents.artefact import artefact_of, encode_artefact
from creditbridge.consents.model import (
    Consent,
    ConsentEvent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.paper.model import (
    DISOWNED,
    Confirmation,
    DocumentAltered,
    DocumentUnknown,
)
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.rules import next_state, state_at
from creditbridge.profile.codes import ConsentForm

CONFIRMATION_RULE = "paper-confirmation"
CONFIRMATION_RULE_VERSION = "1"
SAMPLE_DOMAIN = b"creditbridge-paper-sample-v1\x00"
SHARES = 100


def digest_lodged(consent: Consent) -> bytes:
    """Return the SHA-256 of the artefact that operators confirm, 32 bytes."""
    return hashlib.sha256(encode_artefact(artefact_of(consent))).digest()


def is_sampled(artefact_digest: bytes, *, percent: int) -> bool:
    """Tell whether a letter is one of those that a second operator checks.

    The artefact holds an id and an instant that the house gave it: neither whoever lodged the scan
    nor whoever confirms it could choose what is drawn.
    """
    drawn = hashlib.sha256(SAMPLE_DOMAIN + artefact_digest).digest()
    return int.from_bytes(drawn) % SHARES < percent


def count_needed(artefact_digest: bytes, ceilings: Ceilings) -> int:
    """Return how many operators must confirm a letter; without ceilings for paper every two do."""
    percent = SHARES if ceilings.paper is None else ceilings.paper.second_operator_percent
    return 2 if is_sampled(artefact_digest, percent=percent) else 1


def confirm(consent: Consent | None, confirmation: Confirmation, *, now: datetime) -> Consent:
    """Return the consent as the last confirmation makes it, before its artefact is signed.

    Raises:
        Refused: no letter, decided before, another text, lapsed, or past its term.
    """
    if consent is None or consent.form is not ConsentForm.PAPER_SCAN:
        raise DocumentUnknown
    # The state before the text: who comes second hears that it was decided, not that it changed.
    state = next_state(consent.state, ConsentEvent.CONFIRMED)
    said = (confirmation.version, confirmation.artefact_digest)
    if said != (consent.version, digest_lodged(consent)):
        raise DocumentAltered
    if state_at(consent, now=now) is ConsentState.LAPSED:
        raise ConsentLapsed
    if now >= consent.valid_to:
        raise ConsentExpired
    return replace(consent, state=state, version=consent.version + 1, decided_at=now)


def disown(
    consent: Consent | None, *, person_id: str, now: datetime
) -> tuple[ConsentEvent, Consent]:
    """Return what the enterprise's "not ours" does to a letter's consent, and the consent after it.

    Raises:
        DocumentUnknown: no letter.
        TransitionImpossible: it has ended.
    """
    if consent is None or consent.form is not ConsentForm.PAPER_SCAN:
        raise DocumentUnknown
    is_open = consent.state is ConsentState.REQUESTED
    event = ConsentEvent.REFUSED if is_open else ConsentEvent.WITHDRAWN
    ended = replace(
        consent,
        state=next_state(consent.state, event),
        version=consent.version + 1,
        ended_at=now,
        reason=DISOWNED,
        withdrawn_by=None if is_open else person_id,
    )
    return event, ended
