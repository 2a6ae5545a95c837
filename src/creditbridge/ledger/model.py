"""A record on its way into the ledger, the entry it becomes, and what opens it again."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from creditbridge.foundation.errors import Refused, Unavailable, Untrusted
from creditbridge.ledger.catalogue import CATALOGUE, DigestName, EventKind, ReferenceKind
from creditbridge.ledger.encoding import Instant, SpellingUnknown, encode
from creditbridge.ledger.names import BankName, ConsentName, EnterpriseName, Name, PersonName
from creditbridge.ledger.proofs import (
    EXCHANGES,
    ActProof,
    ApprovalProof,
    ArtefactProof,
    ExchangeParts,
    ExchangeProof,
    HttpExchange,
    Proofs,
    RequestProof,
    SignatureSuite,
    Sm2Exchange,
)
from creditbridge.ledger.terms.base import Terms
from creditbridge.ledger.terms.callers import (
    AuthorizationRefused,
    CallerLimited,
    CallerRefused,
    GrantMade,
    GrantRevoked,
    StrangersRefused,
    TokenIssued,
    TokenRefused,
    TokenRevoked,
)
from creditbridge.ledger.terms.consents import (
    BusinessClosed,
    ConsentApproved,
    ConsentCountersigned,
    ConsentEnded,
    ConsentExtent,
    ConsentRequested,
    ConsentSilenced,
    ConsentTurned,
    DocumentConfirmed,
    PolicyChanged,
)
from creditbridge.ledger.terms.credentials import (
    ApprovalRefused,
    CredentialEnded,
    CredentialEnrolled,
    CredentialRecovered,
)
from creditbridge.ledger.terms.disputes import DisputeAnswered, DisputeFiled
from creditbridge.ledger.terms.people import (
    EnterpriseChanged,
    PersonEnrolled,
    RepresentativeEnded,
    RepresentativeLimited,
)
from creditbridge.ledger.terms.persons import PersonAsked, PersonConsented, PersonEnded
from creditbridge.ledger.terms.registry import (
    BankLicensed,
    BankOnboarded,
    ChangeApproved,
    ChangeProposed,
    KeyAnnounced,
    KeyRetired,
    OperatorEnrolled,
)
from creditbridge.ledger.terms.reports import (
    DeliveryStopped,
    PackAssembled,
    ReportDelivered,
    ReportFailed,
    ReportIntended,
    ReportReconciled,
    ReportRefused,
    ReportTerms,
    UseReturned,
)
from creditbridge.ledger.terms.statements import StatementIssued

__all__ = [
    "CATALOGUE",
    "EXCHANGES",
    "ActProof",
    "ApprovalProof",
    "ApprovalRefused",
    "ArtefactProof",
    "AuthorizationRefused",
    "BankLicensed",
    "BankName",
    "BankOnboarded",
    "BusinessClosed",
    "CallerLimited",
    "CallerRefused",
    "ChangeApproved",
    "ChangeProposed",
    "ConsentApproved",
    "ConsentCountersigned",
    "ConsentEnded",
    "ConsentExtent",
    "ConsentName",
    "ConsentRequested",
    "ConsentSilenced",
    "ConsentTurned",
    "Core",
    "CredentialEnded",
    "CredentialEnrolled",
    "CredentialRecovered",
    "DeliveryStopped",
    "DigestName",
    "DisputeAnswered",
    "DisputeFiled",
    "DocumentConfirmed",
    "EnterpriseChanged",
    "EnterpriseName",
    "EventKind",
    "ExchangeParts",
    "ExchangeProof",
    "GrantMade",
    "GrantRevoked",
    "HttpExchange",
    "Intent",
    "IntentOutcome",
    "KeyAnnounced",
    "KeyRetired",
    "LeaseLost",
    "LedgerCorrupt",
    "Name",
    "Opened",
    "Opening",
    "OperatorEnrolled",
    "PackAssembled",
    "PersonAsked",
    "PersonConsented",
    "PersonEnded",
    "PersonEnrolled",
    "PersonName",
    "PolicyChanged",
    "Proofs",
    "Receipt",
    "Record",
    "Recorded",
    "ReferenceKind",
    "ReportDelivered",
    "ReportFailed",
    "ReportIntended",
    "ReportMissing",
    "ReportReconciled",
    "ReportRefused",
    "ReportTerms",
    "RepresentativeEnded",
    "RepresentativeLimited",
    "RequestProof",
    "SignatureSuite",
    "Silence",
    "Sm2Exchange",
    "SpellingUnknown",
    "StatementIssued",
    "StrangersRefused",
    "Terms",
    "TokenIssued",
    "TokenRefused",
    "TokenRevoked",
    "UseReturned",
]


class LedgerCorrupt(Untrusted):
    """What the ledger holds does not fit together: nothing more is signed or handed out."""

    code = "ledger-corrupt"
    message = "The ledger does not verify; an operator must look before it goes on."


class ReportMissing(Refused):
    """No such report, or another bank's: nobody learns which."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


