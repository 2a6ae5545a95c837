"""The bytes that a message signature covers, as in RFC 9421, section 2.

A component is named as the house's tables print it: `@method`, `content-digest;req`,
`signature;req;key="sig1"`; on the wire its name stands in quotes. Fields, members of dictionary
fields and the derived components below are known. `sf`, `bs` and `tr` are refused: a verifier
must not accept what it does not understand (section 3.2).
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.protocols.plain_fields import find_plain_text
from creditbridge.protocols.structured_fields import (
    FieldMalformed,
    Item,
    Member,
    parse_dictionary,
    parse_item,
    serialize_bare_item,
    serialize_member,
)

FIELD_CHARACTERS_MAX = 8_192  # of a dictionary field that is taken apart
NAME = r"@?[a-z0-9!#$%&'*+.^_`|~-]{1,64}"
NAME_PATTERN = re.compile(NAME)
# As nearly every signer writes it; any other spelling goes through the general parser.
PLAIN_COMPONENT = re.compile(rf'"({NAME})"(;req)?(?:;key="([!#-\[\]-~]*)")?')
COMPONENT_PARAMETERS = {"req", "key", "name"}
DEFAULT_PORTS = {"http": 80, "https": 443}


class SignatureRejected(SignatureInvalid):
    """A message signature that cannot be accepted; the kinds below it say why."""

    code = "signature-rejected"
    message = "The message signature could not be verified."


class SignatureMalformed(SignatureRejected):
    """The signature's fields or components are not what RFC 9421 lets them be."""

    code = "signature-malformed"
    message = "Signature-Input or Signature is malformed, or names what cannot be covered."


