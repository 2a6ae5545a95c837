"""What entries say of a consent, from its request to its silence."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class ConsentExtent(Terms, frozen=True, kw_only=True):
    """What a consent reaches: who, what for, what, when and how often."""

    version: int
    purposes: frozenset[str]
    sections: frozenset[str]
    valid_from: Instant
    valid_to: Instant
    max_queries: int
    clients: frozenset[str]  # Empty: every client of the bank.
    authorization_no: str | None = None
    business_ref: str | None = None
    data_classes: frozenset[str] | None = None
    products: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    recurring: bool | None = None  # False alone is said.
    per_day: int | None = None
    min_interval_seconds: int | None = None
    retention_days: int | None = None
    until: str | None = None  # BUSINESS_END alone is said.
    form: str | None = None  # PAPER_SCAN alone is said.
    monitoring: bool | None = None  # True alone is said.
    document: str | None = None  # SHA-256 of the scan of a letter on paper, hexadecimal.
    supersedes: str | None = None  # Id of the consent that this one takes the place of.


class ConsentRequested(ConsentExtent, frozen=True, kw_only=True):
    """A bank asks an enterprise for a consent of this extent."""

    client: str
    lapses_at: Instant


class ConsentCountersigned(Terms, frozen=True, kw_only=True):
    """One of several people who must approved; or a new legal representative confirmed.

    The request still waits for the others; what was confirmed goes on by `consent.resumed`.
    """

    version: int  # Of the request, or of the paused consent, as it was shown.
    role: str
    artefact_digest: str  # base64url of the SHA-256 of the artefact that this yes would make.
    template_id: str
    template_version: str
    text_digest: str  # base64url of the SHA-256 of the text that the signer saw.
    given: int  # How many approvals of the same artefact count by now, this one among them.
    needed: int
    credential: str | None = None  # Event id of the enrolment of the passkey that signed, if one.


class ConsentApproved(ConsentExtent, frozen=True, kw_only=True):
    """The enterprise gave the consent, perhaps narrower than it was asked for."""

    role: str
    artefact_digest: str  # base64url of the SHA-256 of the artefact's bytes.
    template_id: str
    template_version: str
    text_digest: str  # base64url of the SHA-256 of the text that the signer saw.
    credential: str | None = None  # Event id of the enrolment of the passkey that signed, if one.
    needed: int | None = None  # How many distinct people had to approve.
    countersigned: frozenset[str] | None = None  # Event ids of the others' approvals that counted.


class DocumentConfirmed(ConsentExtent, frozen=True, kw_only=True):
    """An operator saw the scan of a letter and found in it what was lodged: no one signed here.

    The extent is the one that was lodged; the state stays where a second operator has to see it.
    """

    state: str  # The state it is in from here on.
    assurance: str  # SCAN.
    artefact_digest: str  # base64url of the SHA-256 of the artefact's bytes.
    given: int  # How many operators confirmed it by now, this one among them.
    needed: int
    key_id: str  # Of the operator's key.
    signature: str  # base64url, by the operator's key over the act; its bytes are `act`.


class ConsentTurned(Terms, frozen=True, kw_only=True):
    """A consent was paused, or goes on: by the enterprise, or as its legal representative changed.

    Where `reason` is `representative-changed` nobody resumes it but the new legal representative,
    until `confirm_by`; `confirmed` is then the countersignature by which it goes on.
    """

    version: int
    state: str  # The state it is in from here on.
    reason: str | None = None  # Absent: a person of the enterprise pressed a button.
    confirm_by: Instant | None = None
    confirmed: str | None = None  # Event id of the new legal representative's countersignature.


class ConsentEnded(Terms, frozen=True, kw_only=True):
    """A consent or a request for one ended."""

    version: int
    state: str  # The state it is in from here on.
    reason: str | None = None  # A code, never a caller's words.


class BusinessClosed(Terms, frozen=True, kw_only=True):
    """A bank told that the business which a consent names has ended."""

    version: int
    business_ref: str


class ConsentSilenced(Terms, frozen=True, kw_only=True):
    """Every node has stopped what ran under the consent, or its lease has run out."""

    version: int
    withdrawn: str  # Event id of the withdrawal.
    waited_milliseconds: int


class PolicyChanged(Terms, frozen=True, kw_only=True):
    """Another policy says how far consents may reach, from `use_from` on."""

    version: int
    use_from: Instant
    policy: str  # Its canonical JSON (RFC 8785), whole: a replay runs by it.
    signature: str  # base64url, by the consent key over the policy's bytes behind their domain.
    change_id: str | None = None  # What two operators decided; absent: the house's own first one.
