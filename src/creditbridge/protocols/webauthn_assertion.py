"""A passkey's assertion, as in Web Authentication Level 3, section 7.2, and stricter (PROTOCOLS 8).

The same lines run when an approval is given and when its pack is verified years later: they know no
session, no store and no clock. What only the server knows (whose credential it is, whether the
statement is unspent, whether the counter grew) is decided elsewhere.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from enum import IntFlag

import msgspec

from creditbridge.foundation.errors import Malformed, SignatureInvalid
from creditbridge.protocols.strict_json import JsonMalformed, decode
from creditbridge.protocols.webauthn_key import PasskeyKey

CLIENT_DATA_BYTES_MAX = 4_096
AUTHENTICATOR_DATA_BYTES = 37  # SHA-256 of the RP id, flags, counter (section 6.1).
SIGNATURE_BYTES_MAX = 512
GET = "webauthn.get"


class Flags(IntFlag):
    """The flags of authenticator data (section 6.1)."""

    USER_PRESENT = 0x01
    USER_VERIFIED = 0x04
    BACKUP_ELIGIBLE = 0x08
    BACKED_UP = 0x10
    ATTESTED_DATA = 0x40
    EXTENSION_DATA = 0x80


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator answered, unverified."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


class RelyingParty(msgspec.Struct, frozen=True, kw_only=True):
    """For whom passkeys sign: the RP id, a host name, and the origins that pages are served at."""

    rp_id: str
    origins: tuple[str, ...]


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified assertion says of its authenticator."""

    counter: int
    is_backed_up: bool


class ApprovalInvalid(Malformed):
    """An approver's signature that does not hold; which check failed stands in the log alone."""

    code = "approval-invalid"
    message = "The signature with the passkey could not be accepted. Please open the page again."


class ClientData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The members of `clientDataJSON` that count (section 5.8.1); browsers may add others."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | msgspec.UnsetType | None = msgspec.UNSET


def verify_assertion(
    assertion: Assertion,
    key: PasskeyKey,
    party: RelyingParty,
    *,
    challenge: bytes,
    backup_eligible: bool,
) -> Signed:
    """Return what an assertion over the challenge (32 bytes) says, once all of it holds.

    Raises:
        ApprovalInvalid: the first check below that fails.
    """
    _require_client_data(assertion.client_data, party, challenge=challenge)
    signed = _read_authenticator_data(
        assertion.authenticator_data, party, backup_eligible=backup_eligible
    )
    if len(assertion.signature) > SIGNATURE_BYTES_MAX:
        raise ApprovalInvalid(detail="signature: too long")
    message = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        key.verify(assertion.signature, message)
    except SignatureInvalid as error:
        raise ApprovalInvalid(detail=f"signature: {error.detail}") from error
    return signed


def _require_client_data(raw: bytes, party: RelyingParty, *, challenge: bytes) -> None:
    if len(raw) > CLIENT_DATA_BYTES_MAX:
        raise ApprovalInvalid(detail="client data: too long")
    try:
        said = decode(raw, ClientData)
    except JsonMalformed as error:
        raise ApprovalInvalid(detail=f"client data: {error.fault.name}") from error
    # A registration's answer is signed with the same key (section 7.2, step 11).
    if said.type != GET:
        raise ApprovalInvalid(detail="client data: type")
    ours = urlsafe_b64encode(challenge).rstrip(b"=")
    if not hmac.compare_digest(said.challenge.encode(), ours):
        raise ApprovalInvalid(detail="client data: challenge")
    # Exactly: a sub-domain may be somebody else's, and `http:` anybody's.
    if said.origin not in party.origins:
        raise ApprovalInvalid(detail="client data: origin")
    # In a frame of another site a person does not see whom they say yes to.
    if said.cross_origin or said.top_origin is not msgspec.UNSET:
        raise ApprovalInvalid(detail="client data: framed")


def _read_authenticator_data(raw: bytes, party: RelyingParty, *, backup_eligible: bool) -> Signed:
    # An assertion has neither attested data nor extensions that we asked for: one length.
    if len(raw) != AUTHENTICATOR_DATA_BYTES:
        raise ApprovalInvalid(detail="authenticator data: length")
    if raw[:32] != hashlib.sha256(party.rp_id.encode()).digest():
        raise ApprovalInvalid(detail="authenticator data: RP id")
    flags = Flags(raw[32])
    if flags & (Flags.ATTESTED_DATA | Flags.EXTENSION_DATA):
        raise ApprovalInvalid(detail="authenticator data: parts that were not asked for")
    # Touched, and by the very person: a PIN, a finger, a face (steps 16 and 17).
    if Flags.USER_PRESENT not in flags or Flags.USER_VERIFIED not in flags:
        raise ApprovalInvalid(detail="authenticator data: UP, UV")
    # A key that could not leave its device does not learn it later (section 6.1.3).
    if (Flags.BACKUP_ELIGIBLE in flags) != backup_eligible:
        raise ApprovalInvalid(detail="authenticator data: BE")
    if Flags.BACKED_UP in flags and not backup_eligible:
        raise ApprovalInvalid(detail="authenticator data: BS without BE")
    return Signed(counter=int.from_bytes(raw[33:]), is_backed_up=Flags.BACKED_UP in flags)
