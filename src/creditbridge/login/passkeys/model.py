"""A person's passkey, what it is asked to sign, and what it signed."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.protocols.webauthn_assertion import Assertion

SIGNING_LIFE = timedelta(seconds=300)  # PROTOCOLS section 0.
RECOVERY_LIFE = timedelta(days=7)
FRESH = timedelta(minutes=10)
PASSKEYS_MAX = 10


class PasskeyState(StrEnum):
    """Whether a passkey may sign."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"  # Its counter went back: there may be two of it.
    ENDED = "ENDED"


class Demand(StrEnum):
    """Which passkey an approval needs, in the words of the consents' policy."""

    NONE = "NONE"
    ANY = "ANY"
    DEVICE_BOUND = "DEVICE_BOUND"


class SigningKind(StrEnum):
    """What a page asks a passkey for."""

    APPROVE = "APPROVE"
    CONFIRM = "CONFIRM"  # That who adds a passkey has one already.
    ENROL = "ENROL"


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A credential, for ever of one person; `enrolled_event` is its entry in the ledger.

    `credential_digest` is the SHA-256 of the credential id, `public_key` is COSE.
    """

    passkey_id: str
    person_id: str
    credential_id: bytes
    credential_digest: bytes
    public_key: bytes
    name: str
    device_bound: bool
    counter: int
    state: PasskeyState
    enrolled_at: datetime
    approves_from: datetime
    enrolled_event: str
    used_at: datetime | None = None
    ended_at: datetime | None = None
    lapsed: bool = False  # It ended with the last enterprise that the person spoke for.


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """One try: `signed` is the statement, or 32 random bytes where nothing is stated."""

    signing_id: str
    subject: str
    kind: SigningKind
    person_id: str
    uscc: str
    signed: bytes
    made_at: datetime
    expires_at: datetime


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What two operators opened for a person who lost every passkey."""

    person_id: str
    change_id: str
    opened_at: datetime
    expires_at: datetime


class SentAssertion(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser sent of an authenticator's answer, unverified."""

    signing_id: str
    credential_id: bytes
    assertion: Assertion
    user_handle: bytes | None = None


class SentCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser sent of a new credential, unverified."""

    signing_id: str
    name: str
    client_data: bytes
    attestation: bytes


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that an authenticator made for us, verified."""

    credential_id: bytes
    public_key: bytes
    device_bound: bool
    counter: int


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """An assertion that holds: by which passkey, over what."""

    passkey: Passkey
    signing: Signing
    assertion: Assertion


class PasskeyUnfit(Refused):
    """The policy demands a passkey; each reason why none may sign has its own kind below."""

    code = "passkey-unfit"
    message = "This approval must be signed with a passkey."


class PasskeyMissing(PasskeyUnfit):
    """An approval needs a passkey, and the person has none that may sign now."""

    code = "passkey-missing"
    message = "This approval must be signed with a passkey. Please add one first."


class PasskeyUnbound(PasskeyUnfit):
    """An approval needs a passkey that cannot leave its device."""

    code = "passkey-unbound"
    message = "This approval needs a passkey that stays on one device, such as a security key."


class PasskeyCooling(PasskeyUnfit):
    """A passkey that replaced a lost one may not approve yet."""

    code = "passkey-cooling"
    message = "A passkey that replaced a lost one may approve only after the waiting time."


class PasskeyUnknown(Refused):
    """No such live passkey of this person."""

    code = "passkey-unknown"
    message = "There is no such passkey."


class PasskeyTaken(Refused):
    """The authenticator's credential is known already."""

    code = "passkey-taken"
    message = "This passkey is registered already."


class PasskeysMany(Refused):
    """More passkeys than a person can look after."""

    code = "passkeys-many"
    message = "You have as many passkeys as can be kept. Please end one first."


class RecoveryNeeded(Refused):
    """Every passkey that the person had is gone: two operators must open the way."""

    code = "passkey-recovery-needed"
    message = "All your passkeys have ended. Please ask the operator for a recovery."


class SignInNotFresh(Refused):
    """The first passkey is added right after signing in, not in a session that lay open."""

    code = "sign-in-not-fresh"
    message = "Please sign in again before you add a passkey."


class EnrolmentInvalid(Malformed):
    """What came as a new passkey is none; which check failed stands in the log alone."""

    code = "passkey-enrolment-invalid"
    message = "The new passkey could not be accepted. Please open the page again."


class PasskeyNameMalformed(Malformed):
    """A name that is empty, long, or does not print."""

    code = "passkey-name-malformed"
    message = "A passkey's name has 1 to 40 printable characters."


class CounterBack(Refused):
    """The authenticator's counter did not grow: somebody may have a copy of the key."""

    code = "passkey-counter-back"
    message = "This passkey has been suspended, because a copy of it may exist."
