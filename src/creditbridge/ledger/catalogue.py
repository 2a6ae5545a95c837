"""The kinds of entries: the contract between whoever writes the ledger and whoever replays it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from creditbridge.ledger.terms import (
    callers,
    consents,
    credentials,
    disputes,
    people,
    persons,
    registry,
    reports,
    statements,
)
from creditbridge.ledger.terms.base import Terms


class EventKind(StrEnum):
    """What an entry records; the value is the word in the core."""

    OPERATOR_ENROLLED = "operator.enrolled"
    CHANGE_PROPOSED = "change.proposed"
    CHANGE_APPROVED = "change.approved"
    BANK_ONBOARDED = "bank.onboarded"
    BANK_LICENSED = "bank.licensed"
    BANK_SUSPENDED = "bank.suspended"
    BANK_RESUMED = "bank.resumed"
    CLIENT_REGISTERED = "client.registered"
    CLIENT_KEYS_CHANGED = "client.keys_changed"
    CLIENT_KEYS_FETCHED = "client.keys_fetched"
    CLIENT_CERTIFICATE_CHANGED = "client.certificate_changed"
    CLIENT_SELF_SIGNED_CHANGED = "client.self_signed_changed"
    CLIENT_CONSTRAINT_CHANGED = "client.constraint_changed"
    CLIENT_REDIRECTS_CHANGED = "client.redirects_changed"
    CLIENT_ENDED = "client.ended"
    KEY_ANNOUNCED = "key.announced"
    KEY_RETIRED = "key.retired"
    PERSON_ENROLLED = "person.enrolled"
    CREDENTIAL_ENROLLED = "credential.enrolled"
    CREDENTIAL_SUSPENDED = "credential.suspended"
    CREDENTIAL_ENDED = "credential.ended"
    CREDENTIAL_RECOVERED = "credential.recovered"
    APPROVAL_REFUSED = "approval.refused"
    REPRESENTATIVE_LIMITED = "representative.limited"
    REPRESENTATIVE_ENDED = "representative.ended"
    ENTERPRISE_CHANGED = "enterprise.changed"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 -- the word of an event
    TOKEN_REFUSED = "token.refused"  # noqa: S105 -- the word of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 -- the word of an event
    GRANT_MADE = "grant.made"
    GRANT_REVOKED = "grant.revoked"
    CALLER_REFUSED = "caller.refused"
    CALLER_LIMITED = "caller.limited"
    STRANGERS_REFUSED = "strangers.refused"
    AUTHORIZATION_REFUSED = "authorization.refused"
    POLICY_CHANGED = "policy.changed"
    CONSENT_REQUESTED = "consent.requested"
    CONSENT_COUNTERSIGNED = "consent.countersigned"
    CONSENT_APPROVED = "consent.approved"
    DOCUMENT_CONFIRMED = "document.confirmed"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_SILENCED = "consent.silenced"
    CONSENT_LAPSED = "consent.lapsed"
    CONSENT_CANCELLED = "consent.cancelled"
    CONSENT_PAUSED = "consent.paused"
    CONSENT_RESUMED = "consent.resumed"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_EXHAUSTED = "consent.exhausted"
    CONSENT_SUPERSEDED = "consent.superseded"
    BUSINESS_CLOSED = "business.closed"
    PERSON_ASKED = "person.asked"
    PERSON_CONSENTED = "person.consented"
    PERSON_REFUSED = "person.refused"
    PERSON_WITHDRAWN = "person.withdrawn"
    USE_RETURNED = "use.returned"
    REPORT_INTENDED = "report.intended"
    REPORT_REFUSED = "report.refused"
    REPORT_DELIVERED = "report.delivered"
    REPORT_FAILED = "report.failed"
    REPORT_RECONCILED = "report.reconciled"
    DELIVERY_STOPPED = "delivery.stopped"
    PACK_ASSEMBLED = "pack.assembled"
    STATEMENT_ISSUED = "statement.issued"
    DISPUTE_FILED = "dispute.filed"
    DISPUTE_ANSWERED = "dispute.answered"


class ReferenceKind(StrEnum):
    """What a random reference stands for; also the member of the core that holds it."""

    BANK = "bank"
    ENTERPRISE = "enterprise"
    CONSENT = "consent"
    PERSON = "person"

    # As its word: the enum's own is written in Python, and asked for a dozen times per record.
    __hash__ = str.__hash__


class DigestName(StrEnum):
    """What a salted digest was taken of."""

    REQUEST = "request"  # The signature base of the bank's request, or its body if unsigned.
    QUERY = "query"  # The signature bases of the queries, joined by `join_parts`.
    ANSWER = "answer"  # The signature bases of the platforms' answers, joined likewise.
    PROFILE = "profile"  # The sealed profile, byte for byte.
    ARTEFACT = "artefact"  # The consent artefact, an enterprise's or a person's, byte for byte.
    ACT = "act"  # What an operator signed.
    PROOF = "proof"  # What an identity provider signed.
    APPROVAL = "approval"  # What a passkey signed and with what (`ApprovalProof.parts`), joined.
    STANDING = "standing"  # A platform's signed answer to a dispute, as it came.
    TEXT = "text"  # The page that a person read before they said yes, byte for byte.
    WORDS = "words"  # What a person wrote, and the record's number at its source, joined.


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of entry: its terms, whom it names, what it digests."""

    terms: type[Terms]
    names: frozenset[ReferenceKind] = frozenset()  # Always there.
    may_name: frozenset[ReferenceKind] = frozenset()
    digests: frozenset[DigestName] = frozenset()  # Never others.
    chained: bool = False  # Part of the consent's gapless chain of uses and transitions.
    may_lack_receipt: bool = False  # Where nobody was handed one, none was signed.


