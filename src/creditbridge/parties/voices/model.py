"""Who speaks for an enterprise, within which limits; and the refusals that name the limit.

* VoiceRefused          a person who is known, and may not do this
  + VoiceEnded          the legal representative ended what they might do
  + VoiceSucceeded      another is the legal representative after them
  + VoiceUnappointed    nobody said what they may approve
  + AppointmentNotYours only the legal representative appoints, limits and ends agents
  + AgentLimited        beyond one limit: each has its own kind below
"""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.parties.model import Role
from creditbridge.profile.codes import Purpose, SectionCode

ISSUER_CHARACTERS_MAX = 64
DAYS_MAX = 3_660
QUERIES_MAX = 1_000_000


class DocumentKind(StrEnum):
    """What shows that an agent may act."""

    POWER_OF_ATTORNEY = "POWER_OF_ATTORNEY"  # 授权委托书
    BOARD_RESOLUTION = "BOARD_RESOLUTION"  # 董事会决议
    OFFICE = "OFFICE"  # 任职文件


class EndReason(StrEnum):
    """Why a right to speak ended; the value is the ledger's word."""

    ROLE = "ROLE"  # The identity provider names another role for the same person.
    ENTERPRISE = "ENTERPRISE"  # The legal representative ended it.
    SUCCESSOR = "SUCCESSOR"  # Another person is the legal representative.
    REGISTER = "REGISTER"  # The register names another legal representative.


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The proof of an agent's authority, as the legal representative holds it."""

    kind: DocumentKind
    digest: bytes  # SHA-256 of the document, 32 bytes.
    issuer: str  # Who issued it, 1 to 64 printable characters.
    valid_until: datetime


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How far an agent may approve. Withdrawing has no limit: it only takes away."""

    may_approve: bool
    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    days_max: int  # Of the longest term that they may approve.
    queries_max: int  # Of the most uses.
    ends_at: datetime


class Representative(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may speak for an enterprise, until `ended_at`.

    What follows `appointed_at` is of an agent whom the legal representative appointed: all of it
    or none. `entry` is the event id of the ledger's entry by which they may speak.
    """

    person_id: str
    uscc: str
    role: Role
    enrolled_at: datetime
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    entry: str | None = None
    appointed_at: datetime | None = None
    appointed_by: str | None = None
    may_approve: bool = False
    purposes: frozenset[Purpose] | None = None
    sections: frozenset[SectionCode] | None = None
    days_max: int | None = None
    queries_max: int | None = None
    ends_at: datetime | None = None
    document_kind: DocumentKind | None = None
    document_digest: bytes | None = None
    document_issuer: str | None = None
    document_valid_until: datetime | None = None

    # Of a legal representative: `succeeds` is whose right to be it ended as this right began, their
    # own where they are an agent from then on.
    succeeds: str | None = None
    vouched_at: datetime | None = None  # When the identity provider last named them.
    office_since: date | None = None  # By the register, where the provider says.

    @property
    def limits(self) -> Limits | None:
        """How far an agent may approve; None where nobody has said."""
        if (
            self.purposes is None
            or self.sections is None
            or self.days_max is None
            or self.queries_max is None
            or self.ends_at is None
        ):
            return None
        return Limits(
            may_approve=self.may_approve,
            purposes=self.purposes,
            sections=self.sections,
            days_max=self.days_max,
            queries_max=self.queries_max,
            ends_at=self.ends_at,
        )

    @property
    def document(self) -> Document | None:
        """What shows that an agent may act; None where nobody has shown anything."""
        if (
            self.document_kind is None
            or self.document_digest is None
            or self.document_issuer is None
            or self.document_valid_until is None
        ):
            return None
        return Document(
            kind=self.document_kind,
            digest=self.document_digest,
            issuer=self.document_issuer,
            valid_until=self.document_valid_until,
        )


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """What a legal representative says that an agent may do from now on."""

    uscc: str
    person_id: str
    appointed_by: str  # A person id.
    document: Document
    limits: Limits


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far what is to be approved goes."""

    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    days: int
    queries: int


class AppointmentMalformed(Malformed):
    """An appointment without a document, a purpose, a section, or with an end that is over."""

    code = "appointment-malformed"
    message = (
        "An appointment needs a document with its SHA-256 and its issuer, at least one purpose and "
        "section, a longest term, a number of uses, and ends that lie ahead."
    )


class VoiceRefused(Refused):
    """The person is known here, and may not do this."""

    code = "voice-refused"
    message = "You may not do this for the enterprise."


class VoiceEnded(VoiceRefused):
    """The legal representative ended the agent's authority."""

    code = "voice-ended"
    message = "The legal representative of the enterprise has ended your authority."


class VoiceSucceeded(VoiceRefused):
    """Somebody else is the legal representative after this person."""

    code = "voice-succeeded"
    message = "Another person is registered as the legal representative of the enterprise."


class VoiceUnappointed(VoiceRefused):
    """An agent whom the legal representative has not let approve."""

    code = "voice-unappointed"
    message = "The legal representative has not appointed you to approve requests."


class AppointmentNotYours(VoiceRefused):
    """Agents never appoint agents."""

    code = "appointment-not-yours"
    message = "Only the legal representative appoints agents, limits them and ends their authority."


class AgentUnknown(Refused):
    """Nobody of this id is or was an agent of this enterprise."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


class AgentLimited(VoiceRefused):
    """Beyond what the legal representative let the agent approve."""

    code = "agent-limited"
    message = "This goes beyond what the legal representative lets you approve."


class AgentOver(AgentLimited):
    """The appointment, or the document behind it, has run out."""

    code = "agent-over"
    message = "Your appointment, or the document behind it, has run out."


class AgentPurposes(AgentLimited):
    """Another purpose than the agent may approve."""

    code = "agent-purposes"
    message = "You may not approve a request for this purpose."


class AgentSections(AgentLimited):
    """More sections than the agent may approve."""

    code = "agent-sections"
    message = "You may not approve all of these sections."


class AgentTerm(AgentLimited):
    """A longer term than the agent may approve."""

    code = "agent-term"
    message = "You may not approve a term as long as this."


class AgentUses(AgentLimited):
    """More uses than the agent may approve."""

    code = "agent-uses"
    message = "You may not approve as many uses as this."
