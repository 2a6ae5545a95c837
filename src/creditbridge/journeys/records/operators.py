"""What operators' acts leave in the ledger."""

import hashlib

import msgspec

from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ChangeApproved,
    ChangeProposed,
    DigestName,
    EventKind,
    OperatorEnrolled,
    PersonName,
    Record,
)
from creditbridge.parties.model import Change, Operator
from creditbridge.parties.rules import read_key
from creditbridge.protocols.canonical_json import canonicalize

RULE = "four-eyes"
RULE_VERSION = "1"
ROLE = "OPERATOR"


def name_operator(operator: Operator) -> PersonName:
    """Return how the ledger names an operator."""
    return PersonName(person_id=operator.operator_id, name=operator.person_name, role=ROLE)


def enrolment_record(operator: Operator) -> Record:
    """Return the record that an operator may act from here on, with this key."""
    jwk = canonicalize(msgspec.to_builtins(read_key(operator.jwk).to_jwk()))
    return Record(
        kind=EventKind.OPERATOR_ENROLLED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=OperatorEnrolled(
            key_id=operator.key_id, key_digest=to_base64url(hashlib.sha256(jwk).digest())
        ),
        person=name_operator(operator),
    )


def proposal_record(change: Change, operator: Operator) -> Record:
    """Return the record of a proposal, with the proposer's signature."""
    return Record(
        kind=EventKind.CHANGE_PROPOSED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=ChangeProposed(
            change_id=change.change_id,
            act=change.kind,
            signature=to_base64url(change.proposal_signature),
            expires_at=change.expires_at,
        ),
        person=name_operator(operator),
        digests={DigestName.ACT: change.proposal_act},
    )


def approval_record(change: Change, operator: Operator) -> Record:
    """Return the record of an approval, with the approver's signature."""
    return Record(
        kind=EventKind.CHANGE_APPROVED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=ChangeApproved(
            change_id=change.change_id,
            act=change.kind,
            signature=to_base64url(change.approval_signature or b""),
        ),
        person=name_operator(operator),
        digests={DigestName.ACT: change.approval_act or b""},
    )
