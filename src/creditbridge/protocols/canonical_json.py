"""Canonical JSON as in RFC 8785 (JCS): one value, one sequence of bytes to sign and to hash.

No white space; strings as in section 3.2.2.2; numbers as ECMAScript writes them (section 3.2.2.3);
members sorted by the UTF-16 code units of their names (section 3.2.3). Text is not normalized.

The encoder of msgspec already writes strings, integers and white space so. It differs in numbers
with a fraction and sorts by code points: a value where that could show is rewritten first.
"""

from collections.abc import Mapping
from math import isfinite
from types import NoneType

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.strict_json import DEPTH_MAX, INTEGER_MAX, JsonValue, parse

__all__ = ["JsonValue", "NotCanonical", "NotRepresentable", "canonicalize", "require_canonical"]

# ECMAScript writes 1e21 and 1e-7 with an exponent, everything between without.
_EXPONENT_MIN, _EXPONENT_MAX = -7, 21

# Made once: a tuple or a union written in place is built anew on each pass of the hot loop.
_TEXT_OR_NULL = (str, NoneType)
_ARRAY = (list, tuple)

_SORTED = msgspec.json.Encoder(order="sorted")
_AS_GIVEN = msgspec.json.Encoder()


class NotRepresentable(Malformed):
    """A value that I-JSON (RFC 7493) cannot hold, and so JCS cannot write.

    A number that is not finite, an integer beyond 2^53 - 1, a lone surrogate, a name that is no
    string, a type that is none of JSON's, or more than 32 values inside each other.
    """

    code = "json-not-representable"
    message = "A value has no canonical JSON form."


class NotCanonical(Malformed):
    """Bytes that say something in JSON, but not in its canonical form."""

    code = "json-not-canonical"
    message = "The JSON is not in its canonical form (RFC 8785)."


def canonicalize(value: JsonValue) -> bytes:
    """Return the canonical UTF-8 bytes of None, bool, int, float, str, lists and dicts.

    Raises:
        NotRepresentable: there are none.
    """
    try:
        if _is_plain(value):
            # For ASCII the order by code points is the order by UTF-16 units: nothing to rewrite.
            return _SORTED.encode(value)
        return _AS_GIVEN.encode(_rewrite(value, DEPTH_MAX))
    except UnicodeEncodeError as error:
        raise NotRepresentable(detail="a lone surrogate") from error
    except TypeError as error:
        raise NotRepresentable(detail=str(error)) from error


def require_canonical(raw: bytes) -> JsonValue:
    """Return what canonical bytes say.

    Raises:
        JsonMalformed: the bytes are not JSON.
        NotCanonical: canonicalizing what they say gives other bytes.
    """
    value = parse(raw)
    if canonicalize(value) != raw:
        raise NotCanonical
    return value


def format_number(number: float) -> str:
    """Return a double as ECMAScript writes it: the shortest digits that name it (section 3.2.2.3).

    Raises:
        NotRepresentable: not finite.
    """
    if not isfinite(number):
        raise NotRepresentable(detail="a number that is not finite")
    # Python finds the same digits (the shortest, nearest first) and only places them differently.
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        # Negative zero is written as zero (section 3.2.2.3): one value, one sequence of bytes.
        return "0" if number == 0 else mantissa.removesuffix(".0")
    sign = "-" if number < 0 else ""
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    power = int(exponent)
    if _EXPONENT_MIN < power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{whole}{fraction}"
    if 0 < power < _EXPONENT_MAX:
        return f"{sign}{whole}{fraction.ljust(power, '0')}"
    return f"{mantissa}e{power:+d}"


def _is_plain(value: JsonValue) -> bool:
    """Tell whether the encoder's own output is canonical: no fractions, all names ASCII."""
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        below = _level_below(level)
        if not below:
            return below is not None
        level = below
    return False


def _level_below(level: list[JsonValue]) -> list[JsonValue] | None:
    """Return what the values of one level hold; None where one of them is not plain.

    One loop for a whole level: this runs before every signature of the house.
    """
    below: list[JsonValue] = []
    for item in level:
        if isinstance(item, _TEXT_OR_NULL):
            continue
        if isinstance(item, dict):
            # Joined, because one call is cheaper than one for each name, and a name that is no text
            # raises.
            if not "".join(item).isascii():
                return None
            below.extend(item.values())
        elif isinstance(item, _ARRAY):
            below.extend(item)
        elif not isinstance(item, int) or not -INTEGER_MAX <= item <= INTEGER_MAX:
            return None
    return below


def _rewrite(value: JsonValue, depth_left: int) -> object:
    """Return a copy that the encoder writes canonically in the order and spelling it is given."""
    # Not any sequence is an array: bytes are one too, of integers.
    if not isinstance(value, Mapping | list | tuple):
        return _rewrite_scalar(value)
    # Nobody could read it back: the strict reader has the same limit. It also ends a cycle.
    if depth_left == 0:
        raise NotRepresentable(detail="too many values inside each other")
    if isinstance(value, Mapping):
        # A name beyond the BMP sorts below U+E000 by its surrogates, above it by its code point.
        members = sorted(value.items(), key=_utf16_of_name)
        return {name: _rewrite(member, depth_left - 1) for name, member in members}
    return [_rewrite(item, depth_left - 1) for item in value]


def _rewrite_scalar(value: JsonValue) -> object:
    if isinstance(value, float):
        return msgspec.Raw(format_number(value).encode("ascii"))
    # A double no longer tells such integers apart (RFC 7493, section 2.2): amounts are strings.
    if isinstance(value, int) and not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise NotRepresentable(detail="an integer beyond 2^53 - 1")
    if value is None or isinstance(value, str | int):
        return value
    raise NotRepresentable(detail=f"a value of type {type(value).__name__}")


def _utf16_of_name(member: tuple[str, JsonValue]) -> bytes:
    """Return the code units by which section 3.2.3 sorts; big-endian, so bytes compare alike."""
    return str.encode(member[0], "utf-16-be")
