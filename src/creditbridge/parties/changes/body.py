"""The body of a change, as two people sign it."""

from typing import TypeVar

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.parties.onboarding import BODY_BYTES_MAX
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.strict_json import decode

T = TypeVar("T", bound=msgspec.Struct)


class ChangeMalformed(Malformed):
    """The body of a change cannot take effect."""

    code = "change-malformed"
    message = "The change is not canonical JSON of its kind, or it asks for nothing that can be."


def read_body(body: bytes, kind: type[T]) -> T:
    """Return what a body says, where it is spelt in the one way that two people can sign.

    Raises:
        Malformed: not canonical JSON (RFC 8785), an unknown or a missing member, over 64 KiB.
    """
    if len(body) > BODY_BYTES_MAX:
        raise ChangeMalformed(detail=f"{len(body)} bytes")
    read = decode(body, kind)
    # What an operator signs is what is read: no other spelling, and no member that is passed over.
    if canonicalize(msgspec.to_builtins(read)) != body:
        raise ChangeMalformed(detail="not canonical, or with unknown members")
    return read
