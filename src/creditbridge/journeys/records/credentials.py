"""What passkeys leave in the ledger: the keys themselves, and signatures that did not hold."""

from collections.abc import Sequence
from enum import StrEnum

from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ApprovalRefused,
    CredentialEnded,
    CredentialEnrolled,
    CredentialRecovered,
    EnterpriseName,
    EventKind,
    PersonName,
    Record,
    Terms,
)
from creditbridge.login.passkeys.model import Passkey, Recovery
from creditbridge.parties.model import Person

RULE = "passkeys"
RULE_VERSION = "1"


class EndReason(StrEnum):
    """Why a passkey signs no more."""

    PERSON = "PERSON"
    RECOVERY = "RECOVERY"
    COUNTER_BACK = "COUNTER_BACK"
    AUTHORITY = "AUTHORITY"  # The person speaks for nobody any more.


def enrolment_record(
    passkey: Passkey, person: PersonName, *, proof_digest: bytes, recovery: Recovery | None
) -> Record:
    """Return the record that a person may sign with a passkey from here on.

    It names no enterprise: a person signs with one passkey for every enterprise they speak for,
    and none of these is to learn of another.
    """
    terms = CredentialEnrolled(
        credential=to_base64url(passkey.credential_digest),
        public_key=to_base64url(passkey.public_key),
        device_bound=passkey.device_bound,
        proof_digest=to_base64url(proof_digest),
        approves_from=passkey.approves_from,
        change_id=None if recovery is None else recovery.change_id,
    )
    return _record(EventKind.CREDENTIAL_ENROLLED, person, terms)


def end_record(passkey: Passkey, person: PersonName, reason: EndReason) -> Record:
    """Return the record that a passkey signs nothing from here on."""
    kind = (
        EventKind.CREDENTIAL_SUSPENDED
        if reason is EndReason.COUNTER_BACK
        else EventKind.CREDENTIAL_ENDED
    )
    terms = CredentialEnded(credential=to_base64url(passkey.credential_digest), reason=reason)
    return _record(kind, person, terms)


def recovery_record(
    ended: Sequence[Passkey], person: PersonName, *, change_id: str, cooling_hours: int
) -> Record:
    """Return the record that two operators opened the way for one new passkey."""
    terms = CredentialRecovered(
        change_id=change_id,
        ended=frozenset(to_base64url(one.credential_digest) for one in ended),
        cooling_hours=cooling_hours,
    )
    return _record(EventKind.CREDENTIAL_RECOVERED, person, terms)


def refusal_record(
    person: PersonName, enterprise: EnterpriseName, *, act: str, check: str
) -> Record:
    """Return the record of a signature that was not accepted."""
    return Record(
        kind=EventKind.APPROVAL_REFUSED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=ApprovalRefused(act=act, check=check),
        enterprise=enterprise,
        person=person,
    )


def name_owner(person: Person) -> PersonName:
    """Return how the ledger names whose passkeys they are, for whichever enterprise they speak."""
    return PersonName(person_id=person.person_id, name=person.name, role="REPRESENTATIVE")


def _record(kind: EventKind, person: PersonName, terms: Terms) -> Record:
    return Record(kind=kind, rule=RULE, rule_version=RULE_VERSION, terms=terms, person=person)
