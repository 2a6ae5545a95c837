"""What a signature says of itself, and the base it makes, as in RFC 9421, sections 2.3 and 2.5.

A base is kept as evidence for years: `parse_base` reads back what was signed from the bytes alone.
"""

from collections.abc import Iterable

import msgspec

from creditbridge.protocols.plain_fields import read_plain_list
from creditbridge.protocols.signature_base import (
    FIELD_CHARACTERS_MAX,
    Component,
    MessageView,
    SignatureMalformed,
    parse_component,
)
from creditbridge.protocols.structured_fields import (
    FieldMalformed,
    InnerList,
    Parameters,
    parse_list,
    serialize_item,
    serialize_parameters,
)

COMPONENTS_MAX = 64
LAST_LINE_NAME = '"@signature-params": '


class SignatureParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The registered parameters (section 2.3); times are seconds since 1970."""

    created: int | None = None
    expires: int | None = None
    nonce: str | None = None
    key_id: str | None = None
    tag: str | None = None
    algorithm: str | None = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A member of `Signature-Input` as received: nothing of it is checked but its form.

    `quoted` are the component identifiers as the signer wrote them; `text` is the canonical value
    of `@signature-params`.
    """

    quoted: tuple[str, ...]
    parameters: Parameters
    text: str


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A checked member of `Signature-Input`: no component twice, every name understood.

    `components` and `quoted` are in the same order.
    """

    components: tuple[Component, ...]
    quoted: tuple[str, ...]
    parameters: SignatureParameters
    text: str


class ParsedBase(msgspec.Struct, frozen=True, kw_only=True):
    """A signature base, taken apart: (`@method;req`, value) in order, and the parameters."""

    components: tuple[tuple[str, str], ...]
    parameters: SignatureParameters

    def find_value(self, identifier: str) -> str | None:
        """Return the value of a component such as `@status` or `content-digest;req`."""
        # No identifier occurs twice: `check_listed` saw to it.
        return dict(self.components).get(identifier)


def cover(components: Iterable[Component], parameters: Parameters) -> Covered:
    """Return what a signer covers: components in this order, parameters in this order."""
    listed = tuple(components)
    quoted = tuple(component.quoted for component in listed)
    return Covered(
        components=listed,
        quoted=quoted,
        parameters=read_parameters(parameters),
        text=f"({' '.join(quoted)}){serialize_parameters(parameters)}",
    )


def list_inputs(view: MessageView) -> dict[str, Listed]:
    """Return the members of `Signature-Input` by label, those that are lists of components.

    Raises:
        SignatureMalformed: no dictionary, a repeated name, or too long.
    """
    raw = view.find_field("signature-input") or ""
    if len(raw) <= FIELD_CHARACTERS_MAX and (plain := read_plain_list(raw)) is not None:
        return {
            plain.name: Listed(
                quoted=plain.quoted, parameters={**plain.parameters}, text=plain.text
            )
        }
    members = view.get_dictionary("signature-input").items()
    return {
        label: list_member(member) for label, member in members if isinstance(member, InnerList)
    }


def list_member(member: InnerList) -> Listed:
    """Return the same out of the general parser's result."""
    quoted = tuple(map(serialize_item, member.items))
    text = f"({' '.join(quoted)}){serialize_parameters(member.parameters)}"
    return Listed(quoted=quoted, parameters=member.parameters, text=text)


def check_listed(listed: Listed) -> Covered:
    """Return what a received member of `Signature-Input` covers.

    Raises:
        SignatureMalformed: a component twice, too many, not understood; a parameter of wrong type.
    """
    # Each component may cost a parse of its own: the number is what bounds the work.
    if len(listed.quoted) > COMPONENTS_MAX:
        raise SignatureMalformed(detail=f"{len(listed.quoted)} components")
    components = tuple(map(parse_component, listed.quoted))
    # The order of a component's parameters does not make it another one (section 2).
    if len(set(components)) != len(components):
        raise SignatureMalformed(detail="a component is covered twice")
    parameters = read_parameters(listed.parameters)
    return Covered(
        components=components, quoted=listed.quoted, parameters=parameters, text=listed.text
    )


def build_base(view: MessageView, covered: Covered) -> bytes:
    """Return the signature base: ASCII, one line per component, no line feed at the end.

    Raises:
        SignatureIncomplete: the message lacks a covered component.
        SignatureMalformed: a value that cannot stand on one line of ASCII.
    """
    lines = [
        f"{quoted}: {view.get_value(component)}"
        for quoted, component in zip(covered.quoted, covered.components, strict=True)
    ]
    lines.append(LAST_LINE_NAME + covered.text)
    base = "\n".join(lines)
    # A line feed inside a value could pass for the next component (section 7.5.4).
    if not base.isascii() or base.count("\n") != len(covered.components) or "\r" in base:
        raise SignatureMalformed(detail="a covered value is no single line of ASCII")
    return base.encode("ascii")


def parse_base(base: bytes) -> ParsedBase:
    """Return the components and parameters that a stored base holds.

    Raises:
        SignatureMalformed: not exactly what `build_base` can have made.
    """
    try:
        *lines, last = base.decode("ascii").split("\n")
        (member,) = parse_list(last.removeprefix(LAST_LINE_NAME))
    except (ValueError, FieldMalformed) as error:
        raise SignatureMalformed(detail="no signature base") from error
    if not isinstance(member, InnerList):
        raise SignatureMalformed(detail="no list of components")
    covered = check_listed(list_member(member))
    # Written again and compared, so that one set of bytes has one reading for ten years.
    if last != LAST_LINE_NAME + covered.text or len(lines) != len(covered.quoted):
        raise SignatureMalformed(detail="the lines are not those that the last one lists")
    pairs = zip(covered.components, covered.quoted, lines, strict=True)
    return ParsedBase(
        components=tuple(_split_line(*each) for each in pairs), parameters=covered.parameters
    )


def _split_line(component: Component, quoted: str, line: str) -> tuple[str, str]:
    if not line.startswith(f"{quoted}: "):
        raise SignatureMalformed(detail="a line is not of the component listed in its place")
    return component.name + component.suffix, line.removeprefix(f"{quoted}: ")


def read_parameters(parameters: Parameters) -> SignatureParameters:
    """Return the registered parameters; others are left to the base, which covers them all.

    Raises:
        SignatureMalformed: an integer or a string is something else.
    """
    return SignatureParameters(
        created=_find_integer(parameters, "created"),
        expires=_find_integer(parameters, "expires"),
        nonce=_find_string(parameters, "nonce"),
        key_id=_find_string(parameters, "keyid"),
        tag=_find_string(parameters, "tag"),
        algorithm=_find_string(parameters, "alg"),
    )


def _find_integer(parameters: Parameters, name: str) -> int | None:
    value = parameters.get(name)
    # In Python a boolean is an integer: `created` without a value would be second 1.
    if isinstance(value, bool) or not isinstance(value, int | None):
        raise SignatureMalformed(detail=f"{name} is no integer")
    return value


def _find_string(parameters: Parameters, name: str) -> str | None:
    value = parameters.get(name)
    if not isinstance(value, str | None):
        raise SignatureMalformed(detail=f"{name} is no string")
    return value
