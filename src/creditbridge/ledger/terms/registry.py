"""What entries say of operators, banks, clients and the house's own keys."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class OperatorEnrolled(Terms, frozen=True, kw_only=True):
    """An operator may act from here on, with this key."""

    key_id: str
    key_digest: str  # base64url of the SHA-256 of the public JWK's canonical JSON.


class ChangeProposed(Terms, frozen=True, kw_only=True):
    """An operator proposes an act that needs a second person."""

    change_id: str
    act: str  # The word of the act, such as `bank.onboard`; its bytes are the digest `act`.
    signature: str  # base64url, by the proposer's key over the act.
    expires_at: Instant


class ChangeApproved(Terms, frozen=True, kw_only=True):
    """Another person approves the act."""

    change_id: str
    act: str
    signature: str  # base64url, by the approver's key over the same act.


class BankOnboarded(Terms, frozen=True, kw_only=True):
    """A bank may come through the bank door."""

    change_id: str
    clients: frozenset[str]
    keys: frozenset[str]  # Ids of the keys its clients sign with.
    certificates: frozenset[str] | None = None  # Thumbprints of those that they signed themselves.
    purposes: frozenset[str] | None = None  # What it is licensed for; all that can be asked: none.
    sections: frozenset[str] | None = None
    paper: bool | None = None  # Where it may lodge scans of letters: true; else absent.


class BankLicensed(Terms, frozen=True, kw_only=True):
    """A bank is licensed for these purposes and sections from here on; for all where none is."""

    change_id: str
    purposes: frozenset[str] | None = None
    sections: frozenset[str] | None = None
    paper: bool | None = None  # Where it may lodge scans of letters: true; else absent.


class BankSuspended(Terms, frozen=True, kw_only=True):
    """A bank is shut out, its clients, tokens and grants too; one operator may: it takes away."""

    signature: str  # base64url, by the operator's key over the act; its bytes are `act`.
    tokens_revoked: int


class BankResumed(Terms, frozen=True, kw_only=True):
    """A bank's suspension ended; its clients may ask for tokens again."""

    change_id: str


class ClientRegistered(Terms, frozen=True, kw_only=True):
    """Another client may come in for a bank."""

    change_id: str
    client: str
    scope: frozenset[str]
    keys: frozenset[str]  # Ids of the keys it signs with.
    subject_digest: str  # base64url of the SHA-256 of its certificate's subject (a JSON matcher).
    sender_constraint: str | None = None  # What its tokens are bound to: MTLS or DPOP.
    certificates: frozenset[str] | None = None  # Thumbprints of those that it signed itself.


class ClientKeysChanged(Terms, frozen=True, kw_only=True):
    """Keys that a client signs with begin or end; ended ones verify until `ends_at`."""

    change_id: str
    client: str
    added: frozenset[str]
    ended: frozenset[str]
    ends_at: Instant | None = None


class ClientKeysFetched(Terms, frozen=True, kw_only=True):
    """Keys that a client publishes itself began or ended, as they were found there."""

    client: str
    added: frozenset[str]  # JWK thumbprints (RFC 7638): the client chose the keys' names.
    ended: frozenset[str]


class ClientCertificateChanged(Terms, frozen=True, kw_only=True):
    """Certificates of another subject count for a client, and those of the earlier one no more."""

    change_id: str
    client: str
    subject_digest: str  # base64url of the SHA-256 of the new subject (a JSON matcher).
    tokens_revoked: int


class ClientSelfSignedChanged(Terms, frozen=True, kw_only=True):
    """Certificates that a client signed itself begin or end; ended ones count until `ends_at`."""

    change_id: str
    client: str
    added: frozenset[str]  # Thumbprints (`x5t#S256`).
    ended: frozenset[str]
    ends_at: Instant | None = None


class ClientConstraintChanged(Terms, frozen=True, kw_only=True):
    """A client's tokens are bound to another thing than before; those that were out have ended."""

    change_id: str
    client: str
    sender_constraint: str  # MTLS or DPOP.
    tokens_revoked: int


class ClientRedirectsChanged(Terms, frozen=True, kw_only=True):
    """A client's answers over a browser go to these addresses from here on."""

    change_id: str
    client: str
    redirect_uris: frozenset[str]


class ClientEnded(Terms, frozen=True, kw_only=True):
    """A client is shut out for good, with its keys, tokens and grants."""

    change_id: str
    client: str
    keys: frozenset[str]  # Ids of the keys that ended with it.
    tokens_revoked: int
    certificates: frozenset[str] | None = None  # Its own ones that ended with it.


class KeyAnnounced(Terms, frozen=True, kw_only=True):
    """The house will sign with another key of this purpose, from an instant on."""

    purpose: str  # The word of the settings, such as `seal`.
    key: str  # JWK thumbprint (RFC 7638): it names the material, not only the key.
    algorithm: str
    use_from: Instant
    replaces: str | None = None  # The thumbprint of the key in use; none where it is gone.


class KeyRetired(Terms, frozen=True, kw_only=True):
    """The house signs with this key no more; what it signed before stays good."""

    purpose: str
    key: str
    successor: str
