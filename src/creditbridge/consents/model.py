"""A consent, as the enterprise gave it, and what a bank asks under it."""

from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from typing import Annotated, Literal

import msgspec

from creditbridge.consents.letter import Letter, SignedDocument
from creditbridge.foundation.errors import Refused
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
from creditbridge.profile.persons import CoveredPerson


class ConsentState(StrEnum):
    """Where a consent stands; "silenced" is a record in the ledger, no state."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    REFUSED = "REFUSED"
    LAPSED = "LAPSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    EXHAUSTED = "EXHAUSTED"
    SUPERSEDED = "SUPERSEDED"


class ConsentEvent(StrEnum):
    """What moves a consent from one state to another; the value is the ledger's word."""

    APPROVED = "consent.approved"
    CONFIRMED = "document.confirmed"  # A scan, by an operator: nobody signed here.
    REFUSED = "consent.refused"
    LAPSED = "consent.lapsed"
    CANCELLED = "consent.cancelled"
    PAUSED = "consent.paused"
    RESUMED = "consent.resumed"
    WITHDRAWN = "consent.withdrawn"
    EXPIRED = "consent.expired"
    EXHAUSTED = "consent.exhausted"
    SUPERSEDED = "consent.superseded"


# As the column of texts holds it.
class DocumentDigest(msgspec.Struct, frozen=True, array_like=True):
    """The scan of a signed letter: its digests in lower-case hexadecimal, and where it lies."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    sm3: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    locator: str | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent with its extent, its count of uses and its end.

    What `require_coverage` reads has no default; a replay of the ledger may leave the rest out.
    """

    consent_id: str
    version: int  # Raised by each transition, never by a use.
    state: ConsentState
    bank_id: str
    clients: frozenset[str]  # Client ids; empty means every client of the bank.
    uscc: str
    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    valid_from: datetime
    valid_to: datetime  # Valid while valid_from <= now < valid_to.
    max_queries: int
    used: int
    business_ref: str | None
    business_closed_at: datetime | None

    authorization_no: str = ""  # The bank's own number, unique per bank.
    bank_uscc: str = ""
    bank_name: str = ""
    name: str = ""  # The enterprise's.
    artefact: bytes = b""  # JCS bytes of `ConsentArtefact`.
    artefact_signature: bytes = b""  # 64 bytes, by the gateway.
    artefact_key_id: str = ""
    requested_at: datetime | None = None
    lapses_at: datetime | None = None  # A request nobody answered ends here.
    decided_at: datetime | None = None
    signer_person_id: str | None = None
    signer_role: Role | None = None
    template_id: str | None = None
    template_version: str | None = None
    text_digest: bytes | None = None  # SHA-256 of the text the signer saw, 32 bytes.
    ended_at: datetime | None = None
    withdrawn_by: str | None = None  # A person id.
    reason: str | None = None
    rule: str = ""  # Which ceilings let the request in.
    rule_version: str = ""

    # What a consent from before these were asked for says is what the defaults say.
    data_classes: frozenset[DataClass] = frozenset()  # Empty: those that its sections need.
    products: frozenset[Product] = frozenset()  # Empty: whatever the product.
    roles: frozenset[SubjectRole] = frozenset()  # Empty: whatever the role.
    recurring: bool = True  # False: one look in all.
    per_day: int | None = None  # Most uses in one calendar day of Asia/Shanghai.
    min_interval_seconds: int | None = None  # Least time between two uses.
    retention_days: int | None = None  # How long the bank may keep the data, where it was said.
    until: Until = Until.TERM
    form: ConsentForm = ConsentForm.E_SIGN
    document: DocumentDigest | None = None
    letter: bytes | None = None  # What the scan says: canonical JSON of `Letter`.
    supersedes: str | None = None  # The consent that this one takes the place of.
    monitoring: bool = False  # Changes may be watched, besides being asked for.
    subject_person: str | None = None  # The natural person whose own consent it is.
    last_used_at: datetime | None = None
    recent_uses: tuple[datetime, ...] = ()  # The last that count, oldest first.

    # Set while it is paused because the legal representative changed: until when the new one may
    # confirm it. `confirmed_by` is whoever did so last, a person id.
    confirm_by: datetime | None = None
    confirmed_by: str | None = None

    # Of the present version, or of the one that was approved; kept beside it for whoever reads.
    approvals_given: int = 0
    approvals_needed: int = 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a client of a bank wants to read about one enterprise, under one consent."""

    bank_id: str
    client_id: str
    uscc: str
    consent_id: str
    purpose: Purpose
    sections: frozenset[SectionCode]
    business_ref: str | None = None
    product: Product | None = None
    role: SubjectRole | None = None
    person_purpose: Purpose | None = None  # Of the personal table; None: no person is asked about.
    forms: frozenset[ConsentForm] = frozenset(ConsentForm)  # Of consents that its bank may use.


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What of the asked a consent covers, and by which rule."""

    consent: Consent
    sections: frozenset[SectionCode]
    omitted: frozenset[SectionCode]  # Asked but not consented: NOT_CONSENTED in the profile.
    classes: frozenset[DataClass]  # A record of another class is withheld, in any section.
    within: Consent  # What the policy of the instant leaves of the consent: this was used.
    use_number: int  # Counted from 1; final only where `take_use` returned it.
    rule: str
    rule_version: str
    policy: str | None = None  # The version of that policy; None: there was none.
    persons: tuple[CoveredPerson, ...] = ()  # Whose own, separate consents cover the look too.


