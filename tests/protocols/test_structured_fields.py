"""RFC 9651, judged by the httpwg test suite; what is stricter here is tested beside it."""

import json
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from creditbridge.protocols.structured_fields import (
    BareItem,
    DisplayString,
    FieldMalformed,
    InnerList,
    Item,
    Member,
    Token,
    parse_dictionary,
    parse_item,
    parse_list,
    serialize_dictionary,
    serialize_item,
    serialize_list,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SERIALISATION = "serialisation-tests"

# As the suite's README describes it.
Notation: TypeAlias = "bool | int | str | Decimal | list[Notation] | dict[str, Notation] | None"
Parsed = Item | tuple[Member, ...] | dict[str, Member]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case of the suite; `expected` is kept beside it."""

    name: str
    header_type: str
    raw: list[str] = []
    canonical: list[str] | None = None
    must_fail: bool = False
    can_fail: bool = False


def load(folder: Path) -> list[tuple[Case, Notation]]:
    """Return every case of a folder's files, and the structure that each expects."""
    cases: list[tuple[Case, Notation]] = []
    for path in sorted(folder.glob("*.json")):
        entries: list[dict[str, Notation]] = json.loads(path.read_text(), parse_float=Decimal)
        cases += [(msgspec.convert(entry, Case), entry.get("expected")) for entry in entries]
    return cases


def parse(case: Case) -> Parsed:
    """Parse the case's lines, joined as RFC 9110 joins them; repeats as RFC 9651 has them."""
    raw = ", ".join(case.raw)
    if case.header_type == "item":
        return parse_item(raw, repeats_allowed=True)
    if case.header_type == "list":
        return parse_list(raw, repeats_allowed=True)
    return parse_dictionary(raw, repeats_allowed=True)


def serialize(parsed: Parsed) -> str:
    """Return the canonical text."""
    if isinstance(parsed, Item):
        return serialize_item(parsed)
    if isinstance(parsed, dict):
        return serialize_dictionary(parsed)
    return serialize_list(parsed)


def spell(parsed: Parsed) -> str:
    """Write what was parsed in the suite's own notation, so that 1, 1.0 and true differ."""
    if isinstance(parsed, Item):
        spelled: object = spell_member(parsed)
    elif isinstance(parsed, dict):
        spelled = [[name, spell_member(member)] for name, member in parsed.items()]
    else:
        spelled = [spell_member(member) for member in parsed]
    return write(spelled)


def write(spelled: object) -> str:
    """Return comparable text; decimals without their trailing zeros."""
    return json.dumps(spelled, default=lambda number: f"decimal {number.normalize()}")


def spell_member(member: Member) -> object:
    """Return an item or inner list in the suite's notation."""
    parameters = [[name, spell_value(value)] for name, value in member.parameters.items()]
    if isinstance(member, InnerList):
        return [[spell_member(item) for item in member.items], parameters]
    return [spell_value(member.value), parameters]


def spell_value(value: BareItem) -> object:
    """Return a bare item in the suite's notation."""
    if isinstance(value, bytes):
        return {"__type": "binary", "value": b32encode(value).decode()}
    if isinstance(value, Token):
        return {"__type": "token", "value": str(value)}
    if isinstance(value, DisplayString):
        return {"__type": "displaystring", "value": str(value)}
    if isinstance(value, datetime):
        return {"__type": "date", "value": int((value - EPOCH).total_seconds())}
    return value


def read_value(spelled: Notation) -> BareItem:
    """Return the bare item of the suite's notation; serialization cases have these kinds only."""
    if isinstance(spelled, dict):
        assert spelled["__type"] == "token"
        return Token(str(spelled["value"]))
    assert isinstance(spelled, int | str | Decimal)
    return spelled


def read_parameters(spelled: Notation) -> dict[str, BareItem]:
    """Return the parameters of the suite's notation."""
    assert isinstance(spelled, list)
    named: dict[str, BareItem] = {}
    for pair in spelled:
        assert isinstance(pair, list)
        named[str(pair[0])] = read_value(pair[1])
    return named


def read_item(spelled: Notation) -> Item:
    """Return the item of the suite's notation."""
    assert isinstance(spelled, list)
    value, parameters = spelled
    return Item(value=read_value(value), parameters=read_parameters(parameters))


def read_list(spelled: Notation) -> tuple[Member, ...]:
    """Return the list of the suite's notation."""
    assert isinstance(spelled, list)
    return tuple(map(read_item, spelled))


def read_dictionary(spelled: Notation) -> dict[str, Member]:
    """Return the dictionary of the suite's notation."""
    assert isinstance(spelled, list)
    members: dict[str, Member] = {}
    for pair in spelled:
        assert isinstance(pair, list)
        members[str(pair[0])] = read_item(pair[1])
    return members


READ: dict[str, Callable[[Notation], Parsed]] = {
    "item": read_item,
    "list": read_list,
    "dictionary": read_dictionary,
}


def is_accepted(case: Case) -> bool:
    """Whether the parser takes the case."""
    try:
        parse(case)
    except FieldMalformed:
        return False
    return True


def test_every_valid_field_of_the_suite_is_read_as_expected(vectors: Path) -> None:
    """721 fields parse to what the suite expects, and serialize to its canonical text."""
    cases = [
        (case, expected)
        for case, expected in load(vectors / "structured-fields")
        if not case.must_fail and not case.can_fail
    ]

    for case, expected in cases:
        parsed = parse(case)
        canonical = case.raw if case.canonical is None else case.canonical
        assert spell(parsed) == write(expected), case.name
        assert serialize(parsed) == ", ".join(canonical), case.name
    assert len(cases) == 721


def test_every_invalid_field_of_the_suite_is_refused(vectors: Path) -> None:
    """864 fields must fail and do; 6 may go either way, without another kind of error."""
    cases = [case for case, _ in load(vectors / "structured-fields")]
    refused = [case.name for case in cases if case.must_fail and not is_accepted(case)]
    free = [is_accepted(case) for case in cases if case.can_fail]

    assert len(refused) == 864
    assert len(free) == 6
    assert len(cases) == 1591


def test_every_value_of_the_suite_serializes_or_is_refused(vectors: Path) -> None:
    """544 structures give the canonical text, or the error where none exists."""
    cases = load(vectors / "structured-fields" / SERIALISATION)

    for case, expected in cases:
        structure = READ[case.header_type](expected)
        if case.must_fail:
            with pytest.raises(FieldMalformed):
                serialize(structure)
        else:
            assert [serialize(structure)] == case.canonical, case.name
    assert len(cases) == 544


@pytest.mark.parametrize(
    "raw", ["a=1, a=2", "a;x=1;x=2", "a=(1);x;x", "a=(1;x;x)", "b, a, b", "a=1;x=1;y=2;x=1"]
)
def test_a_dictionary_names_nothing_twice_unless_allowed(raw: str) -> None:
    """RFC 9651 keeps the last of two equal names; a signature must not depend on that."""
    with pytest.raises(FieldMalformed):
        parse_dictionary(raw)

    assert parse_dictionary(raw, repeats_allowed=True)


@pytest.mark.parametrize("raw", ["1;x;x", '"a";x=1;x=1'])
def test_an_item_names_no_parameter_twice_unless_allowed(raw: str) -> None:
    """The same rule holds for a single item, and for a list of it."""
    with pytest.raises(FieldMalformed):
        parse_item(raw)
    with pytest.raises(FieldMalformed):
        parse_list(raw)

    assert parse_item(raw, repeats_allowed=True).parameters.keys() == {"x"}


@pytest.mark.parametrize("raw", ["", "é", "a\x00", "@99999999999999", "1,", "(1", "(1)"])
def test_what_is_no_item_is_refused_with_one_error(raw: str) -> None:
    """Empty, not ASCII, a date beyond the calendar: never another exception."""
    with pytest.raises(FieldMalformed):
        parse_item(raw)


def test_empty_fields_are_empty_collections() -> None:
    """An absent list or dictionary and an empty one are the same (section 3.1, 3.2)."""
    assert parse_list("") == ()
    assert parse_dictionary("  ") == {}
    assert serialize_list(()) == ""
    assert serialize_dictionary({}) == ""


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (Item(value='a"b\\c', parameters={}), r'"a\"b\\c"'),
        (Item(value=b"\xff", parameters={"q": True}), ":/w==:;q"),
        (Item(value=-7, parameters={"a": False}), "-7;a=?0"),
    ],
)
def test_items_have_one_spelling(item: Item, text: str) -> None:
    """Strings are escaped, bytes are base64, true is its name alone."""
    assert serialize_item(item) == text


@pytest.mark.parametrize(
    "item",
    [
        Item(value="é", parameters={}),
        Item(value="line\nfeed", parameters={}),
        Item(value=10**15, parameters={}),
        Item(value=1, parameters={"A": 1}),
        Item(value=1, parameters={"": True}),
        Item(value=Token("1a"), parameters={}),
    ],
)
def test_what_has_no_spelling_is_refused(item: Item) -> None:
    """A value out of its type's range cannot be written (section 4.1)."""
    with pytest.raises(FieldMalformed):
        serialize_item(item)
