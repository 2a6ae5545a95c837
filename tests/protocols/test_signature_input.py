"""RFC 9421, sections 2.3 and 2.5: what a signature covers, and reading it back from a base."""

import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.signature_base import (
    FIELD_CHARACTERS_MAX,
    Component,
    MessageView,
    Request,
    SignatureIncomplete,
    SignatureMalformed,
)
from creditbridge.protocols.signature_input import (
    COMPONENTS_MAX,
    Listed,
    ParsedBase,
    SignatureParameters,
    build_base,
    check_listed,
    cover,
    list_inputs,
    parse_base,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=200)

BASE = (
    b'"@status": 200\n"a": x: "b": y\n"signature";req;key="s": :AA==:\n'
    b'"@signature-params": ("@status" "a" "signature";req;key="s");created=7;keyid="k";tag="t"'
)


def view_of(*headers: tuple[str, str]) -> MessageView:
    """A request with these header lines."""
    return MessageView(Request(method="GET", target_uri="https://h/", headers=headers))


def inputs_of(raw: str) -> dict[str, Listed]:
    """What a `Signature-Input` field lists."""
    return list_inputs(view_of(("signature-input", raw)))


def test_a_signer_lists_components_and_parameters_in_the_given_order() -> None:
    """The text of `@signature-params` follows the arguments."""
    components = [Component(name="b"), Component(name="@method", from_request=True)]

    covered = cover(components, {"created": 7, "nonce": 'n"', "keyid": "k", "tag": "t"})

    assert covered.text == '("b" "@method";req);created=7;nonce="n\\"";keyid="k";tag="t"'
    assert covered.parameters == SignatureParameters(created=7, nonce='n"', key_id="k", tag="t")


def test_plain_and_other_spellings_list_the_same() -> None:
    """Blanks and a second signature change the reader, not the result."""
    plain = inputs_of('a=("x" "y";req);created=7;tag="t"')
    spaced = inputs_of('a=( "x"  "y";req ); created=7;tag="t"')
    both = inputs_of('b=1, a=("x" "y";req);created=7;tag="t"')

    assert plain == spaced == both
    assert plain["a"].text == '("x" "y";req);created=7;tag="t"'
    assert inputs_of("") == {}


@pytest.mark.parametrize("raw", ["a", "a=(", 'a=("x"), a=("y")', f'a=("{"x" * 9000}")'])
def test_H7_other_fields_are_refused(raw: str) -> None:
    """A repeated label, a broken list, or more than 8 kB; a label alone lists nothing."""
    if raw == "a":
        assert inputs_of(raw) == {}
        return
    with pytest.raises(SignatureMalformed):
        inputs_of(raw)
    assert FIELD_CHARACTERS_MAX == 8192


@pytest.mark.parametrize(
    "raw",
    [
        'a=("x" "x")',
        'a=("x";req;key="k" "x";key="k";req)',
        'a=("x" 1)',
        'a=("X")',
        'a=("x");created="7"',
        'a=("x");created=?1',
        'a=("x");created=7.0',
        'a=("x");expires=7.5',
        'a=("x");keyid=k',
        'a=("x");nonce=1',
        'a=("x");tag=?1',
        'a=("x");alg=ed25519',
        "a=(" + " ".join(f'"x{number}"' for number in range(COMPONENTS_MAX + 1)) + ")",
    ],
)
def test_H7_other_members_are_refused(raw: str) -> None:
    """A component twice in any spelling, a wrong type, 65 components."""
    with pytest.raises(SignatureMalformed):
        check_listed(inputs_of(raw)["a"])


def test_64_components_are_read() -> None:
    """At the limit everything is read."""
    names = [f"x{number}" for number in range(COMPONENTS_MAX)]
    listed = inputs_of("a=(" + " ".join(f'"{name}"' for name in names) + ")")["a"]

    assert [component.name for component in check_listed(listed).components] == names


def test_a_base_is_one_line_per_component() -> None:
    """Section 2.5: identifier, colon, blank, value; the parameters last, no final line feed."""
    covered = cover([Component(name="a"), Component(name="@method")], {"created": 7})

    assert build_base(view_of(("a", "1")), covered) == (
        b'"a": 1\n"@method": GET\n"@signature-params": ("a" "@method");created=7'
    )


def test_a_covered_component_must_be_there() -> None:
    """A signature over what the message lacks has no base."""
    with pytest.raises(SignatureIncomplete):
        build_base(view_of(), cover([Component(name="a")], {}))


@pytest.mark.parametrize("value", ['1\n"b": 2', "1\r2", "1\n2", "é", "\u2028"])
def test_no_value_can_forge_a_line(value: str) -> None:
    """A line feed, a carriage return or a character outside of ASCII is refused (section 7.5.4)."""
    with pytest.raises(SignatureMalformed):
        build_base(view_of(("a", value)), cover([Component(name="a")], {}))


def test_a_stored_base_is_read_back() -> None:
    """Components in order, in the house's notation, and the parameters."""
    parsed = parse_base(BASE)

    assert parsed == ParsedBase(
        components=(("@status", "200"), ("a", 'x: "b": y'), ('signature;req;key="s"', ":AA==:")),
        parameters=SignatureParameters(created=7, key_id="k", tag="t"),
    )
    assert parsed.find_value("@status") == "200"
    assert parsed.find_value("b") is None


@STABLE
@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
        max_size=5,
    )
)
def test_every_base_that_we_build_is_read_back(fields: dict[str, str]) -> None:
    """Reading undoes building, whatever the values hold."""
    view = view_of(*fields.items())
    covered = cover([Component(name=name) for name in fields], {"created": 7, "tag": "t"})

    parsed = parse_base(build_base(view, covered))

    assert dict(parsed.components) == {name: value.strip() for name, value in fields.items()}
    assert parsed.parameters == covered.parameters


@pytest.mark.parametrize(
    "base",
    [
        b"",
        b"\xff",
        BASE + b"\n",
        BASE + b" ",
        b"\n" + BASE,
        BASE.replace(b'"a": ', b'"a":'),
        BASE.replace(b'"a": ', b'"b": '),
        BASE.replace(b'"@status": 200\n', b""),
        BASE.replace(b'"@status": 200\n', b'"@status": 200\n"@status": 200\n'),
        BASE.replace(b'"@status" "a"', b'"a" "@status"'),
        BASE.replace(b'"@status" "a"', b'"@status"  "a"'),
        BASE.replace(b"created=7", b"created=07"),
        BASE.replace(b"created=7", b"created=7;created=7"),
        BASE.replace(b'"@signature-params": ', b'"@signature-params":'),
        BASE.replace(b'"@signature-params": ', b""),
        b'"@signature-params": 1',
        b'"@signature-params": (), ()',
        b'"@signature-params": ',
        b'"a": 1\n"a": 1\n"@signature-params": ("a" "a")',
    ],
)
def test_what_we_cannot_have_signed_is_no_base(base: bytes) -> None:
    """Missing, extra, reordered or respelled lines are refused, so a base has one reading."""
    with pytest.raises(SignatureMalformed):
        parse_base(base)
