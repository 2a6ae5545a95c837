"""What entries say of the passkeys that approvers sign with."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class CredentialEnrolled(Terms, frozen=True, kw_only=True):
    """A person may sign with this passkey from here on; what it signs verifies with this key."""

    credential: str  # base64url of the SHA-256 of the credential id.
    public_key: str  # base64url of its COSE form (RFC 9052).
    device_bound: bool  # By the authenticator's own word (BE); otherwise it may be synced.
    proof_digest: str  # base64url: of what the issuer signed of the person's right to speak.
    approves_from: Instant
    change_id: str | None = None  # The two operators' change that opened the way, after a loss.


class CredentialEnded(Terms, frozen=True, kw_only=True):
    """A passkey signs nothing from here on; what it signed before stays good."""

    credential: str
    reason: str  # PERSON, RECOVERY or AUTHORITY; suspended: COUNTER_BACK.


class CredentialRecovered(Terms, frozen=True, kw_only=True):
    """Two operators opened the way for one new passkey, as every other was lost."""

    change_id: str
    ended: frozenset[str]  # Credentials that ended with it.
    cooling_hours: int  # How long the new one may not approve.


class ApprovalRefused(Terms, frozen=True, kw_only=True):
    """A signature of an approver was not accepted; nothing was approved."""

    act: str  # consent.approve, or what else was to be signed.
    check: str  # Which check failed, in our words.
