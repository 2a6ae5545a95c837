"""What entries say of disputes: by ids and in closed words, never what people wrote."""

from creditbridge.ledger.terms.base import Terms


class DisputeFiled(Terms, frozen=True, kw_only=True):
    """An enterprise disputed a record of a report, or asked for a review of the answer."""

    dispute_id: str
    stage: str  # FIRST or REVIEW.
    report_id: str
    record_id: str  # Keyed: it tells nobody which decision it stands for.
    platform: str
    section: str
    ground: str


class DisputeAnswered(Terms, frozen=True, kw_only=True):
    """A platform answered a dispute, or did not take it up."""

    dispute_id: str
    stage: str  # FIRST or REVIEW.
    report_id: str
    record_id: str  # Keyed, as where it was filed.
    platform: str
    section: str
    outcome: str | None = None  # DELETE, CORRECT, SUPPLEMENT or KEEP; none: not taken up.
