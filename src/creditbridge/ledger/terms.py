"""The machine terms of each kind of entry: what a replay needs, and never a name or a payload.

Purposes and sections are plain words here, because a word that leaves the code tables must still be
read ten years later. In the ledger for ten years: add fields with a default, never rename.
"""

import msgspec

from creditbridge.ledger.encoding import Instant


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of one entry; each kind has its own struct below."""


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


class PersonEnrolled(Terms, frozen=True, kw_only=True):
    """A person may speak for an enterprise from here on."""

    role: str  # LEGAL_REP or AGENT.
    issuer: str  # Who vouches for the person.
    proof_digest: str  # base64url of the SHA-256 of what the issuer signed.


class TokenExtent(Terms, frozen=True, kw_only=True):
    """Whose a token is, what it opens, what it is bound to, and until when."""

    client: str
    scope: frozenset[str]
    thumbprint: str | None = None  # base64url of the certificate's SHA-256 (RFC 8705, section 3.1).
    expires_at: Instant
    proof_key: str | None = None  # Thumbprint of a public JWK (RFC 9449, section 6.1).
    grant_id: str | None = None  # Absent where the client asked in its own name.


class TokenIssued(TokenExtent, frozen=True, kw_only=True):
    """A client holds a token that only its certificate, or a key of its own, can use."""


class TokenRefused(Terms, frozen=True, kw_only=True):
    """A known client did not get a token."""

    client: str
    code: str
    grant_id: str | None = None  # Of the code or refresh token that it brought, where known.


class TokenRevoked(TokenExtent, frozen=True, kw_only=True):
    """A client took one of its own tokens back, named by the terms under which it was issued.

    One of a grant that is bound to nothing was a refresh token, and took the access tokens along.
    """


class GrantMade(Terms, frozen=True, kw_only=True):
    """A person's yes gave a client a grant; one entry for each consent that it rests on."""

    grant_id: str
    client: str
    scope: frozenset[str]
    expires_at: Instant


class GrantRevoked(Terms, frozen=True, kw_only=True):
    """A grant ended before its time, with every code and token under it; its consents go on."""

    grant_id: str
    client: str
    reason: str  # A code: whose act ended it, or what gave it away.


class CallerRefused(Terms, frozen=True, kw_only=True):
    """A known client was turned away at a door before its request had any effect."""

    client: str
    door: str  # The route's word, never the path that was asked for.
    code: str


class CallerLimited(Terms, frozen=True, kw_only=True):
    """A known client asked beyond a quota: one entry per minute, client, door and policy."""

    client: str
    door: str
    policy: str
    minute: Instant
    count: int


class StrangersRefused(Terms, frozen=True, kw_only=True):
    """Callers that nobody knows were turned away: one entry per minute, door and rule."""

    minute: Instant
    door: str
    code: str
    count: int


class AuthorizationRefused(Terms, frozen=True, kw_only=True):
    """A client's request to a person was answered with a no: the person's own, or the house's."""

    client: str
    code: str


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


class ConsentRequested(ConsentExtent, frozen=True, kw_only=True):
    """A bank asks an enterprise for a consent of this extent."""

    client: str
    lapses_at: Instant


class ConsentApproved(ConsentExtent, frozen=True, kw_only=True):
    """The enterprise gave the consent, perhaps narrower than it was asked for."""

    role: str
    artefact_digest: str  # base64url of the SHA-256 of the artefact's bytes.
    template_id: str
    template_version: str
    text_digest: str  # base64url of the SHA-256 of the text that the signer saw.


class ConsentEnded(Terms, frozen=True, kw_only=True):
    """A consent or a request for one ended: refused, withdrawn or lapsed."""

    version: int
    state: str  # The state it is in from here on.
    reason: str | None = None  # A code, never a caller's words.


class ConsentSilenced(Terms, frozen=True, kw_only=True):
    """Every node has stopped what ran under the consent, or its lease has run out."""

    version: int
    withdrawn: str  # Event id of the withdrawal.
    waited_milliseconds: int


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
