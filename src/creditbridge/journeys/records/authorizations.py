"""What an answer to a bank leaves in the ledger, beside the records of consents and grants."""

import msgspec

from creditbridge.access.backchannel.model import SentRequest
from creditbridge.access.pushed.model import PushedRequest, Sent
from creditbridge.consents.model import Consent
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.consents import request_record
from creditbridge.ledger.model import (
    AuthorizationRefused,
    BankName,
    EnterpriseName,
    EventKind,
    PersonName,
    Record,
    RequestProof,
)
from creditbridge.parties.model import Bank

RULE = "browser-answer"
PORTAL_RULE = "portal-answer"
RULE_VERSION = "1"


def name_bank(bank: Bank) -> BankName:
    """Return how the ledger names a bank."""
    return BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name)


def asked_record(pushed: PushedRequest | SentRequest, bank: Bank, consent: Consent) -> Record:
    """Return the record of a consent that is answered at once, with what the bank sent for it."""
    caller = Caller(client_id=pushed.request.client_id, bank=bank, request=_proof_of(pushed.sent))
    return request_record(caller, consent)


def refused_record(
    pushed: PushedRequest | SentRequest,
    bank: Bank,
    code: str,
    *,
    enterprise: EnterpriseName | None = None,
    person: PersonName | None = None,
) -> Record:
    """Return the record that a request was answered with a no: a person's, who is named, or ours.

    Whom we turn away is not named: they spoke for somebody else.
    """
    return Record(
        kind=EventKind.AUTHORIZATION_REFUSED,
        rule=RULE if isinstance(pushed, PushedRequest) else PORTAL_RULE,
        rule_version=RULE_VERSION,
        terms=AuthorizationRefused(client=pushed.request.client_id, code=code),
        bank=name_bank(bank),
        enterprise=enterprise,
        person=person,
    )


def _proof_of(sent: Sent) -> RequestProof:
    return msgspec.convert(sent, RequestProof, from_attributes=True)
