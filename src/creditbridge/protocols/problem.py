"""The body of an answer that is an error, as in RFC 9457."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec.structs import force_setattr

TYPE_BASE = "https://creditbridge.example/problems/"
MEDIA_TYPE = "application/problem+json"


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at one place of the request; `pointer` is a JSON pointer (RFC 6901)."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One error, for a person (`title`, `detail`) and for a program (`type`, `code`).

    `type` and `title` follow from the code where they are not given. `status` repeats the HTTP
    status (section 3.1.2). `instance` names the decision, where one was recorded; `next_at` is from
    when on the request may come again, where that is known. No member repeats what the caller
    sent.
    """

    type: str = ""
    title: str = ""
    status: int
    detail: str | None = None
    code: str
    instance: str | None = None
    interaction_id: str | None = None
    errors: tuple[FieldProblem, ...] = ()
    next_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        """Derive what the code says: the address that explains it, and its words."""
        if not self.type:
            force_setattr(self, "type", TYPE_BASE + self.code)
        if not self.title:
            force_setattr(self, "title", self.code.replace("-", " ").capitalize())

    def encode(self) -> bytes:
        """Return the JSON; members without a value are absent."""
        return msgspec.json.encode(self)
