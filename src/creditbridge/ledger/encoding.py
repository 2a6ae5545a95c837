"""How the ledger writes values down: one value, one spelling, for ten years.

Binary values are base64url without padding (RFC 4648, section 5). Instants are UTC with six digits
and `Z` (RFC 3339). Sets are sorted lists. Members that do not apply are absent, never null.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeAlias, TypeVar, assert_never

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.canonical_json import JsonValue, canonicalize, require_canonical

# With an offset: an instant without one would be read by each reader in its own place.
Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

Writable: TypeAlias = (
    "msgspec.Struct | datetime | Mapping[str, Writable] | frozenset[str] | str | int"
)

T = TypeVar("T", bound=msgspec.Struct)

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class SpellingUnknown(Malformed):
    """Stored bytes that are not spelt as the ledger spells, or that say more than it knows."""

    code = "ledger-spelling-unknown"
    message = "A record is not written in a form that this version of the ledger knows."


def to_base64url(raw: bytes) -> str:
    """Return base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding.

    Raises:
        SpellingUnknown: other characters, padding, or spare bits that are not zero.
    """
    if _BASE64URL.fullmatch(text) is None or len(text) % 4 == 1:
        raise SpellingUnknown(detail="not base64url")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(raw) != text:
        # Two texts for one value would be two commitments for one record.
        raise SpellingUnknown(detail="base64url with spare bits")
    return raw


def format_instant(instant: datetime) -> str:
    """Return `2026-01-31T23:59:59.000000Z` (RFC 3339)."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_plain(value: Writable) -> JsonValue:
    """Return a struct, and what it holds, as plain JSON values."""
    plain: JsonValue
    match value:  # The most frequent first: every record is written down several times.
        case str():
            plain = str(value)  # An enum's member becomes its wire word.
        case int():
            plain = value
        case datetime():
            plain = format_instant(value)
        case dict():
            plain = _plain_mapping(value)
        case frozenset():
            plain = [*sorted(map(str, value))]
        case msgspec.Struct():  # Like `Mapping`, it costs more to tell than what stands above.
            plain = _members_of(value)
        case Mapping():
            plain = _plain_mapping(value)
        case _:
            assert_never(value)
    return plain


def encode(value: Writable) -> bytes:
    """Return the canonical JSON (RFC 8785) of a struct or of a mapping of structs."""
    return canonicalize(to_plain(value))


def decode(raw: bytes, kind: type[T]) -> T:
    """Return the struct that canonical bytes spell.

    Raises:
        Malformed: the bytes are not canonical JSON, hold unknown members, or spell a value in
            another way than `encode` does.
    """
    value = convert(require_canonical(raw), kind)
    require_same(value, raw)
    return value


def convert(value: object, kind: type[T]) -> T:
    """Return plain values as a struct.

    Raises:
        SpellingUnknown: unknown or missing members, or a value of another type.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise SpellingUnknown(detail=str(error)) from error


def require_same(value: Writable, raw: bytes) -> None:
    """Accept a value that is spelt as `encode` spells it.

    Raises:
        SpellingUnknown: a null for an absent member, an unsorted set, another form of an instant.
    """
    if encode(value) != raw:
        raise SpellingUnknown(detail="another spelling of the same value")


def _plain_mapping(mapping: Mapping[str, Writable]) -> dict[str, JsonValue]:
    return {name: to_plain(member) for name, member in mapping.items()}


def _members_of(struct: msgspec.Struct) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    config = struct.__struct_config__
    if config.tag_field is not None:
        members[config.tag_field] = str(config.tag)
    for name in struct.__struct_fields__:
        member: Writable | None = getattr(struct, name)
        # Most members are plain texts or absent, and every record is written down several times.
        if type(member) is str:
            members[name] = member
        elif member is not None:
            members[name] = to_plain(member)
    return members
