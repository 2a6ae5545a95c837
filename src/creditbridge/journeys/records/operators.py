"""What operators' acts leave in the ledger."""

import hashlib

import msgspec

from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    BankName,
    BankOnboarded,
    ChangeApproved,
    ChangeProposed,
    DigestName,
    EventKind,
    OperatorEnrolled,
    PersonName,
    Record,
)
from creditbridge.parties.model import Bank, Change, Operator
from creditbridge.parties.onboarding import list_keys, read_onboarding
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


def onboarding_record(change: Change, bank: Bank) -> Record:
    """Return the record that a bank may come through the bank door."""
    clients = read_onboarding(change.body).clients
    keys = frozenset(key.key_id for client in clients for key in list_keys(client))
    return Record(
        kind=EventKind.BANK_ONBOARDED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=BankOnboarded(
            change_id=change.change_id,
            clients=frozenset(client.client_id for client in clients),
            keys=keys,
        ),
        bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
    )
