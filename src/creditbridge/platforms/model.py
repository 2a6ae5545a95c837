"""A question to a platform, and what may come back.

* CreditbridgeError
  + Refused
    - EnterpriseUnknown     the platform holds no such enterprise; counted
    - SectionsNotSupplied   no platform supplies any section asked; nothing was sent
  + Untrusted
    - AnswerRejected        signature, query, enterprise or consent differ; always fails the report
    - AnswerUnreadable      no answer in the agreed form
    - PlatformUntrusted     its certificate; nothing was sent
  + Unavailable
    - PlatformUnavailable   no answer, or "later"
    - PlatformRefused       signed by the platform: not counted
    - DeadlineExceeded

Each error says by `sent` whether the platform may have counted the query (law 10 of the house):
only where it is False is the use of the consent given back.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

from creditbridge.foundation.errors import CreditbridgeError, Refused, Unavailable, Untrusted
from creditbridge.profile.codes import ErrorClass, KeyPosition, Purpose, SectionCode
from creditbridge.profile.model import SourceAnswer
from creditbridge.protocols.uscc import EntityCategory


class AskedPerson(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Whom a platform may tell of: by position, on the digest (SHA-256, hex) of their consent."""

    position: KeyPosition
    consent_digest: str


class PlatformQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One question about one enterprise.

    `consent_digest` is SHA-256 of the consent artefact, in hex; `persons` are about whom a section
    of persons may be answered; `expires_at` ends the grant, at most 60 s ahead. The same `query_id`
    is one counted query, however often it is sent.
    """

    query_id: str
    uscc: str
    sections: frozenset[SectionCode]
    purpose: Purpose
    consent_digest: str
    expires_at: datetime
    persons: tuple[AskedPerson, ...] = ()
    traceparent: str | None = None


class NamedRepresentative(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a register names as the legal representative: compared with who is on file, never kept.

    `as_of` is of the source's data, `since` the day on which that registration was approved.
    """

    name: str
    as_of: datetime
    since: date | None = None


class SubjectAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The enterprise as the platform names it."""

    name: str
    uscc: str
    category: EntityCategory
    former_names: tuple[str, ...] = ()
    legal_rep: NamedRepresentative | None = None  # None where it was not asked, or not told.


class QueryParts(msgspec.Struct, frozen=True, kw_only=True):
    """What proves one exchange offline: the signed bytes of both sides.

    `grant` is canonical JSON (RFC 8785), covered by the query's signature; `answer_body` is covered
    by the answer's, through its digest.
    """

    platform: str
    query_id: str
    query_base: bytes
    query_signature: bytes
    query_key_id: str
    grant: bytes
    answer_base: bytes
    answer_signature: bytes
    answer_key_id: str
    answer_body: bytes


class HttpQueryProof(QueryParts, frozen=True, kw_only=True, tag="HTTP_MESSAGE"):
    """Two HTTP messages, signed as in RFC 9421 (the bases are those of section 2.5)."""


class Sm2QueryProof(QueryParts, frozen=True, kw_only=True, tag="SM2_MESSAGE"):
    """Two canonical strings, signed by SM2 with SM3 (`protocols/sm2_message.py`)."""


# One shape for each suite; a platform whose answers nobody signs will bring its own.
QueryProof: TypeAlias = HttpQueryProof | Sm2QueryProof


class DialectAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one platform answered, verified and in our words."""

    answer: SourceAnswer
    subject: SubjectAnswer
    proof: QueryProof
    query_out_at: datetime
    answer_in_at: datetime


class PlatformAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What all platforms answered; `answers` go to `profile.merge`."""

    answers: tuple[SourceAnswer, ...]
    subject: SubjectAnswer
    proofs: tuple[QueryProof, ...]
    query_out_at: datetime
    answer_in_at: datetime


class RecordPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Which platform supplies a record, and in which section."""

    platform: str
    section: SectionCode


