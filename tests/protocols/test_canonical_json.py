"""RFC 8785, judged by the vectors of its author and by a second, slow writer of our own."""

import gzip
import hashlib
import struct
from enum import IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.canonical_json import (
    JsonValue,
    NotCanonical,
    NotRepresentable,
    canonicalize,
    format_number,
    require_canonical,
)
from creditbridge.protocols.strict_json import DEPTH_MAX, JsonMalformed, parse

STABLE = settings(derandomize=True, deadline=None, max_examples=300)
NUMBERS_SHA256 = "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"
DOCUMENTS = ["arrays", "french", "structures", "unicode", "values", "weird"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_of_the_standards_author_come_out_byte_for_byte(
    vectors: Path, name: str
) -> None:
    """Each of the 6 inputs canonicalizes to its output, which its hexadecimal spells too."""
    folder = vectors / "jcs" / "testdata"

    canonical = canonicalize(parse((folder / "input" / f"{name}.json").read_bytes()))

    assert canonical == (folder / "output" / f"{name}.json").read_bytes()
    assert canonical == bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())
    assert len(list((folder / "input").iterdir())) == len(DOCUMENTS)


def test_all_100000_numbers_are_written_as_ecmascript_writes_them(vectors: Path) -> None:
    """Each double of the vectors has the one text printed beside it."""
    content = gzip.decompress((vectors / "jcs" / "numbers100k.txt.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == NUMBERS_SHA256

    lines = content.decode("ascii").splitlines()
    for line in lines:
        bits, text = line.split(",")
        (number,) = struct.unpack(">d", bytes.fromhex(bits.zfill(16)))
        assert format_number(number) == text

    assert len(lines) == 100_000


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (-1.5, b"-1.5"),
        (1e20, b"100000000000000000000"),
        (-1.25e20, b"-125000000000000000000"),
        (1e21, b"1e+21"),
        (1.5e300, b"1.5e+300"),
        (0.0001, b"0.0001"),
        (0.00001, b"0.00001"),
        (-0.0000015, b"-0.0000015"),
        (0.000001, b"0.000001"),
        (0.0000001, b"1e-7"),
        (5e-324, b"5e-324"),
        (1e16, b"10000000000000000"),
        (9007199254740991, b"9007199254740991"),
    ],
)
def test_a_number_is_written_in_one_way(number: float, text: bytes) -> None:
    """Without an exponent from 1e-6 up to, not including, 1e21; zero has no sign."""
    assert canonicalize(number) == text
    assert canonicalize([number]) == b"[" + text + b"]"


def test_names_are_sorted_by_utf16_code_units() -> None:
    """U+1F602 begins with the unit D83D and stands before U+FB33 (section 3.2.3)."""
    value: JsonValue = {"\ufb33": 1, "\U0001f602": 2, "b": {"d": 1, "c": 2}, "": 3}

    assert canonicalize(value) == ('{"":3,"b":{"c":2,"d":1},"\U0001f602":2,"\ufb33":1}'.encode())


class Word(StrEnum):
    """A closed set of words."""

    B = "b"


class Count(IntEnum):
    """A closed set of numbers."""

    THREE = 3


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(0, id="encoded as it is"),
        pytest.param(0.0, id="rewritten first"),
    ],
)
def test_enums_tuples_and_mappings_are_written_as_what_they_hold(tail: float) -> None:
    """On both ways through the encoder an enum is its value and a tuple an array."""
    value: dict[str, JsonValue] = {"z": Word.B, "a": (Count.THREE, True), "b": tail}

    assert canonicalize(value) == b'{"a":[3,true],"b":0,"z":"b"}'
    assert canonicalize(MappingProxyType({"n": tail})) == b'{"n":0}'


