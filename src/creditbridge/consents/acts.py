"""What a bank and a representative do to a consent, as they said it."""

from datetime import datetime

import msgspec

from creditbridge.consents.letter import Letter
from creditbridge.consents.model import ConsentState, DocumentDigest
from creditbridge.parties.model import Role
from creditbridge.profile.codes import (
    ConsentForm,
    DataClass,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)
from creditbridge.profile.consent_policy import Passkey


class ConsentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank asks an enterprise to consent to. `uscc` is in its normal form.

    `consent_id` is set where the consent was named before it was asked for, else a fresh one.
    """

    bank_id: str
    bank_uscc: str
    bank_name: str
    uscc: str
    name: str
    authorization_no: str
    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    valid_to: datetime
    max_queries: int
    valid_from: datetime | None = None  # None: from the instant of the request.
    clients: frozenset[str] = frozenset()
    business_ref: str | None = None
    consent_id: str | None = None
    asked_at: datetime | None = None  # Set where it was signed as of an instant: that one counts.
    data_classes: frozenset[DataClass] = frozenset()  # Empty: those that the sections need.
    products: frozenset[Product] = frozenset()
    roles: frozenset[SubjectRole] = frozenset()
    recurring: bool | None = None  # None: where more than one query is asked for.
    per_day: int | None = None
    min_interval_seconds: int | None = None
    retention_days: int | None = None  # None: the longest that the ceilings allow.
    until: Until = Until.TERM
    form: ConsentForm = ConsentForm.E_SIGN
    document: DocumentDigest | None = None
    letter: Letter | None = None  # What the scan says.
    supersedes: str | None = None
    monitoring: bool = False
    lapses_at: datetime | None = None  # None: as late as the policy allows.
    subject_person: str | None = None


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A representative's yes to one version of a request, as shown in one text."""

    consent_id: str
    version: int
    uscc: str
    person_id: str
    role: Role
    template_id: str
    template_version: str
    text_digest: bytes  # SHA-256 of the rendered text, 32 bytes.
    text: bytes = b""  # The text itself, for the ledger to keep; no consent holds it.
    sections: frozenset[SectionCode] | None = None  # None: all that were asked for.
    valid_to: datetime | None = None  # None: the term that was asked for.
    max_queries: int | None = None  # None: as many as were asked for.
    passkey: Passkey = Passkey.NONE  # Of which kind the yes was signed with, once verified.


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A representative's no to one version of a request."""

    consent_id: str
    version: int
    uscc: str
    person_id: str
    role: Role
    reason: str | None = None


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A representative takes a consent back; no version, so that nothing can be in its way."""

    consent_id: str
    uscc: str
    person_id: str
    reason: str | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A representative pauses a consent, or takes it up again."""

    consent_id: str
    uscc: str
    person_id: str


class ConsentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a bank's consents are wanted; None lets all through.

    `before` is an id: older ones alone. `state` is the one that is shown.
    """

    before: str | None = None
    consent_ids: frozenset[str] | None = None
    state: ConsentState | None = None
    uscc: str | None = None
