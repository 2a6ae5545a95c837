"""What operators sign: a proposal, an approval, a suspension."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from creditbridge.parties.model import ChangeKind


# Signed by operators and kept in the ledger for ten years: add members, never rename.
class ProposalAct(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="act", tag="change.proposed"
):
    """What an operator signs to propose a change."""

    v: Literal[1] = 1
    operator_id: str
    kind: ChangeKind
    body_digest: str  # SHA-256 of the body's bytes, base64url.
    acted_at: datetime


class ApprovalAct(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="act", tag="change.approved"
):
    """What a second operator signs to approve a change; another change has another digest."""

    v: Literal[1] = 1
    operator_id: str
    change_id: str
    change_digest: str  # `rules.digest_change`, base64url.
    acted_at: datetime


class SuspensionAct(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="act", tag="bank.suspended"
):
    """What one operator signs to suspend a bank: alone, as it only takes away."""

    v: Literal[1] = 1
    operator_id: str
    bank_id: str
    acted_at: datetime


class ConfirmationAct(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="act", tag="document.confirmed"
):
    """What an operator signs who saw the scan of a letter, and found in it what was lodged."""

    v: Literal[1] = 1
    operator_id: str
    consent_id: str
    version: int  # Of the request that it was lodged with.
    artefact_digest: str  # SHA-256 of its artefact, base64url: the letter's facts and the scan's.
    acted_at: datetime


Act: TypeAlias = ProposalAct | ApprovalAct | SuspensionAct | ConfirmationAct


class SignedProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with the body it is about and its operator's signature, 64 bytes."""

    act: ProposalAct
    body: bytes  # Canonical JSON (RFC 8785).
    signature: bytes


class SignedApproval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval with its operator's signature, 64 bytes."""

    act: ApprovalAct
    signature: bytes


class SignedSuspension(msgspec.Struct, frozen=True, kw_only=True):
    """A suspension with its operator's signature, 64 bytes."""

    act: SuspensionAct
    signature: bytes


class SignedConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmation with its operator's signature, 64 bytes."""

    act: ConfirmationAct
    signature: bytes