_BANK = frozenset({ReferenceKind.BANK})
_ENTERPRISE = frozenset({ReferenceKind.ENTERPRISE})
_CONSENT = frozenset({ReferenceKind.CONSENT})
_PERSON = frozenset({ReferenceKind.PERSON})
_UNDER_CONSENT = _BANK | _ENTERPRISE | _CONSENT
_REQUEST = frozenset({DigestName.REQUEST})
_EXCHANGE = frozenset({DigestName.QUERY, DigestName.ANSWER})
_ACT = frozenset({DigestName.ACT})

_TRANSITION = Row(terms=consents.ConsentEnded, names=_UNDER_CONSENT, may_name=_PERSON, chained=True)
_PERSONS_END = Row(terms=persons.PersonEnded, names=_BANK | _ENTERPRISE | _PERSON)
_TURN = Row(terms=consents.ConsentTurned, names=_UNDER_CONSENT | _PERSON, chained=True)

CATALOGUE: Mapping[EventKind, Row] = {
    EventKind.OPERATOR_ENROLLED: Row(terms=registry.OperatorEnrolled, names=_PERSON, digests=_ACT),
    EventKind.CHANGE_PROPOSED: Row(terms=registry.ChangeProposed, names=_PERSON, digests=_ACT),
    EventKind.CHANGE_APPROVED: Row(terms=registry.ChangeApproved, names=_PERSON, digests=_ACT),
    EventKind.BANK_ONBOARDED: Row(terms=registry.BankOnboarded, names=_BANK, may_name=_PERSON),
    EventKind.BANK_LICENSED: Row(terms=registry.BankLicensed, names=_BANK),
    EventKind.BANK_SUSPENDED: Row(
        terms=registry.BankSuspended, names=_BANK | _PERSON, digests=_ACT
    ),
    EventKind.BANK_RESUMED: Row(terms=registry.BankResumed, names=_BANK),
    EventKind.CLIENT_REGISTERED: Row(terms=registry.ClientRegistered, names=_BANK),
    EventKind.CLIENT_KEYS_CHANGED: Row(terms=registry.ClientKeysChanged, names=_BANK),
    EventKind.CLIENT_KEYS_FETCHED: Row(terms=registry.ClientKeysFetched, names=_BANK),
    EventKind.CLIENT_CERTIFICATE_CHANGED: Row(terms=registry.ClientCertificateChanged, names=_BANK),
    EventKind.CLIENT_SELF_SIGNED_CHANGED: Row(terms=registry.ClientSelfSignedChanged, names=_BANK),
    EventKind.CLIENT_CONSTRAINT_CHANGED: Row(terms=registry.ClientConstraintChanged, names=_BANK),
    EventKind.CLIENT_REDIRECTS_CHANGED: Row(terms=registry.ClientRedirectsChanged, names=_BANK),
    EventKind.CLIENT_ENDED: Row(terms=registry.ClientEnded, names=_BANK),
    EventKind.KEY_ANNOUNCED: Row(terms=registry.KeyAnnounced),
    EventKind.KEY_RETIRED: Row(terms=registry.KeyRetired),
    EventKind.PERSON_ENROLLED: Row(
        terms=people.PersonEnrolled,
        names=_ENTERPRISE | _PERSON,
        digests=frozenset({DigestName.PROOF}),
    ),
    EventKind.CREDENTIAL_ENROLLED: Row(terms=credentials.CredentialEnrolled, names=_PERSON),
    EventKind.CREDENTIAL_SUSPENDED: Row(terms=credentials.CredentialEnded, names=_PERSON),
    EventKind.CREDENTIAL_ENDED: Row(terms=credentials.CredentialEnded, names=_PERSON),
    EventKind.CREDENTIAL_RECOVERED: Row(terms=credentials.CredentialRecovered, names=_PERSON),
    EventKind.APPROVAL_REFUSED: Row(terms=credentials.ApprovalRefused, names=_ENTERPRISE | _PERSON),
    EventKind.REPRESENTATIVE_LIMITED: Row(
        terms=people.RepresentativeLimited, names=_ENTERPRISE | _PERSON
    ),
    EventKind.REPRESENTATIVE_ENDED: Row(
        terms=people.RepresentativeEnded, names=_ENTERPRISE | _PERSON
    ),
    EventKind.ENTERPRISE_CHANGED: Row(
        terms=people.EnterpriseChanged, names=_ENTERPRISE, may_name=_PERSON
    ),
    EventKind.TOKEN_ISSUED: Row(terms=callers.TokenIssued, names=_BANK, may_lack_receipt=True),
    EventKind.TOKEN_REFUSED: Row(terms=callers.TokenRefused, names=_BANK, may_lack_receipt=True),
    EventKind.TOKEN_REVOKED: Row(terms=callers.TokenRevoked, names=_BANK),
    EventKind.GRANT_MADE: Row(
        terms=callers.GrantMade, names=_BANK | _ENTERPRISE | _PERSON, may_name=_CONSENT
    ),
    EventKind.GRANT_REVOKED: Row(
        terms=callers.GrantRevoked, names=_BANK, may_name=_ENTERPRISE | _CONSENT | _PERSON
    ),
    EventKind.CALLER_REFUSED: Row(terms=callers.CallerRefused, names=_BANK, may_lack_receipt=True),
    EventKind.CALLER_LIMITED: Row(terms=callers.CallerLimited, names=_BANK),
    EventKind.STRANGERS_REFUSED: Row(terms=callers.StrangersRefused),
    EventKind.AUTHORIZATION_REFUSED: Row(
        terms=callers.AuthorizationRefused, names=_BANK, may_name=_ENTERPRISE | _PERSON
    ),
    EventKind.POLICY_CHANGED: Row(terms=consents.PolicyChanged),
    EventKind.CONSENT_REQUESTED: Row(
        terms=consents.ConsentRequested, names=_UNDER_CONSENT, digests=_REQUEST, chained=True
    ),
    EventKind.CONSENT_COUNTERSIGNED: Row(
        terms=consents.ConsentCountersigned,
        names=_UNDER_CONSENT | _PERSON,
        digests=frozenset({DigestName.APPROVAL, DigestName.TEXT}),
        chained=True,
    ),
    EventKind.CONSENT_APPROVED: Row(
        terms=consents.ConsentApproved,
        names=_UNDER_CONSENT | _PERSON,
        digests=frozenset({DigestName.ARTEFACT, DigestName.APPROVAL, DigestName.TEXT}),
        chained=True,
    ),
    EventKind.DOCUMENT_CONFIRMED: Row(
        terms=consents.DocumentConfirmed,
        names=_UNDER_CONSENT | _PERSON,
        digests=frozenset({DigestName.ARTEFACT, DigestName.ACT}),
        chained=True,
    ),
    EventKind.CONSENT_REFUSED: _TRANSITION,
    EventKind.CONSENT_WITHDRAWN: _TRANSITION,
    EventKind.CONSENT_LAPSED: _TRANSITION,
    EventKind.CONSENT_CANCELLED: _TRANSITION,
    # By nobody of the enterprise where its legal representative changed.
    EventKind.CONSENT_PAUSED: Row(
        terms=consents.ConsentTurned, names=_UNDER_CONSENT, may_name=_PERSON, chained=True
    ),
    EventKind.CONSENT_RESUMED: _TURN,
    EventKind.CONSENT_EXPIRED: _TRANSITION,
    EventKind.CONSENT_EXHAUSTED: _TRANSITION,
    EventKind.CONSENT_SUPERSEDED: _TRANSITION,
    EventKind.BUSINESS_CLOSED: Row(
        terms=consents.BusinessClosed, names=_UNDER_CONSENT, chained=True
    ),
    EventKind.PERSON_ASKED: Row(
        terms=persons.PersonAsked, names=_BANK | _ENTERPRISE, digests=_REQUEST
    ),
    EventKind.PERSON_CONSENTED: Row(
        terms=persons.PersonConsented,
        names=_BANK | _ENTERPRISE | _PERSON,
        digests=frozenset({DigestName.ARTEFACT, DigestName.TEXT}),
    ),
    EventKind.PERSON_REFUSED: _PERSONS_END,
    EventKind.PERSON_WITHDRAWN: _PERSONS_END,
    EventKind.CONSENT_SILENCED: Row(
        terms=consents.ConsentSilenced, names=_UNDER_CONSENT, chained=True
    ),
    EventKind.USE_RETURNED: Row(terms=reports.UseReturned, names=_UNDER_CONSENT, chained=True),
    EventKind.REPORT_INTENDED: Row(
        terms=reports.ReportIntended, names=_UNDER_CONSENT, digests=_REQUEST, chained=True
    ),
    EventKind.REPORT_REFUSED: Row(
        terms=reports.ReportRefused,
        names=_BANK,
        may_name=_ENTERPRISE | _CONSENT,
        digests=_REQUEST,
    ),
    EventKind.REPORT_DELIVERED: Row(
        terms=reports.ReportDelivered,
        names=_UNDER_CONSENT,
        digests=_EXCHANGE | {DigestName.PROFILE},
    ),
    EventKind.REPORT_FAILED: Row(
        terms=reports.ReportFailed, names=_UNDER_CONSENT, digests=_EXCHANGE
    ),
    EventKind.REPORT_RECONCILED: Row(
        terms=reports.ReportReconciled, names=_UNDER_CONSENT, digests=_EXCHANGE
    ),
    EventKind.DELIVERY_STOPPED: Row(terms=reports.DeliveryStopped, names=_UNDER_CONSENT),
    EventKind.PACK_ASSEMBLED: Row(terms=reports.PackAssembled, names=_BANK),
    EventKind.STATEMENT_ISSUED: Row(terms=statements.StatementIssued, names=_ENTERPRISE),
    EventKind.DISPUTE_FILED: Row(
        terms=disputes.DisputeFiled,
        names=_ENTERPRISE | _PERSON,
        digests=frozenset({DigestName.WORDS}),
    ),
    EventKind.DISPUTE_ANSWERED: Row(
        terms=disputes.DisputeAnswered,
        names=_ENTERPRISE,
        digests=frozenset({DigestName.STANDING}),
    ),
}
