"""The quick reader of plain fields, judged by the general parser and `http_sf`."""

import http_sf
import pytest
from hypothesis import example, given, settings, strategies as st

from creditbridge.protocols.plain_fields import (
    find_plain_text,
    read_plain_bytes,
    read_plain_list,
)
from creditbridge.protocols.structured_fields import (
    FieldMalformed,
    InnerList,
    Item,
    parse_dictionary,
    serialize_dictionary,
    serialize_item,
    serialize_member,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=400)

# Pieces of which plain fields are made, right and nearly right ones.
PIECES = [
    "sig1=", "a=", "(", ")", " ", "  ", '"@method"', '"x"', '"a b"', '"a\\"b"', ";req", ";req=?1",
    ';key="sig1"', ';name="Pet"', ";key=1", ";created=17", ";created=017", ";created=-0",
    ";created=0", ";created=1.5", ';nonce="n o n"', ";keyid=token", ';tag="t"', ";a", ":AA==:",
    ":AB==:", ":AAA=:", ":AAAA:", "::", ":AA:", ", ", ";;", "\t", '";"', '"é"',
    ";x=1000000000000000",
]  # fmt: skip


@STABLE
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example('sig1=("@method" "x";req;key="sig1");created=17;nonce="n o n";tag="t"')
@example("sig1=()")
@example("a=:AA==:")
def test_whatever_is_plain_means_the_same_to_the_general_parser(raw: str) -> None:
    """Plain text is its own canonical form, and both readers find the same in it."""
    listed, octets = read_plain_list(raw), read_plain_bytes(raw)
    if listed is None and octets is None:
        return

    members = parse_dictionary(raw)
    ((name, member),) = members.items()
    assert serialize_dictionary(members) == raw
    assert http_sf.ser(http_sf.parse(raw.encode(), tltype="dictionary")) == raw
    assert find_plain_text(raw, name) == serialize_member(member)
    if isinstance(member, InnerList):
        assert listed is not None
        assert listed.name == name
        assert listed.quoted == tuple(map(serialize_item, member.items))
        assert listed.parameters == member.parameters
    else:
        assert octets is not None
        assert octets.name == name
        assert member == Item(value=octets.value, parameters={})


@pytest.mark.parametrize(
    "raw",
    [
        "",
        'a=("x"), b=("y")',
        'a=( "x")',
        'a=("x"  "y")',
        'a=("x";req=?1)',
        'a=("x" "y")x',
        'a=("x");created=01',
        "a=(1)",
        'a=("x";req;req)',
        'a=("x\\"")',
    ],
)
def test_other_spellings_are_left_to_the_general_parser(raw: str) -> None:
    """Not plain is no judgement: some of these are valid, some are not."""
    assert read_plain_list(raw) is None
    assert read_plain_bytes(raw) is None
    assert find_plain_text(raw, "a") is None


def test_a_parameter_twice_is_not_plain_and_refused_by_the_general_parser() -> None:
    """The quick reader does not let a repeated parameter through."""
    raw = 'a=("x");created=1;created=2'

    assert read_plain_list(raw) is None
    with pytest.raises(FieldMalformed):
        parse_dictionary(raw)


@pytest.mark.parametrize("raw", ["a=:AB==:", "a=:AAB=:", "a=:AA:", "a=:AA==:;x", "a=:A===:"])
def test_bytes_with_another_spelling_are_not_plain(raw: str) -> None:
    """Left-over bits, missing padding or a parameter go the long way."""
    assert read_plain_bytes(raw) is None


def test_a_plain_text_is_found_under_its_own_name_only() -> None:
    """The member asked for must be the one that is there."""
    assert find_plain_text("sig1=:AAAA:", "sig1") == ":AAAA:"
    assert find_plain_text("sig1=:AAAA:", "sig2") is None
