"""The bytes that a message signature covers, as in RFC 9421, section 2.

A component is named as the house's tables print it: `@method`, `content-digest;req`,
`signature;req;key="sig1"`; on the wire its name stands in quotes. Fields, their dictionary members
(`key`) and the derived components below are known; `sf`, `bs` and `tr` are refused, as a verifier
must refuse what it does not understand (section 3.2).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.protocols.structured_fields import (
    FieldMalformed,
    InnerList,
    Item,
    Member,
    parse_dictionary,
    parse_list,
    serialize_bare_item,
    serialize_member,
    serialize_parameters,
)

COMPONENTS_MAX = 64
NAME_PATTERN = re.compile(r"@?[a-z0-9!#$%&'*+.^_`|~-]{1,64}")
DEFAULT_PORTS = {"http": 80, "https": 443}
PARAMETERS_LINE = '"@signature-params": '


class SignatureRejected(SignatureInvalid):
    """A message signature that cannot be accepted; the kinds below it say why."""

    code = "signature-rejected"
    message = "The message signature could not be verified."


class SignatureMalformed(SignatureRejected):
    """The signature's fields or components are not what RFC 9421 lets them be."""

    code = "signature-malformed"
    message = "Signature-Input or Signature is malformed, or names a component nobody can derive."


class SignatureIncomplete(SignatureRejected):
    """A component that must be covered is absent from the message or not covered."""

    code = "signature-incomplete"
    message = "The message signature does not cover everything that it must."


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is signed: header names in lower case, `target_uri` absolute.

    The receiver gives its configured origin in `target_uri`, never one that the caller sent.
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
    request: bool = False  # `req`: of the request that the answer belongs to (section 2.4)
    member: str | None = None  # `key`: one member of a dictionary field (section 2.1.2)
    query: str | None = None  # `name`: the parameter of `@query-param` (section 2.2.8)

    @property
    def identifier(self) -> str:
        """The component as the house's tables print it, without quotes around the name."""
        flag = ";req" if self.request else ""
        member = f";key={serialize_bare_item(self.member)}" if self.member is not None else ""
        query = f";name={serialize_bare_item(self.query)}" if self.query is not None else ""
        return f"{self.name}{flag}{member}{query}"

    def to_item(self) -> Item:
        """Return the component as the item that a signer lists."""
        named = {"req": self.request or None, "key": self.member, "name": self.query}
        parameters = {name: value for name, value in named.items() if value is not None}
        return Item(value=self.name, parameters=parameters)


def parse_component(item: Item) -> Component:
    """Return the component that an item of `Signature-Input` names.

    Raises:
        SignatureMalformed: no such name, or a parameter that we do not understand.
    """
    match item.value, item.parameters:
        case str(name), {} if not item.parameters and NAME_PATTERN.fullmatch(name):
            return Component(name=name)
        case str(name), {**parameters} if NAME_PATTERN.fullmatch(name):
            return _component_of(name, parameters)
        case _:
            raise SignatureMalformed(detail="a component that is no lower-case name")