class DisputeName(msgspec.Struct, frozen=True, kw_only=True):
    """Which dispute is meant, and in which of its two times; `dispute_id` is ours."""

    dispute_id: str
    uscc: str
    stage: str


class DisputeCase(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute as a platform is told of it; `number` is that of the record at its source.

    One name is one case there, however often it is sent.
    """

    name: DisputeName
    section: SectionCode
    number: str
    ground: str
    text: str
    filed_on: date


class DisputeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform says of a dispute by its signature; `answer` are the bytes that it signed."""

    is_taken: bool
    is_extended: bool
    outcome: str | None
    answer: bytes


class QueryState(StrEnum):
    """Whether a platform counted a query; NOT_COUNTED is final once the query's grant expired."""

    COUNTED = "COUNTED"
    NOT_COUNTED = "NOT_COUNTED"


class PlatformUnavailable(Unavailable):
    """A platform did not answer, or asked to come later; `retry_after` in seconds where it said."""

    code = "platform-unavailable"
    message = "A credit platform does not answer at the moment; try again later."

    def __init__(self, *, sent: bool, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail=detail)
        self.sent = sent
        self.retry_after = retry_after


class DeadlineExceeded(Unavailable):
    """The time for the report ran out before a platform had answered."""

    code = "platform-deadline"
    message = "A credit platform did not answer in time; try again later."

    def __init__(self, *, sent: bool, detail: str = "") -> None:
        super().__init__(detail=detail)
        self.sent = sent


class PlatformRefused(Unavailable):
    """A platform refused the query grant, by its signature: the query was not counted."""

    code = "platform-refused"
    message = "A credit platform refused the query; the operator has been told."
    sent = False


class PlatformUntrusted(Untrusted):
    """A platform's certificate is not the one to be expected; no query was sent."""

    code = "platform-untrusted"
    message = "A credit platform could not prove who it is."
    sent = False


class AnswerUnreadable(Untrusted):
    """A platform answered in another form than agreed."""

    code = "platform-answer-unreadable"
    message = "A credit platform answered in a form that cannot be read."
    sent = True


class AnswerRejected(Untrusted):
    """An answer does not belong to its query, or its signature does not verify."""

    code = "platform-answer-rejected"
    message = "A credit platform's answer could not be verified; no data was used."
    sent = True


class EnterpriseUnknown(Refused):
    """No platform holds the enterprise. Counted, and so proven where the platform signed it."""

    code = "enterprise-unknown"
    message = "The credit platform holds no such enterprise."
    sent = True

    def __init__(self, *, detail: str = "", proof: QueryProof | None = None) -> None:
        super().__init__(detail=detail)
        self.proof = proof


class SectionsNotSupplied(Refused):
    """No platform supplies any of the sections; nothing was sent."""

    code = "sections-not-supplied"
    message = "None of the sections asked for is supplied by a credit platform."
    sent = False


PlatformFailure: TypeAlias = (
    PlatformUnavailable
    | DeadlineExceeded
    | PlatformRefused
    | PlatformUntrusted
    | AnswerUnreadable
    | EnterpriseUnknown
)
# AnswerRejected is absent: what is not ours to believe fails the report, whoever else answered.
PLATFORM_FAILURES = (
    PlatformUnavailable,
    DeadlineExceeded,
    PlatformRefused,
    PlatformUntrusted,
    AnswerUnreadable,
    EnterpriseUnknown,
)


def error_class_of(failure: CreditbridgeError | None) -> ErrorClass:
    """Return how a platform's failure shows in the sections that it owes."""
    match failure:
        case DeadlineExceeded():
            return ErrorClass.PLATFORM_DEADLINE
        case PlatformUntrusted():
            return ErrorClass.PLATFORM_UNTRUSTED
        case AnswerUnreadable():
            return ErrorClass.ANSWER_UNREADABLE
        # One platform that does not know it says nothing about what the others owe.
        case EnterpriseUnknown():
            return ErrorClass.ENTERPRISE_UNKNOWN
        case _:
            return ErrorClass.PLATFORM_UNAVAILABLE
