"""A notice, whom it is for, and the mail that carries it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.profile.codes import Purpose


class NoticeKind(StrEnum):
    """What an enterprise is told of."""

    CONSENT_REQUESTED = "CONSENT_REQUESTED"
    CONSENT_WAITING = "CONSENT_WAITING"  # A bank's machine asks, without a browser.
    CONSENT_LAPSING = "CONSENT_LAPSING"
    CONSENT_APPROVED = "CONSENT_APPROVED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_PAUSED = "CONSENT_PAUSED"
    CONSENT_RESUMED = "CONSENT_RESUMED"
    CONSENT_UNCONFIRMED = "CONSENT_UNCONFIRMED"  # It waits for the new legal representative.
    CONSENT_CANCELLED = "CONSENT_CANCELLED"
    CONSENT_SUPERSEDED = "CONSENT_SUPERSEDED"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    CONSENT_EXHAUSTED = "CONSENT_EXHAUSTED"
    PERSON_ASKED = "PERSON_ASKED"  # For whoever is asked about themselves alone.
    BUSINESS_CLOSED = "BUSINESS_CLOSED"  # As its bank told; post-loan looks are over.
    DOCUMENT_LODGED = "DOCUMENT_LODGED"  # A bank says it has a letter on paper.
    DOCUMENT_CONFIRMED = "DOCUMENT_CONFIRMED"
    DOCUMENT_DISOWNED = "DOCUMENT_DISOWNED"
    REPORT_DELIVERED = "REPORT_DELIVERED"
    REPRESENTATIVE_ADDED = "REPRESENTATIVE_ADDED"
    REPRESENTATIVE_ENDED = "REPRESENTATIVE_ENDED"
    REPRESENTATIVE_LIMITED = "REPRESENTATIVE_LIMITED"
    APPROVALS_CHANGED = "APPROVALS_CHANGED"  # How many people must approve what.
    LEGAL_REPRESENTATIVE_CHANGED = "LEGAL_REPRESENTATIVE_CHANGED"
    CREDENTIAL_ENROLLED = "CREDENTIAL_ENROLLED"
    CREDENTIAL_ENDED = "CREDENTIAL_ENDED"
    CREDENTIAL_SUSPENDED = "CREDENTIAL_SUSPENDED"  # Somebody may have a copy.
    CREDENTIAL_RECOVERED = "CREDENTIAL_RECOVERED"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    STATEMENT_ISSUED = "STATEMENT_ISSUED"
    DISPUTE_FILED = "DISPUTE_FILED"
    DISPUTE_ANSWERED = "DISPUTE_ANSWERED"


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a journey has to tell an enterprise; `about` is the id of what it is about.

    Under one `once` an enterprise is told of a kind one time, whoever tells it and how often;
    without it each telling is a notice. With `person_id` it is for that person alone.
    """

    kind: NoticeKind
    uscc: str
    about: str = ""
    bank_name: str | None = None
    purposes: frozenset[Purpose] = frozenset()
    once: str = ""
    person_id: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an inbox, as one person finds it."""

    notice_id: str
    kind: NoticeKind
    about: str
    bank_name: str | None
    purposes: tuple[Purpose, ...]
    told_at: datetime
    is_read: bool = False


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A person, and the enterprise for which they read."""

    person_id: str
    uscc: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How a person wants to be told; addresses in the clear, so never kept or logged.

    `asked` is an address that is not confirmed yet.
    """

    language: str
    wants_looks: bool = False
    address: str | None = None
    asked: str | None = None


class AskedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that waits for the code that was sent to it."""

    address: str
    code: str


class MailState(StrEnum):
    """Where a mail stands; only WAITING goes on."""

    WAITING = "WAITING"
    SENT = "SENT"
    PARKED = "PARKED"  # Given up: refused for good, or tried often enough.
    DROPPED = "DROPPED"  # Nobody is there any more to get it.


class DueMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail whose turn it is, taken for one try; `notice` is None where it carries a code.

    `is_parting` where it tells somebody that they speak for the enterprise no longer.
    """

    mail_id: str
    reader: Reader
    language: str
    tries: int
    to: str
    notice: Notice | None = None
    code: str | None = None
    is_parting: bool = False


class AddressMalformed(Malformed):
    """A text that is no e-mail address that we would send to."""

    code = "address-malformed"
    message = "This is not an e-mail address that we can send to."


class CodeWrong(Refused):
    """Another code than the one that was sent, or no longer that one."""

    code = "code-wrong"
    message = "The code does not fit, or has run out. Ask for another one."


class CodesTooMany(Refused):
    """This person asked for many codes in a short time."""

    code = "codes-too-many"
    message = "Too many codes were asked for. Try again in an hour."
