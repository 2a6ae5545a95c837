"""What an approver signs: the statement whose digest is the challenge of a passkey.

challenge = SHA-256("creditbridge-approval-v1" || 0x00 || JCS(statement)), 32 bytes

One statement covers every consent of one page: a person who says one yes signs once, and each
consent is found in it by the digest of its artefact. The digests tell nothing to whoever lacks the
artefacts, which hold ids that nobody can guess.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.canonical_json import canonicalize, require_canonical
from creditbridge.protocols.strict_json import JsonMalformed, decode

STATEMENT_DOMAIN = b"creditbridge-approval-v1\x00"
STATEMENT_BYTES_MAX = 4_096
CONSENTS_MAX = 10
NONCE_BYTES = 32

# SHA-256 or 256 random bits, base64url without padding.
Bits256 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)")]
Reference = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)")]


class Act(StrEnum):
    """What the signature does."""

    APPROVE = "consent.approve"


class StatedConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One consent: the SHA-256 of its artefact, and the version of the request that was shown."""

    artefact: Bits256
    version: Annotated[int, msgspec.Meta(ge=1)]


# Signed, and kept ten years: add members with a default, never rename; another meaning is `v` 2.
class ApprovalStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one approver says of these consents, once; `approver` is their reference in the ledger.

    The reference names nobody, so that the signature outlives an erasure of the name.
    """

    v: Literal[1]
    act: Act
    approver: Reference
    consents: Annotated[
        tuple[StatedConsent, ...], msgspec.Meta(min_length=1, max_length=CONSENTS_MAX)
    ]
    nonce: Bits256
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]


class StatementMalformed(Malformed):
    """Bytes that are no statement in its one form."""

    code = "approval-statement-malformed"
    message = "The statement that was signed cannot be read."


def encode_statement(statement: ApprovalStatement) -> bytes:
    """Return its canonical JSON (RFC 8785)."""
    at = statement.expires_at.astimezone(UTC)
    return canonicalize(msgspec.to_builtins(replace(statement, expires_at=at)))


def parse_statement(raw: bytes) -> ApprovalStatement:
    """Return the statement that the bytes hold.

    Raises:
        StatementMalformed: too long, not canonical, another version, act or member.
    """
    if len(raw) > STATEMENT_BYTES_MAX:
        raise StatementMalformed(detail=f"{len(raw)} bytes")
    try:
        require_canonical(raw)
        statement = decode(raw, ApprovalStatement)
    except Malformed as error:
        raise StatementMalformed(detail=_fault_of(error)) from error
    # One statement, one spelling: an instant in another zone would be another challenge.
    if encode_statement(statement) != raw:
        raise StatementMalformed(detail="an instant that is not spelt as we spell it")
    return statement


def challenge_of(statement: bytes) -> bytes:
    """Return the challenge, 32 bytes, of a statement's canonical bytes."""
    return hashlib.sha256(STATEMENT_DOMAIN + statement).digest()


def _fault_of(error: Malformed) -> str:
    return f"{error.code} {error.pointer if isinstance(error, JsonMalformed) else ''}".strip()
