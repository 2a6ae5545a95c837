"""Structured header fields, as in RFC 9651: a typed, strict layer over the library `http_sf`.

The library parses and passes every published vector; what stands here gives its results types,
refuses repeated names where a signature depends on them, and writes the few kinds of value that
signatures hold, which is cheaper than the general serializer. Everything else goes through it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Literal, TypeAlias, overload

import http_sf
import msgspec
from http_sf import (
    DictionaryType,
    DisplayString,
    InnerListType,
    ItemType,
    ListType,
    StructuredFieldError,
    StructuredType,
    Token,
)
from http_sf.types import BareItemType, ParamsType

from creditbridge.foundation.errors import Malformed

__all__ = [
    "BareItem",
    "DisplayString",
    "FieldMalformed",
    "InnerList",
    "Item",
    "Member",
    "Parameters",
    "Token",
    "parse_dictionary",
    "parse_item",
    "parse_list",
    "serialize_bare_item",
    "serialize_dictionary",
    "serialize_item",
    "serialize_list",
    "serialize_member",
    "serialize_parameters",
]

# A number is `int` or `Decimal` when parsed, a date is UTC; `float` is for the serializer alone.
BareItem: TypeAlias = BareItemType
Parameters: TypeAlias = ParamsType

KEY_PATTERN = re.compile(r"[a-z*][a-z0-9_.*-]*")  # section 3.1.2
PLAIN_PATTERN = re.compile(r"[ !#-\[\]-~]*")  # of a string that needs no escapes (section 4.1.6)


class FieldMalformed(Malformed):
    """A header field is not the structured field that it must be, or a value cannot be one."""

    code = "structured-field-malformed"
    message = "A header field is not a valid structured field (RFC 9651)."


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A bare value with its parameters (section 3.3)."""

    value: BareItem
    parameters: Parameters


class InnerList(msgspec.Struct, frozen=True, kw_only=True):
    """Items between parentheses, and the parameters of the whole (section 3.1.1)."""

    items: tuple[Item, ...]
    parameters: Parameters


Member: TypeAlias = Item | InnerList


def parse_item(raw: str, *, repeats_allowed: bool = False) -> Item:
    """Return the item that the field value holds.

    Raises:
        FieldMalformed: not one item, or a parameter named twice unless `repeats_allowed`.
    """
    return _item_of(_parse(raw, "item", repeats_allowed=repeats_allowed))


def parse_list(raw: str, *, repeats_allowed: bool = False) -> tuple[Member, ...]:
    """Return the members of a list, in order.

    Raises:
        FieldMalformed: not a list, or a parameter named twice unless `repeats_allowed`.
    """
    return tuple(map(_member_of, _parse(raw, "list", repeats_allowed=repeats_allowed)))


def parse_dictionary(raw: str, *, repeats_allowed: bool = False) -> dict[str, Member]:
    """Return the members of a dictionary by name, in order of first appearance.

    RFC 9651 lets the last of two equal names win (section 3.2). A signature that two readers
    may understand differently is none, so repeats are refused here unless `repeats_allowed`.

    Raises:
        FieldMalformed: not a dictionary, or a member or parameter named twice.
    """
    parsed = _parse(raw, "dictionary", repeats_allowed=repeats_allowed)
    return {name: _member_of(member) for name, member in parsed.items()}


def serialize_item(item: Item) -> str:
    """Return the item's canonical text (section 4.1.3).

    Raises:
        FieldMalformed: a value out of its type's range.
    """
    return serialize_bare_item(item.value) + serialize_parameters(item.parameters)


def serialize_member(member: Member) -> str:
    """Return the canonical text of an item or an inner list (section 4.1.1.1)."""
    if isinstance(member, Item):
        return serialize_item(member)
    items = " ".join(map(serialize_item, member.items))
    return f"({items}){serialize_parameters(member.parameters)}"


def serialize_list(members: tuple[Member, ...]) -> str:
    """Return the canonical text of a list; an empty list is an absent field, thus empty text."""
    return ", ".join(map(serialize_member, members))


def serialize_dictionary(members: Mapping[str, Member]) -> str:
    """Return the canonical text of a dictionary (section 4.1.2); empty text where it is empty."""
    return ", ".join(_serialize_entry(name, member) for name, member in members.items())


def serialize_parameters(parameters: Parameters) -> str:
    """Return `;name=value` for each parameter, `;name` where it is true (section 4.1.1.2)."""
    if not parameters:
        return ""
    return "".join(
        [
            f";{_serialize_key(name)}"
            if value is True
            else f";{_serialize_key(name)}={serialize_bare_item(value)}"
            for name, value in parameters.items()
        ]
    )


def serialize_bare_item(value: BareItem) -> str:
    """Return the canonical text of a value without parameters (section 4.1.3.1).

    Raises:
        FieldMalformed: a value out of its type's range.
    """
    # The two commonest kinds in a signature; the library looks at each character in turn.
    if isinstance(value, str) and PLAIN_PATTERN.fullmatch(value):
        return f'"{value}"'
    if isinstance(value, bytes):
        return f":{b64encode(value).decode('ascii')}:"
    return _serialize(value)


def _serialize_entry(name: str, member: Member) -> str:
    # A true member is its name alone (section 4.1.2).
    if isinstance(member, Item) and member.value is True:
        return _serialize_key(name) + serialize_parameters(member.parameters)
    return f"{_serialize_key(name)}={serialize_member(member)}"


def _serialize_key(name: str) -> str:
    # A name that came from outside must not write a second parameter into what is signed.
    if not KEY_PATTERN.fullmatch(name):
        raise FieldMalformed(detail="a name that no key may have")
    return name


def _serialize(value: StructuredType) -> str:
    try:
        return http_sf.ser(value)
    except (ValueError, TypeError) as error:
        raise FieldMalformed(detail=str(error)) from error


def _member_of(parsed: ItemType | InnerListType) -> Member:
    # The parser always gives pairs; the bare forms in its type are for its serializer.
    value, parameters = parsed if isinstance(parsed, tuple) else (parsed, {})
    if isinstance(value, list):
        return InnerList(items=tuple(map(_item_of, value)), parameters=parameters)
    return Item(value=value, parameters=parameters)


def _item_of(parsed: ItemType) -> Item:
    value, parameters = parsed if isinstance(parsed, tuple) else (parsed, {})
    return Item(value=value, parameters=parameters)


# The kind asked for decides which of the library's result types comes back.
@overload
def _parse(raw: str, kind: Literal["item"], *, repeats_allowed: bool) -> ItemType: ...
@overload
def _parse(raw: str, kind: Literal["list"], *, repeats_allowed: bool) -> ListType: ...
@overload
def _parse(raw: str, kind: Literal["dictionary"], *, repeats_allowed: bool) -> DictionaryType: ...
def _parse(raw: str, kind: str, *, repeats_allowed: bool) -> StructuredType:
    try:
        return http_sf.parse(
            # Fields are ASCII (section 4.2); what else a server let through is refused here.
            raw.encode("ascii"),
            tltype=kind,
            on_duplicate_key=None if repeats_allowed else _refuse_repeat,
        )
    # An encoding error is a ValueError too; dates beyond the calendar overflow.
    except (StructuredFieldError, ValueError, OverflowError) as error:
        raise FieldMalformed(detail=f"not a structured {kind}") from error


def _refuse_repeat(_name: str, kind: str) -> None:
    raise FieldMalformed(detail=f"a {kind} name appears twice")
