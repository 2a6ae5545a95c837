"""Monthly statements: nothing missing, it adds up, and anybody can check it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from creditbridge.evidence.contract import format_statement_schema
from creditbridge.evidence.documents import DOCUMENT_BYTES_MAX, verify_document
from creditbridge.evidence.model import PackUntrue, Result
from creditbridge.evidence.pins import Pin, Pins, PinsFile
from creditbridge.evidence.statements import (
    STATEMENT_DOMAIN,
    Statement,
    StatementLine,
    StatementParty,
    bounds_of,
    count,
    encode_statement,
    month_of,
    next_month,
    require_whole,
)
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EventKind

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key()), private=PRIVATE)
BANK = StatementParty(uscc="91330104YY0000A13Q", name="北岸银行")
ORIGIN = "log.example/creditbridge"
BEGINS, ENDS = bounds_of("2026-11")
INSIDE = BEGINS + timedelta(days=3)


def line(
    number: int, kind: EventKind = EventKind.REPORT_DELIVERED, **members: object
) -> StatementLine:
    """Return an entry of the month."""
    plain = StatementLine(
        subject_seq=number,
        event_id=f"evt_{number}",
        kind=kind,
        decided_at=INSIDE,
        commitment="c" * 43,
        bank=BANK,
    )
    return replace(plain, **members)


def statement(*entries: StatementLine, **members: object) -> Statement:
    """Return an unsigned statement that covers entries 5 to 7, unless told otherwise."""
    plain = Statement(
        v=1,
        type="statement",
        statement_id="stm_1",
        origin=ORIGIN,
        enterprise=StatementParty(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司"),
        month="2026-11",
        issued_at=ENDS,
        after=4,
        last=7,
        entries=entries,
        outside=(),
        counts=count(entries),
        kid=KEY.key.key_id,
    )
    return replace(plain, **members)


WHOLE = statement(
    line(5, EventKind.REPORT_INTENDED, purpose="POST_LOAN", sections=("REG",)),
    line(6),
    line(7, EventKind.REPORT_REFUSED),
)


def sign(unsigned: Statement, key: FileKey = KEY) -> bytes:
    """Sign a statement as the house does."""
    signature = key.sign(STATEMENT_DOMAIN + encode_statement(unsigned))
    return encode_statement(replace(unsigned, signature=to_base64url(signature)))


@pytest.fixture
def pins() -> Pins:
    """What a verifier believes."""
    pin = Pin(kid=KEY.key.key_id, jwk=dict(KEY.key.to_jwk()))
    file = PinsFile(
        v=1,
        origin=ORIGIN,
        log_keys=(),
        receipt_keys=(),
        consent_keys=(pin,),
        query_keys=(),
        seal_keys=(),
        platform_keys={},
    )
    return Pins(file=file, witness_keys=())


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        (datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC), "2026-10"),
        (datetime(2026, 10, 31, 16, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "2027-01"),
    ],
)
def test_a_month_is_that_of_shanghai(instant: datetime, month: str) -> None:
    """Eight hours before UTC's."""
    begins, ends = bounds_of(month)

    assert month_of(instant) == month
    assert begins <= instant < ends
    assert next_month(month) == month_of(ends)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "x", "2026-11-01"])
def test_no_other_text_is_a_month(text: str) -> None:
    """Four digits, a hyphen, two digits."""
    with pytest.raises(ValueError, match=text):
        bounds_of(text)


def test_a_whole_statement_verifies_step_by_step(pins: Pins) -> None:
    """Form, signature, completeness."""
    verdict = verify_document(sign(WHOLE), pins)

    assert verdict.result is Result.VALID
    assert [step.name for step in verdict.steps] == ["form", "signature", "completeness"]
    assert verdict.steps[-1].detail == "entries 5 to 7, none missing"
    assert WHOLE.counts.looks == WHOLE.counts.queries == WHOLE.counts.refusals == 1
    assert WHOLE.counts.by_purpose == {"POST_LOAN": 1}


@pytest.mark.parametrize(
    "whole",
    [
        statement(last=4),
        statement(line(6), line(7), outside=(line(5, decided_at=ENDS),)),
        statement(line(3), *WHOLE.entries),
    ],
)
def test_an_empty_month_and_a_turn_of_the_month_are_whole(whole: Statement) -> None:
    """Nothing at all; one of the next month between; one numbered before the month began."""
    require_whole(whole)