class Grantor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The enterprise that consents, and that the consent is about."""

    uscc: Annotated[str, msgspec.Meta(pattern=r"^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$")]
    name: str


class Grantee(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The bank that may read; `clients` is absent where all its clients may."""

    bank_id: str
    uscc: Annotated[str, msgspec.Meta(pattern=r"^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$")]
    legal_name: str
    clients: tuple[str, ...] = ()


# Signed, and kept ten years: add members with a default, never rename; another meaning is `v` 2.
class ConsentArtefact(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The consent as both sides sign it; its bytes are its canonical JSON (RFC 8785).

    Instants are in UTC; lists are sorted; a member that does not apply is absent.
    """

    v: Literal[1]
    consent_id: str
    authorization_no: str
    grantor: Grantor
    grantee: Grantee
    purposes: Annotated[tuple[Purpose, ...], msgspec.Meta(min_length=1)]
    sections: Annotated[tuple[SectionCode, ...], msgspec.Meta(min_length=1)]
    valid_from: datetime
    valid_to: datetime
    max_queries: Annotated[int, msgspec.Meta(ge=1)]
    requested_at: datetime
    business_ref: str | None = None
    data_classes: tuple[DataClass, ...] = ()
    products: tuple[Product, ...] = ()
    roles: tuple[SubjectRole, ...] = ()
    recurring: bool = True
    per_day: Annotated[int, msgspec.Meta(ge=1)] | None = None
    min_interval_seconds: Annotated[int, msgspec.Meta(ge=1)] | None = None
    retention_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    until: Until = Until.TERM
    form: ConsentForm = ConsentForm.E_SIGN
    document: SignedDocument | None = None
    letter: Letter | None = None
    supersedes: str | None = None
    monitoring: bool = False
    subject_person: str | None = None


class ConsentMissing(Refused):
    """No such consent, or another bank's: a bank must not learn which of the two."""

    code = "consent-missing"
    message = "There is no consent of this enterprise for this bank under this id."


class ClientNotAllowed(Refused):
    """The consent names clients of the bank, and this is none of them."""

    code = "consent-client-not-allowed"
    message = "The consent names other clients of the bank; ask for one that names this client."


class ConsentInactive(Refused):
    """The consent does not stand; each state has its own kind below."""

    code = "consent-inactive"
    message = "The consent does not stand."


class ConsentPending(ConsentInactive):
    """The enterprise has not answered yet."""

    code = "consent-pending"
    message = "The enterprise has not answered the request for this consent yet."


class ConsentPaused(ConsentInactive):
    """The enterprise paused the consent; only the enterprise resumes it."""

    code = "consent-paused"
    message = "The enterprise has paused this consent."


class ConsentRefused(ConsentInactive):
    """The enterprise said no."""

    code = "consent-refused"
    message = "The enterprise has refused this consent."


class ConsentLapsed(ConsentInactive):
    """The request ended without an answer."""

    code = "consent-lapsed"
    message = "The request for this consent lapsed without an answer; ask again."


class ConsentWithdrawn(ConsentInactive):
    """The enterprise took the consent back."""

    code = "consent-withdrawn"
    message = "The enterprise has withdrawn this consent."


class ConsentSuperseded(ConsentInactive):
    """A newer consent stands in its place."""

    code = "consent-superseded"
    message = "A newer consent has replaced this one; use that."


class ConsentExpired(ConsentInactive):
    """The instant lies outside the term: past its end, or before its beginning."""

    code = "consent-expired"
    message = "The consent is not valid at this time."


class ConsentExhausted(ConsentInactive):
    """Every use that the consent allows is taken."""

    code = "consent-exhausted"
    message = "Every query that the consent allows has been used."


class ConsentFrequency(Refused):
    """A look too soon: the day's number is used up, or the interval has not passed.

    `next_at` is the first instant at which the frequency allows the next look.
    """

    code = "consent-frequency"
    message = "The consent allows the next query later; `next_at` says from when on."

    def __init__(self, *, next_at: datetime, now: datetime) -> None:
        super().__init__(detail=f"next at {next_at.isoformat()}")
        self.next_at = next_at.astimezone(UTC)
        # Up to the next whole second: who waits that long does not come too early again.
        self.retry_after_seconds = ceil((next_at - now).total_seconds())


class ProductMismatch(Refused):
    """The consent names products, and the request names none of them."""

    code = "consent-product-mismatch"
    message = "The consent was given for named products; the request must name one of them."


class RoleMismatch(Refused):
    """The consent names what the enterprise may be in the business, and this is not it."""

    code = "consent-role-mismatch"
    message = "The consent was given for named roles; the request must name one of them."


class PurposeMismatch(Refused):
    """The consent was given for another purpose."""

    code = "consent-purpose-mismatch"
    message = "The consent was not given for this purpose."


class BusinessClosed(Refused):
    """The business that the consent names is over, or is not the one that is asked about."""

    code = "consent-business-closed"
    message = "This look needs the open business that the consent names."


class SectionsNotCovered(Refused):
    """Nothing of what is asked is in the consent."""

    code = "consent-sections-not-covered"
    message = "The consent covers none of the sections asked for."
