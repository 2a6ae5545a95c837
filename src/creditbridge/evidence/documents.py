"""Documents of one signature, checked offline with pinned keys: statements, consent receipts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from creditbridge.evidence.binary import read_binary
from creditbridge.evidence.consent_receipts import (
    ConsentReceipt,
    encode_receipt,
    receipt_message,
)
from creditbridge.evidence.model import (
    PackBroken,
    PackUntrue,
    Result,
    Step,
    StepState,
    Strength,
    Verdict,
)
from creditbridge.evidence.pins import Pin, Pins
from creditbridge.evidence.receipt_checks import check_consent, check_events
from creditbridge.evidence.statements import (
    STATEMENT_DOMAIN,
    Statement,
    encode_statement,
    require_whole,
)
from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.strict_json import decode

DOCUMENT_BYTES_MAX = 16_777_216

# What was found; a check that does not hold raises.
Check: TypeAlias = Callable[[], str]


class _Typed(msgspec.Struct, frozen=True):
    """What every document says first."""

    type: str


def verify_document(raw: bytes, pins: Pins) -> Verdict:
    """Return the verdict on a statement or a consent receipt, step by step up to the first fault.

    Both: form and signature. A statement: completeness. A receipt: the consent that it is of, and
    the events that the ledger promised to hold.
    """
    steps = list[Step]()
    try:
        detail, checks = _read(raw, pins)
    except (Malformed, Untrusted) as failure:
        return _invalid(steps, "form", failure)
    _pass(steps, "form", detail, Strength.DIGEST)
    for name, check in checks:
        try:
            _pass(steps, name, check(), Strength.GATEWAY_SIGNED)
        except (Malformed, Untrusted) as failure:
            return _invalid(steps, name, failure)
    return Verdict(result=Result.VALID, steps=tuple(steps))


def _read(raw: bytes, pins: Pins) -> tuple[str, Sequence[tuple[str, Check]]]:
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise PackBroken(detail=f"over {DOCUMENT_BYTES_MAX} bytes")
    # The bytes are what was signed: a reader that forgave them would read another document.
    require_canonical(raw)
    if decode(raw, _Typed).type == "statement":
        return _read_statement(raw, pins)
    return _read_receipt(raw, pins)


def _read_statement(raw: bytes, pins: Pins) -> tuple[str, Sequence[tuple[str, Check]]]:
    statement = decode(raw, Statement)
    _require_same(encode_statement(statement), raw)
    message = STATEMENT_DOMAIN + encode_statement(replace(statement, signature=None))
    return f"statement of {statement.month}", (
        ("signature", partial(_check_signed, statement, statement.origin, message, pins)),
        ("completeness", partial(_check_whole, statement)),
    )


def _read_receipt(raw: bytes, pins: Pins) -> tuple[str, Sequence[tuple[str, Check]]]:
    receipt = decode(raw, ConsentReceipt)
    _require_same(encode_receipt(receipt), raw)
    origin, message = receipt.header.origin, receipt_message(receipt)
    return f"receipt of {receipt.header.record_id}", (
        ("signature", partial(_check_signed, receipt, origin, message, pins)),
        ("consent", partial(check_consent, receipt, pins)),
        ("events", partial(check_events, receipt, pins)),
    )


def _require_same(written: bytes, raw: bytes) -> None:
    # One instant can be spelt in several ways, of which one was signed.
    if written != raw:
        raise PackBroken(detail="not spelt as the house spells it")


def _check_signed(
    document: Statement | ConsentReceipt, origin: str, message: bytes, pins: Pins
) -> str:
    if origin != pins.file.origin:
        raise PackUntrue(detail="of another log than the pins")
    keys = [pin for pin in pins.file.consent_keys if pin.kid == document.kid]
    if not keys or document.signature is None:
        raise PackUntrue(detail=f"no pinned key {document.kid}, or no signature")
    size = document.log_size if isinstance(document, Statement) else document.header.log_size
    if size is not None and not any(_signs_at(pin, size) for pin in keys):
        raise PackUntrue(detail=f"key {document.kid} did not sign when the log had {size} entries")
    key = parse_jwk({**keys[0].jwk, "kid": keys[0].kid})
    key.verify(read_binary(document.signature), message)
    return f"key {document.kid}"


def _signs_at(pin: Pin, size: int) -> bool:
    """Tell whether a key was announced, and not given up, when the log had so many entries."""
    return pin.from_index <= size and (pin.to_index is None or size <= pin.to_index)


def _check_whole(statement: Statement) -> str:
    require_whole(statement)
    detail = f"entries {statement.after + 1} to {statement.last}, none missing"
    if statement.part > 1 or statement.goes_on:
        detail += f"; part {statement.part}{', which goes on' if statement.goes_on else ''}"
    return detail


def _invalid(steps: list[Step], name: str, failure: Malformed | Untrusted) -> Verdict:
    detail = f"{failure.prose} {failure.detail}".strip()
    _add(steps, name, StepState.FAILED, Strength.GATEWAY_SIGNED, detail)
    return Verdict(result=Result.INVALID, steps=tuple(steps))


def _pass(steps: list[Step], name: str, detail: str, strength: Strength) -> None:
    _add(steps, name, StepState.PASSED, strength, detail)


def _add(steps: list[Step], name: str, state: StepState, strength: Strength, detail: str) -> None:
    step = Step(number=len(steps) + 1, name=name, state=state, strength=strength, detail=detail)
    steps.append(step)
