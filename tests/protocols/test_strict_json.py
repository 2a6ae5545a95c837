"""RFC 8259 and RFC 7493, judged by JSONTestSuite, and the hostile input that decoders fall over."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.strict_json import (
    DEPTH_MAX,
    JsonFault,
    JsonMalformed,
    decode,
    parse,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=300)

# Ours, and stricter than RFC 8259: the suite lets a parser keep one of two equal names.
REFUSED_BY_HOUSE_RULE = {
    "y_object_duplicated_key.json": JsonFault.DUPLICATE_NAME,
    "y_object_duplicated_key_and_value.json": JsonFault.DUPLICATE_NAME,
}


def fault_of(raw: bytes) -> JsonFault | None:
    """Return why the text is refused; None where it is accepted."""
    try:
        parse(raw)
    except JsonMalformed as refusal:
        return refusal.fault
    return None


def test_the_suite_of_317_texts_is_decided_as_named(vectors: Path) -> None:
    """95 must pass, but for equal names; 187 must fail; 35 may do either but not crash."""
    counted = {"y": 0, "n": 0, "i": 0}

    for file in sorted((vectors / "json" / "test_parsing").glob("*.json")):
        fault = fault_of(file.read_bytes())
        kind = file.name[0]
        counted[kind] += 1
        if kind == "y":
            assert fault == REFUSED_BY_HOUSE_RULE.get(file.name), file.name
        if kind == "n":
            assert fault is not None, file.name

    assert counted == {"y": 95, "n": 187, "i": 35}


def test_the_text_that_the_suite_leaves_out_for_its_size_is_refused() -> None:
    """`n_structure_open_array_object.json`: arrays and objects opened 50,000 times each."""
    assert fault_of(b'[{"":' * 50_000 + b"\n") is JsonFault.DEPTH


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", JsonFault.SYNTAX),
        (b"{} {}", JsonFault.SYNTAX),
        (b"{}\x00", JsonFault.SYNTAX),
        (b'"' + b"a" * 5_000_000, JsonFault.SYNTAX),
        (b'"' + rb"\"" * 500_000, JsonFault.SYNTAX),
        (b'"' + rb"\"" * 500_000 + b"\\", JsonFault.SYNTAX),
        (b"NaN", JsonFault.SYNTAX),
        (b"Infinity", JsonFault.SYNTAX),
        (b"-Infinity", JsonFault.SYNTAX),
        ('{"a":1}'.encode("utf-16"), JsonFault.ENCODING),
        ('{"a":1}'.encode("utf-16-le"), JsonFault.SYNTAX),
        (b"\xef\xbb\xbf{}", JsonFault.ENCODING),
        (b'"\xed\xa0\x80"', JsonFault.ENCODING),
        (b'"\xc0\xaf"', JsonFault.ENCODING),
        (rb'"\ud800"', JsonFault.SURROGATE),
        (rb'"\uDC00"', JsonFault.SURROGATE),
        (rb'"\ud800\ud800\udc00"', JsonFault.SURROGATE),
        (rb'"\\\ud800"', JsonFault.SURROGATE),
        (rb'{"\ud800":1}', JsonFault.SURROGATE),
        (b"[" * 100_000, JsonFault.DEPTH),
        (b"[" * 33 + b"]" * 33, JsonFault.DEPTH),
        (b'{"a":' * 33 + b"1" + b"}" * 33, JsonFault.DEPTH),
        (b"1" * 400, JsonFault.NUMBER),
        (b"-" + b"1" * 1_000_000, JsonFault.NUMBER),
        (b"9007199254740992", JsonFault.NUMBER),
        (b'{"a":[-9007199254740992]}', JsonFault.NUMBER),
        (b"1e400", JsonFault.NUMBER),
        (b"-1e400", JsonFault.NUMBER),
        (b'{"a":1,"a":1}', JsonFault.DUPLICATE_NAME),
        (rb'{"a":1,"\u0061":2}', JsonFault.DUPLICATE_NAME),
        (b'[[{"b":{"":1,"c":{},"":1}}]]', JsonFault.DUPLICATE_NAME),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(raw: bytes, fault: JsonFault) -> None:
    """Each hostile text is refused with the reason that names it, in linear time."""
    with pytest.raises(JsonMalformed) as refusal:
        parse(raw)

    assert refusal.value.fault is fault
    assert refusal.value.pointer == ""


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" null\n", None),
        (b"-0", 0),
        (b"9007199254740991", 9007199254740991),
        (b"-9007199254740991", -9007199254740991),
        (b"0.12345678901234567", 0.12345678901234566),
        (b"1e300", 1e300),
        (b"1000000000000000000e-3", 1e15),
        (rb'"\ud83d\ude02"', "\U0001f602"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\\\\ud800 \\"', "\\\\ud800 \\"),
        (b'{"a:b":":","[{":"]}"}', {"a:b": ":", "[{": "]}"}),
        (
            b'[{"a":1},{"a":1,"b":{"a":"1111111111111111111111"}}]',
            [{"a": 1}, {"a": 1, "b": {"a": "1" * 22}}],
        ),
        (b'"\xe4\xb8\x87\xe5\x85\x83"', "万元"),
        (b'"' + b"a" * 5_000_000 + b'"', "a" * 5_000_000),
        (b"[" + b"[]," * 1000 + b"[]]", [[]] * 1001),
    ],
)
def test_what_every_reader_reads_alike_is_accepted(raw: bytes, value: object) -> None:
    """The guard looks outside strings only, and counts what is open, not what was opened."""
    assert parse(raw) == value


def test_the_depth_limit_itself_is_accepted() -> None:
    """32 arrays inside each other pass, 33 do not."""
    raw = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX

    assert fault_of(raw) is None
    assert fault_of(b"[" + raw + b"]") is JsonFault.DEPTH


class Fine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of the shape below."""

    amount: Decimal


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape to ask for."""

    uscc: str
    count: int = 0
    fines: list[Fine] = []
    by_year: dict[str, int] = {}
    odd: str = msgspec.field(name="a/b~c", default="")


def test_a_text_of_the_right_shape_becomes_the_type() -> None:
    """Strings of decimals become Decimal without passing through a double."""
    query = decode(b'{"uscc":"9","fines":[{"amount":"0.10"}]}', Query)

    assert query == Query(uscc="9", fines=[Fine(amount=Decimal("0.10"))])


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b"[]", ""),
        (b"{}", ""),
        (b'{"uscc":"9","unknown":1}', ""),
        (b'{"uscc":9}', "/uscc"),
        (b'{"uscc":"9","count":true}', "/count"),
        (b'{"uscc":"9","count":"1"}', "/count"),
        (b'{"uscc":"9","fines":[{"amount":"1"},{"amount":[]}]}', "/fines/1/amount"),
        (b'{"uscc":"9","by_year":{"2024":null}}', "/by_year"),
        (b'{"uscc":"9","a/b~c":1}', "/a~1b~0c"),
    ],
)
def test_a_wrong_shape_is_refused_with_a_pointer_to_it(raw: bytes, pointer: str) -> None:
    """The pointer (RFC 6901) names members of our schema and stops at names that callers chose."""
    with pytest.raises(JsonMalformed) as refusal:
        decode(raw, Query)

    assert (refusal.value.fault, refusal.value.pointer) == (JsonFault.SHAPE, pointer)
    assert refusal.value.code == "json-malformed"


def test_the_guard_stands_before_the_typed_decoder() -> None:
    """A name twice is refused although the decoder would take the last of the two."""
    with pytest.raises(JsonMalformed) as refusal:
        decode(b'{"uscc":"8","uscc":"9"}', Query)

    assert refusal.value.fault is JsonFault.DUPLICATE_NAME


texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@STABLE
@given(values)
def test_whatever_an_encoder_writes_is_read_back(value: object) -> None:
    """No valid text within the bounds is refused, whatever stands in its strings."""
    assert parse(msgspec.json.encode(value)) == value


noise = st.binary(max_size=60) | st.text('[]{}",:\\u0d8Ce1.- tr', max_size=60).map(str.encode)


@STABLE
@given(noise)
def test_no_bytes_bring_anything_out_but_a_value_or_the_refusal(raw: bytes) -> None:
    """What the guard accepts, the plain decoder accepts too; nothing else escapes."""
    if fault_of(raw) is None:
        msgspec.json.decode(raw)


class Colour(StrEnum):
    """A closed set of words."""

    RED = "RED"


class Painted(msgspec.Struct, forbid_unknown_fields=True):
    """A struct that names its members."""

    colour: Colour


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b'{"colour":"CANARY"}', "Invalid enum value"),
        (b'{"colour":"RED","CANARY":1}', "Object contains unknown field"),
        (b'{"colour":1}', "Expected `str`, got `int` - at `$.colour`"),
        (b"{}", "Object missing required field `colour`"),
    ],
)
def test_the_detail_repeats_nothing_that_the_caller_wrote(raw: bytes, detail: str) -> None:
    """Details go to the log: they name our own schema, never the caller's words."""
    with pytest.raises(JsonMalformed) as refused:
        decode(raw, Painted)
    assert refused.value.detail == detail
