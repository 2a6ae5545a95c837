"""Documents of one signature, checked offline with pinned keys: statements."""

from base64 import urlsafe_b64decode

from msgspec.structs import replace

from creditbridge.evidence.model import (
    PackBroken,
    PackUntrue,
    Result,
    Step,
    StepState,
    Strength,
    Verdict,
)
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.statements import (
    STATEMENT_DOMAIN,
    Statement,
    encode_statement,
    require_whole,
    write_binary,
)
from creditbridge.foundation.errors import Malformed, SignatureInvalid, Untrusted
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.strict_json import decode

DOCUMENT_BYTES_MAX = 16_777_216


def verify_document(raw: bytes, pins: Pins) -> Verdict:
    """Return the verdict on a statement: its form, its signature, its completeness."""
    steps = list[Step]()
    try:
        statement = _read(raw)
        _pass(steps, "form", f"statement of {statement.month}", Strength.DIGEST)
        _require_signed(statement, pins)
        _pass(steps, "signature", f"key {statement.kid}", Strength.GATEWAY_SIGNED)
        require_whole(statement)
        detail = f"entries {statement.after + 1} to {statement.last}, none missing"
        _pass(steps, "completeness", detail, Strength.GATEWAY_SIGNED)
    except (Malformed, Untrusted) as failure:
        name = ("form", "signature", "completeness")[len(steps)]
        steps.append(
            Step(
                number=len(steps) + 1,
                name=name,
                state=StepState.FAILED,
                strength=Strength.GATEWAY_SIGNED,
                detail=f"{failure.prose} {failure.detail}".strip(),
            )
        )
        return Verdict(result=Result.INVALID, steps=tuple(steps))
    return Verdict(result=Result.VALID, steps=tuple(steps))


def _read(raw: bytes) -> Statement:
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise PackBroken(detail=f"over {DOCUMENT_BYTES_MAX} bytes")
    # The bytes are what was signed: a reader that forgave them would read another document.
    require_canonical(raw)
    return decode(raw, Statement)


def _require_signed(statement: Statement, pins: Pins) -> None:
    if statement.origin != pins.file.origin:
        raise PackUntrue(detail="of another log than the pins")
    keys = [pin for pin in pins.file.consent_keys if pin.kid == statement.kid]
    if not keys or statement.signature is None:
        raise PackUntrue(detail=f"no pinned key {statement.kid}, or no signature")
    key = parse_jwk({**keys[0].jwk, "kid": keys[0].kid})
    message = STATEMENT_DOMAIN + encode_statement(replace(statement, signature=None))
    key.verify(_read_binary(statement.signature), message)


def _read_binary(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise SignatureInvalid(detail="not base64url") from error
    # Two texts for one signature would be two files for one statement.
    if write_binary(raw) != text:
        raise SignatureInvalid(detail="base64url with spare bits")
    return raw


def _pass(steps: list[Step], name: str, detail: str, strength: Strength) -> None:
    steps.append(
        Step(
            number=len(steps) + 1,
            name=name,
            state=StepState.PASSED,
            strength=strength,
            detail=detail,
        )
    )