class SignatureIncomplete(SignatureRejected):
    """A component that must be covered is absent from the message, or not covered."""

    code = "signature-incomplete"
    message = "The message signature does not cover everything that it must."


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is signed: header names in lower case, `target_uri` absolute.

    A receiver builds `target_uri` on its configured origin, never on what the caller sent.
    """

    method: str
    target_uri: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is signed: header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


Message: TypeAlias = Request | Response


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """What one line of the base is about (section 2): a name and the parameters that we know."""

    name: str
    from_request: bool = False  # `req`: of the request that the answer belongs to (section 2.4)
    member: str | None = None  # `key`: of a dictionary field (section 2.1.2)
    query: str | None = None  # `name`: which `@query-param` (section 2.2.8)

    @property
    def suffix(self) -> str:
        """The parameters as a signer writes them."""
        flag = ";req" if self.from_request else ""
        member = "" if self.member is None else f";key={serialize_bare_item(self.member)}"
        query = "" if self.query is None else f";name={serialize_bare_item(self.query)}"
        return flag + member + query

    @property
    def quoted(self) -> str:
        """The component identifier as a signer writes it."""
        return f'"{self.name}"{self.suffix}'


def parse_component(quoted: str) -> Component:
    """Return the component that an identifier in `Signature-Input` names.

    Raises:
        SignatureMalformed: no lower-case name, or a parameter that we do not understand.
    """
    if (found := PLAIN_COMPONENT.fullmatch(quoted)) is not None:
        name, flag, member = found.groups()
        return Component(name=name, from_request=flag is not None, member=member)
    try:
        return _component_of(parse_item(quoted))
    except FieldMalformed as error:
        raise SignatureMalformed(detail=f"a component: {error.detail}") from error


def _component_of(item: Item) -> Component:
    name, parameters = item.value, item.parameters
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise SignatureMalformed(detail="a component without a lower-case name")
    member, query = parameters.get("key"), parameters.get("name")
    if (
        not parameters.keys() <= COMPONENT_PARAMETERS
        # `;req=?0` would be read as a flag that is set by whoever looks at its presence alone.
        or parameters.get("req", True) is not True
        or not isinstance(member, str | None)
        or not isinstance(query, str | None)
    ):
        raise SignatureMalformed(detail=f"a parameter of {name} that is not understood")
    return Component(name=name, from_request="req" in parameters, member=member, query=query)


class MessageView:
    """One message, and for an answer its request, as components see them."""

    def __init__(self, message: Message, request: Request | None = None) -> None:
        self.message = message
        self.request = None if request is None else MessageView(request)
        self._dictionaries: dict[str, dict[str, Member]] = {}

    @cached_property
    def _lines(self) -> Mapping[str, list[str]]:
        lines: dict[str, list[str]] = {}
        for name, value in self.message.headers:
            # Blanks around a line are a proxy's to change, so they are not signed (section 2.1).
            lines.setdefault(name, []).append(value.strip(" \t"))
        return lines

    def find_field(self, name: str) -> str | None:
        """Return the field's lines as one value (section 2.1), None where there is none."""
        lines = self._lines.get(name)
        # One value whether a proxy joined the lines or left them apart (section 2.1).
        return None if lines is None else ", ".join(lines)

    def is_repeated(self, name: str) -> bool:
        """Whether the field stands on more than one line."""
        return len(self._lines.get(name, ())) > 1

    def get_dictionary(self, name: str) -> dict[str, Member]:
        """Return the members of a dictionary field, none where the field is absent.

        Raises:
            SignatureMalformed: no dictionary, a repeated name, or too long.
        """
        if name not in self._dictionaries:
            value = self.find_field(name) or ""
            # Before the general parser sees it: its cost grows with whatever a stranger sends.
            if len(value) > FIELD_CHARACTERS_MAX:
                raise SignatureMalformed(detail=f"{name} has {len(value)} characters")
            try:
                self._dictionaries[name] = parse_dictionary(value)
            except FieldMalformed as error:
                raise SignatureMalformed(detail=f"{name}: {error.detail}") from error
        return self._dictionaries[name]

    def get_value(self, component: Component) -> str:
        """Return the component's value.

        Raises:
            SignatureIncomplete: the message lacks it.
            SignatureMalformed: no message of this kind has such a component.
        """
        # An answer may carry a field of the same name as its request: `req` alone says whose is
        # meant (section 2.4).
        if not component.from_request:
            return self.get_own_value(component)
        if self.request is None:
            raise SignatureMalformed(detail="`req` outside of an answer")
        return self.request.get_own_value(component)

    def get_own_value(self, component: Component) -> str:
        """Return the component's value out of this message, whatever its `req` says."""
        name, member = component.name, component.member
        # A parameter in the wrong place would be covered and mean nothing (section 2.2.8).
        if (component.query is not None) is not (name == "@query-param"):
            raise SignatureMalformed(detail="`name` belongs to @query-param alone")
        if name.startswith("@"):
            return self._derive(component)
        if (value := self.find_field(name)) is None:
            raise SignatureIncomplete(detail=f"no field {name}")
        if member is None:
            return value
        if len(value) <= FIELD_CHARACTERS_MAX and (text := find_plain_text(value, member)):
            return text
        members = self.get_dictionary(name)
        if member not in members:
            raise SignatureIncomplete(detail=f"{name} has no such member")
        return serialize_member(members[member])

    def _derive(self, component: Component) -> str:
        if component.member is None:
            match self.message:
                case Response(status=status) if component.name == "@status":
                    return str(status)
                case Request() as request if component.name in DERIVED:
                    return DERIVED[component.name](request, component)
                case _:
                    pass
        raise SignatureMalformed(detail=f"{component.name} cannot be derived here")


def _authority(request: Request, _component: Component) -> str:
    # Lower case, without the scheme's own port (section 2.2.3).
    parts = urlsplit(request.target_uri)
    return parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS.get(parts.scheme)}")


def _query_parameter(request: Request, component: Component) -> str:
    # Decoded as a form, encoded again one way (section 2.2.8). A name that occurs twice has no
    # one value.
    pairs = parse_qsl(urlsplit(request.target_uri).query, keep_blank_values=True)
    values = [value for name, value in pairs if name == unquote(component.query or "")]
    if len(values) != 1:
        raise SignatureIncomplete(detail=f"a query parameter that occurs {len(values)} times")
    return quote(values[0], safe="*").replace("~", "%7E")


# Section 2.2. `@target-uri` is the whole of them; the rest is here for signers that cover more.
DERIVED: Mapping[str, Callable[[Request, Component], str]] = {
    "@method": lambda request, _component: request.method,
    "@target-uri": lambda request, _component: request.target_uri,
    "@authority": _authority,
    "@scheme": lambda request, _component: urlsplit(request.target_uri).scheme,
    "@path": lambda request, _component: urlsplit(request.target_uri).path or "/",
    "@query": lambda request, _component: f"?{urlsplit(request.target_uri).query}",
    "@query-param": _query_parameter,
}
