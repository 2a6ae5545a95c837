"""What changes of the registry leave in the ledger."""

import hashlib
from collections.abc import Callable, Mapping

import msgspec

from creditbridge.journeys.records.operators import RULE, RULE_VERSION, name_operator
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    BankName,
    BankOnboarded,
    DigestName,
    EventKind,
    Record,
    Terms,
)
from creditbridge.ledger.terms.registry import (
    BankLicensed,
    BankResumed,
    BankSuspended,
    ClientCertificateChanged,
    ClientConstraintChanged,
    ClientEnded,
    ClientKeysChanged,
    ClientRedirectsChanged,
    ClientRegistered,
    ClientSelfSignedChanged,
)
from creditbridge.parties.acts import SignedSuspension
from creditbridge.parties.model import Applied, Bank, Change, ChangeKind, Client, Operator
from creditbridge.parties.onboarding import read_onboarding
from creditbridge.parties.rules import encode_act
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.canonical_json import canonicalize

ONE_OPERATOR_RULE = "one-operator-suspends"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A change that has taken effect: what it changed, and how many tokens ended with it."""

    change: Change
    applied: Applied
    tokens_revoked: int = 0

    @property
    def client(self) -> Client:
        """The client that the change was about.

        Raises:
            ValueError: it was about a bank as a whole.
        """
        if self.applied.client is None:
            message = f"{self.change.kind} is about no client"
            raise ValueError(message)
        return self.applied.client


def change_record(outcome: Outcome) -> Record:
    """Return the record that a change is in force."""
    kind, describe = RECORDS[outcome.change.kind]
    return Record(
        kind=kind,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=describe(outcome),
        bank=_name(outcome.applied.bank),
    )


def suspension_record(
    suspension: SignedSuspension, bank: Bank, operator: Operator, *, tokens_revoked: int
) -> Record:
    """Return the record that one operator has shut a bank out, with the act as it was signed."""
    return Record(
        kind=EventKind.BANK_SUSPENDED,
        rule=ONE_OPERATOR_RULE,
        rule_version=RULE_VERSION,
        terms=BankSuspended(
            signature=to_base64url(suspension.signature), tokens_revoked=tokens_revoked
        ),
        bank=_name(bank),
        person=name_operator(operator),
        digests={DigestName.ACT: encode_act(suspension.act)},
    )


def _onboarded(outcome: Outcome) -> Terms:
    clients = read_onboarding(outcome.change.body).clients
    return BankOnboarded(
        change_id=outcome.change.change_id,
        clients=frozenset(client.client_id for client in clients),
        keys=outcome.applied.keys_added,
        certificates=outcome.applied.certificates_added or None,
        purposes=_words(outcome.applied.bank.purposes),
        sections=_words(outcome.applied.bank.sections),
        paper=outcome.applied.bank.paper or None,
    )


def _licensed(outcome: Outcome) -> Terms:
    bank = outcome.applied.bank
    return BankLicensed(
        change_id=outcome.change.change_id,
        purposes=_words(bank.purposes),
        sections=_words(bank.sections),
        paper=bank.paper or None,
    )


def _resumed(outcome: Outcome) -> Terms:
    return BankResumed(change_id=outcome.change.change_id)


def _registered(outcome: Outcome) -> Terms:
    client = outcome.client
    return ClientRegistered(
        change_id=outcome.change.change_id,
        client=client.client_id,
        scope=client.scopes,
        keys=outcome.applied.keys_added,
        subject_digest=_digest_subject(client),
        sender_constraint=client.sender_constraint,
        certificates=outcome.applied.certificates_added or None,
    )


def _keys_changed(outcome: Outcome) -> Terms:
    applied = outcome.applied
    return ClientKeysChanged(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        added=applied.keys_added,
        ended=applied.keys_ended,
        ends_at=applied.keys_end_at,
    )


def _self_signed_changed(outcome: Outcome) -> Terms:
    applied = outcome.applied
    return ClientSelfSignedChanged(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        added=applied.certificates_added,
        ended=applied.certificates_ended,
        ends_at=applied.keys_end_at,
    )


def _certificate_changed(outcome: Outcome) -> Terms:
    return ClientCertificateChanged(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        subject_digest=_digest_subject(outcome.client),
        tokens_revoked=outcome.tokens_revoked,
    )


def _constraint_changed(outcome: Outcome) -> Terms:
    return ClientConstraintChanged(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        sender_constraint=outcome.client.sender_constraint,
        tokens_revoked=outcome.tokens_revoked,
    )


def _redirects_changed(outcome: Outcome) -> Terms:
    return ClientRedirectsChanged(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        redirect_uris=outcome.client.redirect_uris,
    )


def _ended(outcome: Outcome) -> Terms:
    return ClientEnded(
        change_id=outcome.change.change_id,
        client=outcome.client.client_id,
        keys=outcome.applied.keys_ended,
        tokens_revoked=outcome.tokens_revoked,
        certificates=outcome.applied.certificates_ended or None,
    )


RECORDS: Mapping[ChangeKind, tuple[EventKind, Callable[[Outcome], Terms]]] = {
    ChangeKind.BANK_ONBOARDING: (EventKind.BANK_ONBOARDED, _onboarded),
    ChangeKind.BANK_LICENCE: (EventKind.BANK_LICENSED, _licensed),
    ChangeKind.BANK_RESUMPTION: (EventKind.BANK_RESUMED, _resumed),
    ChangeKind.CLIENT_REGISTRATION: (EventKind.CLIENT_REGISTERED, _registered),
    ChangeKind.CLIENT_KEYS: (EventKind.CLIENT_KEYS_CHANGED, _keys_changed),
    ChangeKind.CLIENT_CERTIFICATE: (EventKind.CLIENT_CERTIFICATE_CHANGED, _certificate_changed),
    ChangeKind.CLIENT_SELF_SIGNED: (EventKind.CLIENT_SELF_SIGNED_CHANGED, _self_signed_changed),
    ChangeKind.CLIENT_CONSTRAINT: (EventKind.CLIENT_CONSTRAINT_CHANGED, _constraint_changed),
    ChangeKind.CLIENT_REDIRECTS: (EventKind.CLIENT_REDIRECTS_CHANGED, _redirects_changed),
    ChangeKind.CLIENT_ENDING: (EventKind.CLIENT_ENDED, _ended),
}


def _words(codes: frozenset[Purpose] | frozenset[SectionCode] | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(map(str, codes))


def _name(bank: Bank) -> BankName:
    return BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name)


def _digest_subject(client: Client) -> str:
    # A subject may name a person who looks after the machine: a digest, never the name itself.
    matcher = canonicalize(msgspec.to_builtins(client.matcher))
    return to_base64url(hashlib.sha256(matcher).digest())
