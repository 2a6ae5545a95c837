"""What a consent's story leaves in the ledger: one link of its chain per transition."""

import hashlib
from enum import StrEnum
from typing import TypeVar

import msgspec
from msgspec.structs import asdict, replace

from creditbridge.consents.approvals.model import Approved
from creditbridge.consents.confirmations.rules import REPRESENTATIVE
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.records.reports import name_bank, name_enterprise, request_bytes
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ArtefactProof,
    BusinessClosed,
    ConsentApproved,
    ConsentCountersigned,
    ConsentEnded,
    ConsentExtent,
    ConsentRequested,
    ConsentSilenced,
    ConsentTurned,
    DigestName,
    EventKind,
    PersonName,
    Proofs,
    Record,
    Terms,
)
from creditbridge.ledger.rules import join_parts
from creditbridge.profile.codes import ConsentForm, Until

T = TypeVar("T", bound=StrEnum)

DECISION_RULE = "consent-decision"
DECISION_RULE_VERSION = "1"
LAPSE_RULE = "consent-lapse"
SILENCE_RULE = "consent-silence"
CONFIRMATION_RULE = "consent-confirmation"


class TextShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a person read before they said yes; `text_digest` is of the page's bytes, 32 bytes."""

    template_id: str
    template_version: str
    text_digest: bytes
    text: bytes = b""


def extent_of(consent: Consent) -> ConsentExtent:
    """Return what a consent reaches, in the ledger's words: what does not apply is absent."""
    return ConsentExtent(
        version=consent.version,
        purposes=frozenset(map(str, consent.purposes)),
        sections=frozenset(map(str, consent.sections)),
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
        max_queries=consent.max_queries,
        clients=consent.clients,
        authorization_no=consent.authorization_no,
        business_ref=consent.business_ref,
        data_classes=_words(consent.data_classes),
        products=_words(consent.products),
        roles=_words(consent.roles),
        recurring=None if consent.recurring else False,
        per_day=consent.per_day,
        min_interval_seconds=consent.min_interval_seconds,
        retention_days=consent.retention_days,
        until=None if consent.until is Until.TERM else consent.until,
        form=None if consent.form is ConsentForm.E_SIGN else consent.form,
        monitoring=consent.monitoring or None,
        document=None if consent.document is None else consent.document.sha256,
        supersedes=consent.supersedes,
    )


def _words(codes: frozenset[T]) -> frozenset[str] | None:
    return frozenset(map(str, codes)) or None


def request_record(caller: Caller, consent: Consent) -> Record:
    """Return the record of a bank's request for a consent; the first link of its chain."""
    terms = ConsentRequested(
        client=caller.client_id,
        lapses_at=consent.lapses_at or consent.valid_to,
        **asdict(extent_of(consent)),
    )
    return replace(
        _record(EventKind.CONSENT_REQUESTED, consent, terms),
        rule=consent.rule,
        rule_version=consent.rule_version,
        digests={DigestName.REQUEST: request_bytes(caller.request)},
        proofs=Proofs(request=caller.request),
    )


def answered_record(
    approved: Approved, person: PersonName, signature: ApproverSignature | None = None
) -> Record:
    """Return the record of one person's yes: the consent's own, or one of several."""
    if approved.consent.state is ConsentState.REQUESTED:
        return _countersigned_record(approved, person, signature)
    mine = approved.mine.person_id
    others = [one.entry for one in approved.counted if one.person_id != mine]
    entries = frozenset(entry for entry in others if entry is not None)
    record = approval_record(approved.consent, person, signature, countersigned=entries)
    return _shown_record(record, approved.text)


def _countersigned_record(
    approved: Approved, person: PersonName, signature: ApproverSignature | None
) -> Record:
    mine, consent = approved.mine, approved.consent
    terms = ConsentCountersigned(
        version=mine.version,
        role=person.role,
        artefact_digest=to_base64url(mine.artefact_digest),
        template_id=mine.template_id,
        template_version=mine.template_version,
        text_digest=to_base64url(mine.text_digest),
        given=consent.approvals_given,
        needed=consent.approvals_needed,
        credential=None if signature is None else signature.credential_event,
    )
    record = replace(_record(EventKind.CONSENT_COUNTERSIGNED, consent, terms), person=person)
    return _shown_record(_signed_record(record, signature), approved.text)


def _signed_record(record: Record, signature: ApproverSignature | None) -> Record:
    """Return a record with what the approver's passkey signed, where one did."""
    if signature is None:
        return record
    return replace(
        record,
        digests={**record.digests, DigestName.APPROVAL: join_parts(signature.proof.parts)},
        proofs=replace(record.proofs, approval=signature.proof),
    )


def _shown_record(record: Record, text: bytes) -> Record:
    """Return a record with the page that was read, where it is at hand."""
    if not text:
        return record
    return replace(
        record,
        digests={**record.digests, DigestName.TEXT: text},
        proofs=replace(record.proofs, text=text),
    )


