"""What a natural person's own consent leaves in the ledger: one record per turn."""

import hashlib

from creditbridge.consents.persons.model import PersonConsent
from creditbridge.consents.persons.rules import PERSON_RULE, PERSON_RULE_VERSION
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.reports import request_bytes
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    BankName,
    DigestName,
    EnterpriseName,
    EventKind,
    PersonAsked,
    PersonConsented,
    PersonEnded,
    PersonName,
    Proofs,
    Record,
)


def asked_record(caller: Caller, consent: PersonConsent) -> Record:
    """Return the record of what a bank asks of a person; nobody is named yet."""
    return Record(
        kind=EventKind.PERSON_ASKED,
        rule=PERSON_RULE,
        rule_version=PERSON_RULE_VERSION,
        terms=PersonAsked(
            position=consent.position,
            purposes=frozenset(map(str, consent.purposes)),
            sections=frozenset(map(str, consent.sections)),
            valid_to=consent.valid_to,
            client=caller.client_id,
            authorization_no=consent.authorization_no,
            lapses_at=consent.lapses_at,
        ),
        bank=_bank_of(consent),
        enterprise=_enterprise_of(consent),
        digests={DigestName.REQUEST: request_bytes(caller.request)},
        proofs=Proofs(request=caller.request),
    )


def consented_record(consent: PersonConsent, person: PersonName, *, text: bytes = b"") -> Record:
    """Return the record of a person's yes, with the page that they read where it is at hand.

    Raises:
        ValueError: a consent that nobody gave, or whose request is in no entry.
    """
    if consent.decided_at is None or consent.asked is None or consent.artefact is None:
        message = "a record of a yes needs the yes"
        raise ValueError(message)
    return Record(
        kind=EventKind.PERSON_CONSENTED,
        rule=PERSON_RULE,
        rule_version=PERSON_RULE_VERSION,
        terms=PersonConsented(
            position=consent.position,
            purposes=frozenset(map(str, consent.purposes)),
            sections=frozenset(map(str, consent.sections)),
            valid_from=consent.decided_at,
            valid_to=consent.valid_to,
            asked=consent.asked,
            artefact_digest=to_base64url(hashlib.sha256(consent.artefact).digest()),
            template_id=consent.template_id or "",
            template_version=consent.template_version or "",
            text_digest=to_base64url(consent.text_digest or b""),
        ),
        bank=_bank_of(consent),
        enterprise=_enterprise_of(consent),
        person=person,
        digests={
            DigestName.ARTEFACT: consent.artefact,
            **({DigestName.TEXT: text} if text else {}),
        },
        key_ids={"consent": consent.artefact_key_id or ""},
        proofs=Proofs(text=text or None),
    )


def ended_record(kind: EventKind, consent: PersonConsent, person: PersonName) -> Record:
    """Return the record of a person's no, or of a withdrawal."""
    # A withdrawal names the yes that it ends, a no the question.
    ends = consent.entry if kind is EventKind.PERSON_WITHDRAWN else consent.asked
    return Record(
        kind=kind,
        rule=PERSON_RULE,
        rule_version=PERSON_RULE_VERSION,
        terms=PersonEnded(state=consent.state, ends=ends or ""),
        bank=_bank_of(consent),
        enterprise=_enterprise_of(consent),
        person=person,
    )


def _bank_of(consent: PersonConsent) -> BankName:
    return BankName(bank_id=consent.bank_id, uscc=consent.bank_uscc, legal_name=consent.bank_name)


def _enterprise_of(consent: PersonConsent) -> EnterpriseName:
    return EnterpriseName(uscc=consent.uscc, name=consent.name)
