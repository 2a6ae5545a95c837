"""Checks against the log: what it signed, what stands in it, what it promised."""

from creditbridge.evidence.examination import Examination, Finding
from creditbridge.evidence.model import PackUntrue, Strength
from creditbridge.ledger.rules import entry_of, require_promised, verify_receipt
from creditbridge.protocols.checkpoint import OpenedCheckpoint, open_checkpoint, parse_checkpoint
from creditbridge.protocols.merkle import verify_inclusion
from creditbridge.protocols.merkle_tree import hash_leaf
from creditbridge.protocols.signed_note import parse_note


def check_checkpoint(examination: Examination) -> Finding:
    """Check that the log signed the checkpoint, and as many witnesses as the pins require."""
    opened = _open_checkpoint(examination)
    checkpoint, pins = opened.checkpoint, examination.pins
    # One key may sign for two logs: the origin says whose tree it is (C2SP tlog-checkpoint).
    if checkpoint.origin != pins.file.origin:
        raise PackUntrue(detail="checkpoint: of another log")
    # By name: two cosignatures of one witness are one pair of eyes.
    witnesses = {signer.key.name for signer in opened.signers if signer.cosigned_at is not None}
    if len(witnesses) < pins.file.witnesses_required:
        required = pins.file.witnesses_required
        raise PackUntrue(detail=f"checkpoint: {len(witnesses)} witnesses of {required} required")
    detail = f"{checkpoint.origin}, {checkpoint.size} entries"
    if witnesses:
        return Finding(strength=Strength.WITNESSED, detail=f"{detail}, {len(witnesses)} witnesses")
    return Finding(strength=Strength.LOG_SIGNED, detail=detail)


def check_inclusion(examination: Examination) -> Finding:
    """Check that every commitment stands in the signed tree, at its index."""
    checkpoint = _open_checkpoint(examination).checkpoint
    for entry, opened in zip(examination.pack.entries, examination.entries, strict=True):
        # Two checkpoints could be of two trees: a fork, with half of the story in each.
        if entry.inclusion.checkpoint_note != examination.pack.checkpoint_note:
            raise PackUntrue(detail=f"entry {entry.index}: proven against another checkpoint")
        verify_inclusion(
            hash_leaf(entry_of(opened.commitment)),
            index=entry.index,
            size=checkpoint.size,
            proof=entry.inclusion.hashes,
            root=checkpoint.root,
        )
    detail = f"{len(examination.entries)} entries in a tree of {checkpoint.size}"
    return Finding(strength=Strength.LOG_PROVEN, detail=detail)


def check_receipt(examination: Examination) -> Finding:
    """Check that the gateway promised the subject's commitment when it decided."""
    subject, pins = examination.subject, examination.pins
    find_key = pins.finder(pins.file.receipt_keys, subject.index)
    receipt = verify_receipt(examination.pack.receipt, find_key)
    require_promised(receipt, subject.core, subject.commitment)
    if receipt.origin != pins.file.origin:
        raise PackUntrue(detail="receipt.json: of another log")
    detail = (
        f"bank entry {receipt.bank_seq}, promised at {receipt.decided_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    return Finding(strength=Strength.GATEWAY_SIGNED, detail=detail)


def _open_checkpoint(examination: Examination) -> OpenedCheckpoint:
    note = examination.pack.checkpoint_note
    size = parse_checkpoint(parse_note(note).text).size
    return open_checkpoint(
        note,
        log_keys=examination.pins.log_keys(size),
        witness_keys=examination.pins.witness_keys,
    )