def approval_record(
    consent: Consent,
    person: PersonName,
    signature: ApproverSignature | None = None,
    *,
    countersigned: frozenset[str] = frozenset(),
) -> Record:
    """Return the record of an enterprise's yes, with what the gateway and the approver signed.

    `countersigned` are the event ids of the approvals of others that counted.
    """
    terms = ConsentApproved(
        **asdict(extent_of(consent)),
        role=person.role,
        artefact_digest=to_base64url(hashlib.sha256(consent.artefact).digest()),
        template_id=consent.template_id or "",
        template_version=consent.template_version or "",
        text_digest=to_base64url(consent.text_digest or b""),
        credential=None if signature is None else signature.credential_event,
        needed=consent.approvals_needed,
        countersigned=countersigned or None,
    )
    artefact = ArtefactProof(
        artefact=consent.artefact,
        signature=consent.artefact_signature,
        key_id=consent.artefact_key_id,
    )
    record = replace(
        _record(EventKind.CONSENT_APPROVED, consent, terms),
        person=person,
        digests={DigestName.ARTEFACT: consent.artefact},
        key_ids={"consent": consent.artefact_key_id},
        proofs=Proofs(artefact=artefact),
    )
    return _signed_record(record, signature)


def end_record(kind: EventKind, consent: Consent, person: PersonName) -> Record:
    """Return the record of an enterprise's no, or of its withdrawal."""
    terms = ConsentEnded(version=consent.version, state=consent.state)
    return replace(_record(kind, consent, terms), person=person)


def turn_record(kind: EventKind, consent: Consent, person: PersonName) -> Record:
    """Return the record that an enterprise paused a consent, or let it go on."""
    terms = ConsentTurned(version=consent.version, state=consent.state)
    return replace(_record(kind, consent, terms), person=person)


def held_record(consent: Consent) -> Record:
    """Return the record that a consent waits for the word of the new legal representative."""
    terms = ConsentTurned(
        version=consent.version,
        state=consent.state,
        reason=REPRESENTATIVE,
        confirm_by=consent.confirm_by,
    )
    return replace(_record(EventKind.CONSENT_PAUSED, consent, terms), rule=CONFIRMATION_RULE)


def confirmation_record(
    consent: Consent,
    person: PersonName,
    shown: TextShown,
    signature: ApproverSignature | None = None,
) -> Record:
    """Return the record of the new legal representative's yes to a consent as it was shown."""
    terms = ConsentCountersigned(
        version=consent.version - 1,
        role=person.role,
        artefact_digest=to_base64url(hashlib.sha256(consent.artefact).digest()),
        template_id=shown.template_id,
        template_version=shown.template_version,
        text_digest=to_base64url(shown.text_digest),
        given=1,
        needed=1,
        credential=None if signature is None else signature.credential_event,
    )
    record = replace(
        _record(EventKind.CONSENT_COUNTERSIGNED, consent, terms),
        person=person,
        rule=CONFIRMATION_RULE,
    )
    return _shown_record(_signed_record(record, signature), shown.text)


def confirmed_record(consent: Consent, person: PersonName, *, confirmed: str) -> Record:
    """Return the record that a consent goes on by a countersignature, an event id."""
    terms = ConsentTurned(version=consent.version, state=consent.state, confirmed=confirmed)
    record = _record(EventKind.CONSENT_RESUMED, consent, terms)
    return replace(record, person=person, rule=CONFIRMATION_RULE)


def house_record(kind: EventKind, consent: Consent) -> Record:
    """Return the record of an end that no person of the enterprise brought about."""
    terms = ConsentEnded(version=consent.version, state=consent.state, reason=consent.reason)
    return _record(kind, consent, terms)


def closing_record(consent: Consent) -> Record:
    """Return the record that a bank told a consent of the end of its business."""
    terms = BusinessClosed(version=consent.version, business_ref=consent.business_ref or "")
    return _record(EventKind.BUSINESS_CLOSED, consent, terms)


def lapse_record(consent: Consent) -> Record:
    """Return the record of a request that nobody answered in time."""
    terms = ConsentEnded(version=consent.version, state=consent.state)
    return replace(_record(EventKind.CONSENT_LAPSED, consent, terms), rule=LAPSE_RULE)


def silence_record(consent: Consent, *, withdrawn: str, waited: int) -> Record:
    """Return the record that nothing runs under a withdrawn consent; `waited` in milliseconds."""
    terms = ConsentSilenced(
        version=consent.version, withdrawn=withdrawn, waited_milliseconds=waited
    )
    return replace(_record(EventKind.CONSENT_SILENCED, consent, terms), rule=SILENCE_RULE)


def _record(kind: EventKind, consent: Consent, terms: Terms) -> Record:
    return Record(
        kind=kind,
        rule=DECISION_RULE,
        rule_version=DECISION_RULE_VERSION,
        terms=terms,
        bank=name_bank(consent),
        enterprise=name_enterprise(consent),
        consent_id=consent.consent_id,
    )
