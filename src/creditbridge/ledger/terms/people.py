"""What entries say of the people who may speak for an enterprise."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class PersonEnrolled(Terms, frozen=True, kw_only=True):
    """A person may speak for an enterprise from here on.

    An agent enters twice: by the issuer's word, to read and to withdraw; and appointed by the legal
    representative, from when on the rest is set and `proof_digest` is of the document.
    """

    role: str  # LEGAL_REP or AGENT.
    issuer: str  # Who vouches for the person.
    proof_digest: str  # base64url of the SHA-256 of what the issuer signed, or of the document.
    appointed_by: str | None = None  # Event id of the entry by which the legal representative may.
    document: str | None = None  # Its kind, such as POWER_OF_ATTORNEY.
    document_valid_until: Instant | None = None
    may_approve: bool | None = None
    purposes: frozenset[str] | None = None
    sections: frozenset[str] | None = None
    days_max: int | None = None
    queries_max: int | None = None
    ends_at: Instant | None = None


class RepresentativeLimited(Terms, frozen=True, kw_only=True):
    """An agent may do from here on what this says, and no longer what was said before."""

    acted: str | None  # Event id of the entry by which the legal representative may say so.
    proof_digest: str
    document: str
    document_valid_until: Instant
    may_approve: bool
    purposes: frozenset[str]
    sections: frozenset[str]
    days_max: int
    queries_max: int
    ends_at: Instant


class RepresentativeEnded(Terms, frozen=True, kw_only=True):
    """A person may no longer speak for an enterprise; what they said before stands."""

    role: str
    reason: str  # ROLE, ENTERPRISE, SUCCESSOR or REGISTER.
    acted: str | None = None  # Event id of the entry by which the legal representative ended it.


class EnterpriseChanged(Terms, frozen=True, kw_only=True):
    """How an enterprise gives its word is another from here on; `what` says in which respect.

    APPROVALS: `rules` replace those before, agreed by `needed` people, of whom `agreed` names each
    by the entry by which they may speak. A rule reads `2/5/POST_LOAN+PRE_LOAN_REVIEW`: two people,
    from five sections on, for these purposes; `2/0/` is two people for everything.

    LEGAL_REPRESENTATIVE: the one whom `ended` names by the entry by which they might speak is it no
    longer, as `source` says, IDENTITY or REGISTER; `successor` is the entry of who came after them,
    where that is known, and `as_of` of when the register's data are.
    """

    what: str
    rules: frozenset[str] | None = None
    needed: int | None = None
    agreed: frozenset[str] | None = None
    source: str | None = None
    ended: str | None = None
    successor: str | None = None
    as_of: Instant | None = None
