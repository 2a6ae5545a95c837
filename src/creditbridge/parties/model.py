"""Whom the house knows: banks and their clients, enterprises and who speaks for them, operators."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from creditbridge.foundation.keys import PublicKey
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.certificate_binding import SubjectMatcher


class Standing(StrEnum):
    """Whether a bank or one of its clients may come in at present."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"  # A client's, for good.


class Role(StrEnum):
    """In which role a person speaks for an enterprise."""

    LEGAL_REP = "LEGAL_REP"
    AGENT = "AGENT"


class ChangeKind(StrEnum):
    """What two operators decide together."""

    BANK_ONBOARDING = "BANK_ONBOARDING"
    BANK_LICENCE = "BANK_LICENCE"
    BANK_RESUMPTION = "BANK_RESUMPTION"
    CLIENT_REGISTRATION = "CLIENT_REGISTRATION"
    CLIENT_KEYS = "CLIENT_KEYS"
    CLIENT_CERTIFICATE = "CLIENT_CERTIFICATE"
    CLIENT_SELF_SIGNED = "CLIENT_SELF_SIGNED"
    CLIENT_CONSTRAINT = "CLIENT_CONSTRAINT"
    CLIENT_REDIRECTS = "CLIENT_REDIRECTS"
    CLIENT_ENDING = "CLIENT_ENDING"
    CONSENT_POLICY = "CONSENT_POLICY"
    PASSKEY_RECOVERY = "PASSKEY_RECOVERY"


# The ways in which a client may prove itself; `access/client_auth` has a file for each.
AuthenticationMethod: TypeAlias = Literal[
    "tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"
]


class AssertionAlgorithm(StrEnum):
    """What a client may sign its assertions with; the value is the JOSE name (FAPI 2.0, 5.4.1)."""

    PS256 = "PS256"
    ES256 = "ES256"
    ED25519 = "EdDSA"


class SenderConstraint(StrEnum):
    """What a client's tokens are bound to; none is unbound."""

    MTLS = "MTLS"  # The certificate of its connection (RFC 8705, section 3).
    DPOP = "DPOP"  # A key that proves itself in each request (RFC 9449).


class ResponseMode(StrEnum):
    """How an authorization response travels over the browser: bare, or as one signed token."""

    QUERY = "query"
    JWT = "jwt"  # JARM, section 2.3.4.


CLIENT_CREDENTIALS = "client_credentials"
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the word of a grant, no secret
CIBA = "urn:openid:params:grant-type:ciba"


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """A bank that was onboarded, with what it is licensed to ask enterprises for.

    Where it was given no licence it may ask whatever enterprises can be asked.
    """

    bank_id: str
    uscc: str
    legal_name: str
    state: Standing
    purposes: frozenset[Purpose] | None = None
    sections: frozenset[SectionCode] | None = None
    paper: bool = False  # It may lodge scans of letters on paper; never without a licence.


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One of a bank's machines.

    With `tls_client_auth` its certificate must have the subject that `matcher` names; with
    `self_signed_tls_client_auth` it is one of its own; with `private_key_jwt` it signs assertions
    with one of `assertion_algorithms`. Grants are under the words that clients send; answers over a
    browser go to one of `redirect_uris`, byte for byte.
    """

    client_id: str
    bank_id: str
    authentication: AuthenticationMethod
    matcher: SubjectMatcher | None
    assertion_algorithms: frozenset[AssertionAlgorithm] = frozenset()
    scopes: frozenset[str]
    requires_signature: bool  # Its requests must carry an HTTP message signature (RFC 9421).
    state: Standing
    sender_constraint: SenderConstraint = SenderConstraint.MTLS
    grant_types: frozenset[str] = frozenset({CLIENT_CREDENTIALS})
    redirect_uris: frozenset[str] = frozenset()
    response_modes: frozenset[ResponseMode] = frozenset(ResponseMode)
    requires_request_object: bool = False  # Its authorization requests must be signed (RFC 9101).
    jwks_uri: str | None = None  # Where it publishes its keys, if they were not registered.


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that verifies what a client signs, as the JSON bytes of a public JWK (RFC 7517).

    An RSA key verifies assertions alone, never an HTTP message (PROTOCOLS K1). A fetched one came
    from the client's own set, and counts no longer than that set does.
    """

    key_id: str
    client_id: str
    jwk: bytes
    registered_at: datetime
    ends_at: datetime | None = None
    is_fetched: bool = False


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """How the last fetches of a client's published keys went.

    `begun_at` and `ended_at` are of the last try, `fetched_at` of the last that brought a set.
    """

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    fetched_at: datetime | None = None


class OwnCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that a client signed itself: it stands for this client, and for nobody else.

    `certificate` is its DER, `thumbprint` as in `x5t#S256` (RFC 7517, section 4.9),
    `key_thumbprint` that of its key (RFC 7638); 43 characters each.
    """

    thumbprint: str
    client_id: str
    key_thumbprint: str
    certificate: bytes
    registered_at: datetime
    ends_at: datetime | None = None


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A client with its bank, and the keys and own certificates that are live."""

    client: Client
    bank: Bank
    keys: tuple[ClientKey, ...]
    key_set: KeySet | None = None  # None where its keys were registered.
    certificates: tuple[OwnCertificate, ...] = ()


class Enterprise(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise, by its unified social credit code in normal form (GB 32100-2015)."""

    enterprise_id: str
    uscc: str
    name: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A natural person: one id, whatever accounts they have at identity providers.

    `issuer` and `subject` are of the account by which they came first (OpenID Connect).
    """

    person_id: str
    issuer: str
    subject: str
    name: str


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What an identity provider vouches for: this person speaks for this enterprise."""

    issuer: str
    subject: str
    person_key: bytes  # `voices.rules.derive_person_key`, 32 bytes: the natural person.
    name: str
    uscc: str
    enterprise_name: str
    role: Role
    proof_digest: bytes  # SHA-256 of the provider's signed statement, 32 bytes.
    office_since: date | None = None  # Since when they are it, by the register, where it is said.


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A person who runs the house, with the key that signs their acts."""

    operator_id: str
    person_name: str
    key_id: str  # JWK thumbprint (RFC 7638).
    jwk: bytes


class OperatorEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is to become one of the first two operators."""

    person_name: str
    key: PublicKey


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change that one operator proposed; it holds once a second one approved it in time."""

    change_id: str
    kind: ChangeKind
    body: bytes
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    proposal_act: bytes
    proposal_signature: bytes
    approved_by: str | None = None
    approved_at: datetime | None = None
    approval_act: bytes | None = None
    approval_signature: bytes | None = None
    applied_at: datetime | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a change that took effect has changed.

    `client` is None where it was about the bank as a whole, `subject` where it was about no bank.
    Ended keys verify until `keys_end_at`; ended certificates, which are self-signed and named by
    their thumbprints, count as long. Where `ends_tokens` is set, the tokens of that client must go
    in the same transaction.
    """

    subject: Bank | None
    client: Client | None = None
    keys_added: frozenset[str] = frozenset()
    keys_ended: frozenset[str] = frozenset()
    keys_end_at: datetime | None = None
    certificates_added: frozenset[str] = frozenset()
    certificates_ended: frozenset[str] = frozenset()
    ends_tokens: bool = False
    person: Person | None = None  # Whom it was about, where it was about one.

    @property
    def bank(self) -> Bank:
        """The bank that the change was about.

        Raises:
            ValueError: it was about none.
        """
        if self.subject is None:
            message = "a change that was about no bank"
            raise ValueError(message)
        return self.subject


class FetchedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What a set that was fetched has changed, by thumbprints (RFC 7638)."""

    client: Client
    bank: Bank
    added: frozenset[str]
    ended: frozenset[str]


# A public JWK whose `x5c` holds its one certificate (RFC 7517, section 4.7).
CertificateJwk: TypeAlias = dict[str, str | tuple[str, ...]]


class ClientOnboarding(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A client as a change names it, with its keys or with the address where it publishes them.

    `tls_client_auth`, also where no method is named, takes a `matcher`; `private_key_jwt` takes
    `assertion_algorithms` and a key for each; `self_signed_tls_client_auth` takes `certificates`.
    Without `grant_types` there is `client_credentials` alone; `authorization_code` takes
    `redirect_uris`, and may narrow the response modes.
    """

    client_id: str
    # Unset and not the default: a body may name the method or leave it out, and stay canonical.
    authentication: AuthenticationMethod | msgspec.UnsetType = msgspec.UNSET
    matcher: SubjectMatcher | None = None
    assertion_algorithms: tuple[AssertionAlgorithm, ...] = ()
    scopes: tuple[str, ...]
    requires_signature: bool
    keys: tuple[dict[str, str], ...]  # Public JWKs (RFC 7517).
    jwks_uri: str | None = None  # https; then `keys` is empty.
    # Left out, it is MTLS; unset and no default for the same reason.
    sender_constraint: SenderConstraint | msgspec.UnsetType = msgspec.UNSET
    grant_types: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    response_modes: tuple[ResponseMode, ...] = ()
    require_signed_request_object: bool | msgspec.UnsetType = msgspec.UNSET
    certificates: tuple[CertificateJwk, ...] = ()


class Licence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For what a bank may ask enterprises, as a change names it."""

    purposes: tuple[Purpose, ...]
    sections: tuple[SectionCode, ...]
    # Unset and no default, so that a body that does not say it stays canonical.
    paper: bool | msgspec.UnsetType = msgspec.UNSET  # Scans of letters; left out: none.


class BankOnboarding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change that brings a bank into the house."""

    uscc: str
    legal_name: str
    clients: tuple[ClientOnboarding, ...]
    licence: Licence | msgspec.UnsetType = msgspec.UNSET  # Left out: for all that can be asked.