class LeaseLost(Unavailable):
    """This node's lease ran out, so another may close its intents; nothing new is begun."""

    code = "lease-lost"
    message = "The node is being replaced; try again shortly."


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a journey wants recorded; the ledger adds references, counters, salts and time."""

    kind: EventKind
    rule: str  # Which rule decided.
    rule_version: str
    terms: Terms  # Of the struct that the kind's row in the catalogue names.
    bank: BankName | None = None
    enterprise: EnterpriseName | None = None
    consent_id: str | None = None
    person: PersonName | None = None
    digests: Mapping[str, bytes] = {}  # The bytes; the ledger salts and hashes them.
    key_ids: Mapping[str, str] = {}  # Which key was used for what, such as `query` or `seal`.
    request_id: str | None = None  # The report's id, where its terms name one; never another.
    proofs: Proofs = Proofs()


class Core(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decision itself, under a salted commitment for ever; names stand apart.

    In the ledger for ten years: add fields with a default, never rename.
    """

    v: Literal[1]
    kind: EventKind
    event_id: str
    decided_at: Instant
    rule: str
    rule_version: str
    terms: Terms
    digests: dict[str, str]  # base64url of SHA-256(salt || bytes), each under a salt of its own.
    key_ids: dict[str, str]
    bank: str | None = None
    enterprise: str | None = None
    consent: str | None = None
    person: str | None = None
    bank_seq: int | None = None
    subject_seq: int | None = None
    consent_seq: int | None = None
    consent_prev: str | None = None  # Commitment of the chain's entry before; none at its first.
    personal: str | None = None  # base64url of SHA-256(salt2 || personal part).


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens one commitment again; binary members are base64url without padding."""

    salt: str
    core: str
    digest_salts: dict[str, str]
    index: int | None = None  # None while the sequencer has not given it one.
    salt2: str | None = None
    personal: str | None = None
    erased: str | None = None  # Event id of the erasure, where salt2 and personal are gone.

    def encode(self) -> bytes:
        """Return its canonical JSON (RFC 8785), as packs hold it."""
        return encode(self)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The promise, signed at intake, that a commitment will be in the log in time."""

    v: Literal[1]
    origin: str
    commitment: str
    decided_at: Instant
    include_by: Instant
    kid: str
    bank_seq: int | None = None  # Absent where the entry is of no bank.
    signature: str | None = None  # Absent only in the bytes that are signed.

    def encode(self) -> bytes:
        """Return its canonical JSON (RFC 8785), as packs and caches keep it."""
        return encode(self)

    def header_value(self) -> str:
        """Return the value of `creditbridge-receipt`: a byte sequence (RFC 9651, section 3.3.5)."""
        return f":{b64encode(self.encode()).decode('ascii')}:"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a record; durable when the caller's transaction is."""

    event_id: str
    kind: EventKind
    commitment: bytes  # 32 bytes.
    decided_at: datetime
    bank_seq: int | None
    subject_seq: int | None
    consent_seq: int | None
    receipt: Receipt


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as its owner may read it, with the signed bytes that belong to it."""

    event_id: str
    kind: EventKind
    commitment: bytes  # 32 bytes.
    opening: Opening
    proofs: Proofs
    receipt: bytes  # As it was handed out; empty where nobody was handed one.


class IntentOutcome(StrEnum):
    """How an intent ended (law 10)."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"  # Proven: the use goes back by an event.
    UNKNOWN = "UNKNOWN"  # The use stays taken until reconciled with the platform.


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A query that may go out: opened with its use, closed once, by whoever may."""

    intent_id: str
    report_id: str
    bank_id: str
    client_id: str
    consent_id: str
    uscc: str
    query_id: str
    event_id: str  # Of its `report.intended`.
    deadline_at: datetime
    taken_at: datetime | None = None  # When its use was taken, once that is recorded.


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawn consent under which nothing runs any more."""

    consent_id: str
    event_id: str  # Of its `consent.withdrawn`.
    withdrawn_at: datetime