@pytest.mark.parametrize(
    "broken",
    [
        statement(line(5), line(7)),
        statement(line(5), line(6)),
        statement(line(5), line(6), line(6), line(7)),
        statement(line(5), line(6), line(7), line(8)),
        statement(line(5), line(6), line(7, decided_at=ENDS)),
        statement(line(6), line(7), outside=(line(5),)),
        replace(WHOLE, counts=count(())),
    ],
)
def test_what_is_missing_or_too_much_shows(pins: Pins, broken: Statement) -> None:
    """A gap, an end that is missing, one twice, one beyond, of another month, not counted."""
    with pytest.raises(PackUntrue):
        require_whole(broken)
    verdict = verify_document(sign(broken), pins)

    assert (verdict.result, len(verdict.steps)) == (Result.INVALID, 3)


RAW = sign(WHOLE)


@pytest.mark.parametrize(
    ("raw", "steps"),
    [
        pytest.param(RAW.replace(b'"looks":1', b'"looks":2', 1), 2, id="another count"),
        pytest.param(RAW + b" ", 1, id="a blank more"),
        pytest.param(RAW[:-1], 1, id="cut off"),
        pytest.param(b"[" * 100_000, 1, id="deep"),
        pytest.param(b"{}", 1, id="nothing"),
        pytest.param(b"x" * (DOCUMENT_BYTES_MAX + 1), 1, id="too long"),
        pytest.param(RAW.replace(b'"v":1', b'"v":2'), 1, id="another version"),
        pytest.param(encode_statement(WHOLE), 2, id="no signature"),
        pytest.param(sign(replace(WHOLE, origin="other.example")), 2, id="another log"),
        pytest.param(sign(replace(WHOLE, kid="other")), 2, id="an unknown key"),
        pytest.param(encode_statement(replace(WHOLE, signature="!")), 2, id="no base64url"),
        pytest.param(encode_statement(replace(WHOLE, signature="A")), 2, id="cut short"),
        pytest.param(encode_statement(replace(WHOLE, signature="AB")), 2, id="spare bits"),
        pytest.param(encode_statement(replace(WHOLE, signature="A" * 86)), 2, id="zeros"),
    ],
)
def test_any_change_is_found(pins: Pins, raw: bytes, steps: int) -> None:
    """At the step that it breaks."""
    verdict = verify_document(raw, pins)

    assert (verdict.result, len(verdict.steps)) == (Result.INVALID, steps)


def test_parts_are_whole_each_for_itself(pins: Pins) -> None:
    """A part that goes on says so; the next one holds nothing of what stood in it."""
    first = replace(WHOLE, goes_on=True)
    second = statement(line(8), after=7, last=8, part=2)

    told = verify_document(sign(first), pins)

    assert told.result is Result.VALID
    assert told.steps[-1].detail.endswith("; part 1, which goes on")
    assert verify_document(sign(second), pins).steps[-1].detail.endswith("; part 2")
    for broken in (
        statement(line(7), line(8), after=7, last=8, part=2),
        statement(after=4, last=4, goes_on=True),
    ):
        assert verify_document(sign(broken), pins).result is Result.INVALID
    # In a first part it was numbered before the month, and stands in an earlier statement's margin.
    require_whole(statement(line(7), line(8), after=7, last=8))


@pytest.mark.parametrize(
    ("size", "signs"), [(9, False), (10, True), (19, True), (20, True), (21, False), (None, True)]
)
def test_a_key_counts_while_it_signed(pins: Pins, size: int | None, *, signs: bool) -> None:
    """From its announcement to its retirement; statements from before it was said are of any."""
    (pin,) = pins.file.consent_keys
    given_up = replace(pin, from_index=10, to_index=20)
    file = replace(pins.file, consent_keys=(given_up,))

    told = verify_document(sign(replace(WHOLE, log_size=size)), Pins(file=file, witness_keys=()))

    assert (told.result is Result.VALID) is signs
    assert signs or "did not sign when the log had" in told.steps[-1].detail


def test_the_contract_is_the_struct() -> None:
    """The schema in `contracts/` is made of what is signed."""
    file = Path(__file__).parents[2] / "contracts" / "statement.schema.json"

    assert file.read_bytes() == format_statement_schema()
    assert msgspec.json.decode(sign(WHOLE), type=Statement).month == "2026-11"
