"""What entries say of the statements that enterprises are given."""

from creditbridge.ledger.terms.base import Terms


class StatementIssued(Terms, frozen=True, kw_only=True):
    """An enterprise was given the statement of a month: what is in it, by number and digest."""

    statement_id: str
    month: str  # `2026-11`, in Asia/Shanghai.
    after: int  # The highest number of the enterprise's that earlier statements cover.
    last: int  # The highest that this one covers.
    looks: int
    statement_digest: str  # base64url of the SHA-256 of the statement's bytes.
    part: int | None = None  # Where the month is stated in several parts.
