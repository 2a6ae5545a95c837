"""The shapes of what callers send, before anything is looked up."""

from typing import Annotated

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.profile.codes import SectionCode

SECTIONS_MAX = len(SectionCode)

ConsentId = Annotated[str, msgspec.Meta(max_length=64)]
UsccText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
SectionWords = Annotated[list[SectionCode], msgspec.Meta(min_length=1, max_length=SECTIONS_MAX)]


class NothingThere(Malformed):
    """An id of no such thing, or of another caller's: nobody learns which."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


def require_id(kind: Kind, text: str) -> str:
    """Return an id of the right kind.

    Raises:
        NothingThere: it names nothing of this kind.
    """
    if not is_id(kind, text):
        raise NothingThere
    return text
