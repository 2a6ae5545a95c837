"""JSON as RFC 8259 writes it, within the bounds of RFC 7493 (I-JSON): one text, one meaning.

A guard runs before the decoder, because two readers of a signed or consented body must not see two
different bodies, and because a decoder that recurses or counts digits must not fall over:

* UTF-8 without a byte order mark (RFC 8259, section 8.1)
* no lone surrogates (RFC 7493, section 2.1)
* at most `DEPTH_MAX` arrays and objects inside each other (RFC 8259, section 9, permits a limit)
* integers that a double holds exactly, and no infinity (RFC 7493, section 2.2)
* no member name twice in one object (RFC 7493, section 2.3)

Every step of the guard is linear in the length of the input.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias, TypeVar

import msgspec

from creditbridge.foundation.errors import Malformed

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

DEPTH_MAX = 32
INTEGER_MAX = 2**53 - 1
_INTEGER_CHARACTERS_MAX = len(str(-INTEGER_MAX))

# Possessive throughout, and the closing quote is optional: an unterminated string is swallowed in
# one pass instead of being tried again from each quote in it.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NUMBER_OF_MANY_DIGITS = re.compile(rb"[-+.\deE]{16,}+")
_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PATH = re.compile(r" - at `\$([^`]*)`$")
_OF_OUR_SCHEMA = ("Expected ", "Object missing required field ")
_QUOTED = re.compile(r" [`']")
_PATH_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")

T = TypeVar("T")


class JsonFault(StrEnum):
    """What is wrong with a JSON text; the value is the sentence for whoever must send another."""

    ENCODING = "The body is not UTF-8 without a byte order mark."
    DEPTH = "The body holds more than 32 arrays and objects inside each other."
    SURROGATE = "The body holds half of a surrogate pair."
    SYNTAX = "The body is not one JSON value."
    NUMBER = "The body holds a number beyond the range in which every reader agrees."
    DUPLICATE_NAME = "The body holds an object that names a member twice."
    SHAPE = "The body does not have the members that this request needs."


class JsonMalformed(Malformed):
    """A text that is no JSON, or not the JSON that was asked for.

    `pointer` is a JSON pointer (RFC 6901) to the value at fault, or "" for the whole text. It names
    members of our own schema only, never names that the caller made up.
    """

    code = "json-malformed"
    message = "The body is not the JSON that is expected here."

    def __init__(self, fault: JsonFault, *, pointer: str = "", detail: str = "") -> None:
        super().__init__(fault.value, detail=detail)
        self.fault = fault
        self.pointer = pointer


def decode(raw: bytes, kind: type[T]) -> T:
    """Return the text as a value of the given type, without converting between JSON's types.

    A struct that must refuse unknown members says so itself (`forbid_unknown_fields=True`).

    Raises:
        JsonMalformed: the guard refuses the text, or it does not have the shape of the type.
    """
    # Read twice on purpose: only the untyped values show what the typed decoder passes over.
    parse(raw)
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        prose = str(error)
        detail = _without_callers_words(prose)
        raise JsonMalformed(JsonFault.SHAPE, pointer=_pointer_of(prose), detail=detail) from error


def parse(raw: bytes) -> JsonValue:
    """Return the text as plain values: dict, list, str, int, float, bool, None.

    Raises:
        JsonMalformed: the guard refuses the text.
    """
    _require_unicode(raw)
    skeleton = _without_strings(raw)
    _require_shallow(skeleton)
    _require_bounded_integers(skeleton)
    try:
        value: JsonValue = msgspec.json.decode(raw)
    except msgspec.ValidationError as error:
        # The one untyped refusal that is not about syntax: a number too large for a double.
        raise JsonMalformed(JsonFault.NUMBER, detail=str(error)) from error
    except msgspec.DecodeError as error:
        raise JsonMalformed(JsonFault.SYNTAX, detail=str(error)) from error
    # Each member has one colon, and the decoder keeps the last of equal names (RFC 8259, section
    # 4, leaves that open): fewer members than colons means that one was lost.
    if _count_members(value) != skeleton.count(b":"):
        raise JsonMalformed(JsonFault.DUPLICATE_NAME)
    return value


def _require_unicode(raw: bytes) -> None:
    if raw.startswith(_BYTE_ORDER_MARK):
        raise JsonMalformed(JsonFault.ENCODING, detail="byte order mark")
    # Decoding a large body costs, and nearly all of them are ASCII.
    if not raw.isascii():
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise JsonMalformed(JsonFault.ENCODING, detail=error.reason) from error
    if b"\\u" in raw:
        # Escaped backslashes first, so that what is left of `\\ud800` is text and not an escape.
        escapes = _SURROGATE_PAIR.sub(b" ", raw.replace(rb"\\", b" "))
        if _SURROGATE.search(escapes) is not None:
            raise JsonMalformed(JsonFault.SURROGATE)


def _without_strings(raw: bytes) -> bytes:
    """Return the structure alone: brackets, colons and digits inside of strings mislead nobody."""
    # Nearly every body: without escapes each quote opens a string or closes one.
    if b"\\" not in raw:
        return b"".join(raw.split(b'"')[::2])
    return _STRING.sub(b"", raw)


def _require_shallow(skeleton: bytes) -> None:
    brackets = skeleton.translate(None, _NOT_BRACKETS)
    # Nearly every body: with so few brackets at all, none can stand too deep.
    if brackets.count(b"[") + brackets.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise JsonMalformed(JsonFault.DEPTH)


def _require_bounded_integers(skeleton: bytes) -> None:
    for literal in _NUMBER_OF_MANY_DIGITS.findall(skeleton):
        if not literal.removeprefix(b"-").isdigit():
            continue  # a fraction or an exponent: a double anyway, the decoder refuses infinity
        # The length first: turning a million digits into a number takes seconds.
        if len(literal) > _INTEGER_CHARACTERS_MAX or abs(int(literal)) > INTEGER_MAX:
            raise JsonMalformed(JsonFault.NUMBER, detail=f"{len(literal)} characters")


def _count_members(value: JsonValue) -> int:
    members = 0
    pending = [value]
    for container in pending:  # grows while it is walked
        if isinstance(container, dict):
            members += len(container)
            pending.extend(container.values())
        elif isinstance(container, list):
            pending.extend(container)
    return members


def _without_callers_words(prose: str) -> str:
    """Return what the decoder said, without names and values that it quotes from the text."""
    # Types and absent members are of our schema; unknown members and enum values are the caller's,
    # and details go to the log, which holds nothing that callers wrote.
    return prose if prose.startswith(_OF_OUR_SCHEMA) else _QUOTED.split(prose, maxsplit=1)[0]


def _pointer_of(prose: str) -> str:
    """Return the JSON pointer (RFC 6901) for the path that the decoder printed."""
    path = _PATH.search(prose)
    pointer = ""
    for name, index, unnamed in _PATH_STEP.findall(path[1] if path else ""):
        if unnamed:
            break  # a key of a map: the decoder keeps it to itself, and so do we
        pointer += "/" + (index or name.replace("~", "~0").replace("/", "~1"))
    return pointer
