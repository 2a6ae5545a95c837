"""What is recorded of the people who may speak for an enterprise."""

from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    EnterpriseChanged,
    EnterpriseName,
    EventKind,
    PersonEnrolled,
    PersonName,
    Record,
    RepresentativeEnded,
    RepresentativeLimited,
    Terms,
)
from creditbridge.parties.model import Enrolment, Enterprise, Person
from creditbridge.parties.service import Agreement
from creditbridge.parties.voices.model import Document, Limits, Representative
from creditbridge.parties.voices.quorum import ApprovalRule

ENROLMENT_RULE = "person-enrolment"
APPOINTMENT_RULE = "agent-appointment"
QUORUM_RULE = "approval-quorum"
SUCCESSION_RULE = "legal-representative"
APPROVALS = "APPROVALS"
LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
RULE_VERSION = "1"


class Source(StrEnum):
    """Who says that the legal representative is another; the value is the ledger's word."""

    IDENTITY = "IDENTITY"
    REGISTER = "REGISTER"


def name_person(person: Person, representative: Representative) -> PersonName:
    """Return how the ledger names whoever speaks for an enterprise."""
    return PersonName(person_id=person.person_id, name=person.name, role=representative.role)


def person_record(person: Person, representative: Representative, enrolment: Enrolment) -> Record:
    """Return the record that a person may speak for an enterprise from here on."""
    return Record(
        kind=EventKind.PERSON_ENROLLED,
        rule=ENROLMENT_RULE,
        rule_version=RULE_VERSION,
        terms=PersonEnrolled(
            role=representative.role,
            issuer=enrolment.issuer,
            proof_digest=to_base64url(enrolment.proof_digest),
        ),
        enterprise=EnterpriseName(uscc=enrolment.uscc, name=enrolment.enterprise_name),
        person=name_person(person, representative),
    )


def appointment_record(
    person: Person,
    enterprise: Enterprise,
    representative: Representative,
    *,
    acted: str | None,
    is_first: bool,
) -> Record:
    """Return the record of what an agent may do from here on, by the entry `acted`."""
    limits, document = representative.limits, representative.document
    if limits is None or document is None:
        message = "an appointment has limits and a document"
        raise ValueError(message)
    terms = (
        _enrolled(person, representative, limits, document, acted)
        if is_first
        else _limited(limits, document, acted)
    )
    kind = EventKind.PERSON_ENROLLED if is_first else EventKind.REPRESENTATIVE_LIMITED
    return _record(kind, person, enterprise, representative, terms)


def ended_record(
    person: Person, enterprise: Enterprise, representative: Representative, *, acted: str | None
) -> Record:
    """Return the record that a person may speak no longer, by the entry `acted` where there is."""
    terms = RepresentativeEnded(
        role=representative.role, reason=str(representative.end_reason), acted=acted
    )
    return _record(EventKind.REPRESENTATIVE_ENDED, person, enterprise, representative, terms)


def rules_record(
    person: Person, enterprise: Enterprise, last: Representative, agreement: Agreement
) -> Record:
    """Return the record of how many people must approve what from here on, and who agreed."""
    entries = frozenset(one.entry for one in agreement.agreed if one.entry is not None)
    terms = EnterpriseChanged(
        what=APPROVALS,
        rules=frozenset(map(_spell, agreement.change.rules)),
        needed=agreement.needed,
        agreed=entries,
    )
    return replace(
        _record(EventKind.ENTERPRISE_CHANGED, person, enterprise, last, terms), rule=QUORUM_RULE
    )


def succession_record(
    enterprise: Enterprise,
    ended: Representative,
    source: Source,
    *,
    successor: Representative | None = None,
    as_of: datetime | None = None,
) -> Record:
    """Return the record that somebody is an enterprise's legal representative no longer."""
    terms = EnterpriseChanged(
        what=LEGAL_REPRESENTATIVE,
        source=source,
        ended=ended.entry,
        successor=None if successor is None else successor.entry,
        as_of=as_of,
    )
    return Record(
        kind=EventKind.ENTERPRISE_CHANGED,
        rule=SUCCESSION_RULE,
        rule_version=RULE_VERSION,
        terms=terms,
        enterprise=EnterpriseName(uscc=enterprise.uscc, name=enterprise.name),
    )


def _spell(rule: ApprovalRule) -> str:
    return f"{rule.approvers}/{rule.sections_min}/{'+'.join(sorted(rule.purposes))}"


def _enrolled(
    person: Person,
    representative: Representative,
    limits: Limits,
    document: Document,
    acted: str | None,
) -> PersonEnrolled:
    return PersonEnrolled(
        role=representative.role,
        issuer=person.issuer,
        proof_digest=to_base64url(document.digest),
        appointed_by=acted,
        document=document.kind,
        document_valid_until=document.valid_until,
        may_approve=limits.may_approve,
        purposes=frozenset(map(str, limits.purposes)),
        sections=frozenset(map(str, limits.sections)),
        days_max=limits.days_max,
        queries_max=limits.queries_max,
        ends_at=limits.ends_at,
    )


def _limited(limits: Limits, document: Document, acted: str | None) -> RepresentativeLimited:
    return RepresentativeLimited(
        acted=acted,
        proof_digest=to_base64url(document.digest),
        document=document.kind,
        document_valid_until=document.valid_until,
        may_approve=limits.may_approve,
        purposes=frozenset(map(str, limits.purposes)),
        sections=frozenset(map(str, limits.sections)),
        days_max=limits.days_max,
        queries_max=limits.queries_max,
        ends_at=limits.ends_at,
    )


def _record(
    kind: EventKind,
    person: Person,
    enterprise: Enterprise,
    representative: Representative,
    terms: Terms,
) -> Record:
    return Record(
        kind=kind,
        rule=APPOINTMENT_RULE,
        rule_version=RULE_VERSION,
        terms=terms,
        enterprise=EnterpriseName(uscc=enterprise.uscc, name=enterprise.name),
        person=name_person(person, representative),
    )
