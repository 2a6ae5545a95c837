"""Structured fields in the plain form that nearly every signer writes.

A field with one member in its canonical spelling is read here by one regular expression, at a
quarter of the general parser's cost; each message is read by three or four of them. `None` means
"not plain", never "wrong": the caller then asks `structured_fields`, and a property test holds the
two together. As in RFC 9651, sections 4.1 and 4.2.
"""

import re
from base64 import b64decode

import msgspec

KEY = r"[a-z*][a-z0-9_.*-]*"
STRING = r'"[ !#-\[\]-~]*"'  # without escapes
INTEGER = r"0|-?[1-9][0-9]{0,14}"
PLAIN = r'"[!#-\[\]-~]*"'  # without escapes or blanks, so that `split` finds the items
LISTED = rf"{PLAIN}(?:;req)?(?:;(?:key|name)={PLAIN})?"
# The bits that padding leaves over are zero, or another spelling would mean the same.
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"

LIST_PATTERN = re.compile(
    rf"({KEY})=(\(((?:{LISTED}(?: {LISTED})*)?)\)((?:;{KEY}=(?:{STRING}|{INTEGER}))*))"
)
PARAMETER_PATTERN = re.compile(rf';({KEY})=(?:"([^"]*)"|([0-9-]+))')
BYTES_PATTERN = re.compile(rf"({KEY})=(:({BASE64}):)")


class PlainList(msgspec.Struct, frozen=True, kw_only=True):
    """The one member of a dictionary, an inner list of strings; `text` is its canonical value."""

    name: str
    text: str
    quoted: tuple[str, ...]
    parameters: dict[str, str | int]


class PlainBytes(msgspec.Struct, frozen=True, kw_only=True):
    """The one member of a dictionary, a byte sequence; `text` is its canonical value."""

    name: str
    text: str
    value: bytes


def read_plain_list(raw: str) -> PlainList | None:
    """Return the member where the field is one inner list of strings, plainly written.

    Items have the parameters that components have (RFC 9421, section 2), or none.
    """
    if (found := LIST_PATTERN.fullmatch(raw)) is None:
        return None
    name, text, items, tail = found.groups()
    pairs = PARAMETER_PATTERN.findall(tail)
    parameters = {key: int(digits) if digits else string for key, string, digits in pairs}
    if len(parameters) != len(pairs):
        return None
    quoted = tuple(items.split(" ")) if items else ()
    return PlainList(name=name, text=text, quoted=quoted, parameters=parameters)


def read_plain_bytes(raw: str) -> PlainBytes | None:
    """Return the member where the field is one byte sequence, plainly written."""
    if (found := BYTES_PATTERN.fullmatch(raw)) is None:
        return None
    name, text, digits = found.groups()
    return PlainBytes(name=name, text=text, value=b64decode(digits))


def find_plain_text(raw: str, name: str) -> str | None:
    """Return the canonical value of the field's one member where it is plain and has this name."""
    found = BYTES_PATTERN.fullmatch(raw) or LIST_PATTERN.fullmatch(raw)
    return found[2] if found is not None and found[1] == name else None
