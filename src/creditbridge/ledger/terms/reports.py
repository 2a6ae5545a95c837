"""What entries say of one report: its use, its query, its end."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class ReportTerms(Terms, frozen=True, kw_only=True):
    """The terms of one report's entries: they are found by its id."""

    report_id: str


class UseReturned(ReportTerms, frozen=True, kw_only=True):
    """A use counts no longer: it is proven that its query never reached the platform."""

    intended: str  # Event id of the intent that took the use.
    reason: str


class ReportIntended(ReportTerms, frozen=True, kw_only=True):
    """A use is taken and a query may go out."""

    query_id: str
    client: str
    purpose: str
    asked: frozenset[str]  # Sections asked for.
    sections: frozenset[str]  # Those of them that the consent covers.
    consent_version: int
    use_number: int
    deadline_at: Instant
    business_ref: str | None = None
    product: str | None = None
    role: str | None = None
    policy: str | None = None  # The version of the policy within which the consent was used.
    person_purpose: str | None = None  # Of the personal table, where the bank named one.
    persons: frozenset[str] | None = None  # Event ids of the persons' own consents that cover it.
    person_sections: frozenset[str] | None = None  # Sections that those alone opened.


class ReportRefused(ReportTerms, frozen=True, kw_only=True):
    """A known client asked for a report that a rule refused: its own facts, and no others."""

    client: str
    code: str
    purpose: str | None = None
    asked: frozenset[str] | None = None


class ReportDelivered(ReportTerms, frozen=True, kw_only=True):
    """A profile may leave the house."""

    profile_id: str
    intended: str  # Event id of its intent.
    query_id: str
    sections: frozenset[str]  # Sections queried; what was found is in the profile alone.
    query_out_at: Instant
    answer_in_at: Instant
    persons: frozenset[str] | None = None  # Event ids of the consents of whom the profile shows.


class ReportFailed(ReportTerms, frozen=True, kw_only=True):
    """No profile left the house; the outcome says what is known of the query."""

    intended: str
    query_id: str
    outcome: str  # REFUSED, NOT_SENT or UNKNOWN.
    code: str


class ReportReconciled(ReportTerms, frozen=True, kw_only=True):
    """The platform said whether it counted a query whose outcome was unknown."""

    intended: str
    query_id: str
    state: str  # COUNTED or NOT_COUNTED.


class DeliveryStopped(ReportTerms, frozen=True, kw_only=True):
    """An answer was cut off on its way, because its consent had ended."""

    intended: str
    code: str


class PackAssembled(ReportTerms, frozen=True, kw_only=True):
    """A bank was handed an evidence pack."""

    client: str
    pack_digest: str  # base64url of the SHA-256 of the pack's bytes.