class Word2(str):
    """A string of a kind that no JSON knows."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        {"a": [-float("inf")]},
        2**53,
        -(2**53),
        [1.5, 2**53],
        "\ud800",
        {"\ud800": 1},
        [1.5, "\udc00"],
        {1: 2},
        {1: 2.5},
        {None: 1},
        b"bytes",
        [b"bytes"],
        {"a": {1, 2}},
        Word2("x"),
    ],
)
def test_what_json_cannot_hold_is_refused(value: JsonValue) -> None:
    """I-JSON (RFC 7493) has no such number, no such string, no such name."""
    with pytest.raises(NotRepresentable):
        canonicalize(value)


@pytest.mark.parametrize("leaf", [1, 1.5])
def test_depth_has_the_limit_that_the_reader_has(leaf: float) -> None:
    """32 arrays inside each other are written, 33 are refused: nobody could read them back."""
    value: JsonValue = leaf
    for _ in range(DEPTH_MAX):
        value = [value]

    assert canonicalize(value) == b"[" * 32 + str(leaf).encode() + b"]" * 32
    with pytest.raises(NotRepresentable):
        canonicalize([value])


def test_a_value_that_holds_itself_is_refused() -> None:
    """A cycle ends at the depth limit, not in a stack overflow."""
    value: list[JsonValue] = []
    value.append(value)

    with pytest.raises(NotRepresentable):
        canonicalize(value)


def test_canonical_bytes_are_read_as_what_they_say() -> None:
    """The reader of a signed body gets the value, after it was written again and compared."""
    assert require_canonical(b'{"a":[1,1.5,"x"],"b":null}') == {"a": [1, 1.5, "x"], "b": None}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"[1.0]",
        b"-0",
        b"1e3",
        rb'"\u0061"',
        rb'"\/"',
        b"{}\n",
    ],
)
def test_another_spelling_of_the_same_value_is_refused(raw: bytes) -> None:
    """Whoever signs must sign the canonical bytes, or two bodies could share one signature."""
    with pytest.raises(NotCanonical):
        require_canonical(raw)


def test_bytes_that_are_no_json_are_refused_as_such() -> None:
    """The guard speaks first."""
    with pytest.raises(JsonMalformed):
        require_canonical(b'{"a":1,"a":1}')


def write_slowly(value: JsonValue) -> str:
    """Return canonical JSON by the letter of the standard, one character at a time."""
    if isinstance(value, str):
        return '"' + "".join(map(escape, value)) + '"'
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: list(struct.iter_unpack(">H", utf16(name))))
        return (
            "{"
            + ",".join(f"{escape_all(name)}:{write_slowly(value[name])}" for name in names)
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(write_slowly, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    assert isinstance(value, int | float)
    return format_number(value) if isinstance(value, float) else str(value)


def utf16(text: str) -> bytes:
    """Return the UTF-16 code units, big-endian."""
    return text.encode("utf-16-be")


def escape_all(text: str) -> str:
    """Return a string literal."""
    return write_slowly(text)


def escape(character: str) -> str:
    """Return one character as section 3.2.2.2 writes it."""
    short = {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
    if character in short:
        return short[character]
    return f"\\u{ord(character):04x}" if character < " " else character


names = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from(
        '\x00\x1f !"#/\\]\x7fAa\u00e9\u20ac\ud7ff\ue000\ufb33\uffff\U00010000\U0001f602'
    ),
    max_size=3,
)
plain_scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | names
scalars = plain_scalars | st.floats(allow_nan=False, allow_infinity=False)


@STABLE
@given(
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
        max_leaves=20,
    )
)
def test_both_writers_agree(value: JsonValue) -> None:
    """The fast writer gives what the letter of the standard gives, whatever the value."""
    canonical = canonicalize(value)

    assert canonical == write_slowly(value).encode()


ascii_names = st.text(st.characters(max_codepoint=127), max_size=4)


@STABLE
@given(st.dictionaries(names, plain_scalars, max_size=5))
def test_what_was_written_is_read_back(value: dict[str, JsonValue]) -> None:
    """The strict reader accepts canonical bytes and finds the same value in them."""
    assert require_canonical(canonicalize(value)) == value


@STABLE
@given(st.dictionaries(ascii_names, plain_scalars, max_size=12))
def test_plain_members_are_sorted_before_they_are_escaped(value: dict[str, JsonValue]) -> None:
    """The encoder's own order is that of the names, not of their spelling: `"` sorts before `#`."""
    assert canonicalize(value) == write_slowly(value).encode()


@STABLE
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_to_the_same_bits(number: float) -> None:
    """The shortest digits still name this double and no other."""
    assert float(format_number(number)) == number
