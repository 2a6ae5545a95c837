"""What the gateway sends: the query, and the grant under which it asks. Unknown members refuse."""

import re
from base64 import b64decode
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.strict_json import JsonMalformed, decode
from creditsandbox.dialects.provincial.sections import Section

GRANT_SECONDS_MAX = 60
SKEW_SECONDS = 30
GRANT_VERSION = 1
GRANT_CHARACTERS_MAX = 2_048
PURPOSE_CHARACTERS_MAX = 32
# The general parser looks at each character in turn: for a grant, as dear as a signature.
_BYTE_SEQUENCE = re.compile(r":(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?:")


class QueryMalformed(Malformed):
    """A body that is no query, or asks for a section twice or out of order."""

    code = "query-malformed"
    message = "The body is not a query of this platform."


class GrantRefused(Refused):
    """A grant that does not cover this query, here, now."""

    code = "grant-refused"
    message = "The query grant does not cover this query."


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a query."""

    uscc: str
    sections: tuple[Section, ...]
    purpose: str


class GrantedPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody about whom may be answered, by position, on their own consent."""

    position: Literal["1", "2"]
    consent_digest: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query grant: the only thing the platform learns of a consent."""

    v: int
    audience: str
    query_id: str
    uscc: str
    sections: tuple[Section, ...]
    purpose: str
    consent_digest: str
    expires_at: datetime
    persons: tuple[GrantedPerson, ...] = ()


def parse_query(body: bytes) -> Query:
    """Return the query that a body holds.

    Raises:
        QueryMalformed: not its JSON, or sections that are not sorted, each once.
    """
    try:
        query = decode(body, Query)
    except JsonMalformed as error:
        raise QueryMalformed(detail=error.detail) from error
    in_order = query.sections == tuple(sorted(set(query.sections)))
    if not query.sections or not in_order or len(query.purpose) > PURPOSE_CHARACTERS_MAX:
        raise QueryMalformed(detail="sections or purpose")
    return query


def parse_grant(header: str) -> Grant:
    """Return the grant that the header carries as a byte sequence (RFC 9651, section 3.3.5).

    Raises:
        GrantRefused: no byte sequence, or not a grant as canonical JSON (RFC 8785).
    """
    if len(header) > GRANT_CHARACTERS_MAX or not _BYTE_SEQUENCE.fullmatch(header):
        raise GrantRefused(detail="no byte sequence")
    try:
        # The guard has run over the text by then: what it says is taken as it is.
        return msgspec.convert(require_canonical(b64decode(header[1:-1])), Grant)
    except (ValueError, Malformed) as error:
        raise GrantRefused(detail="no grant") from error


def require_grant(
    grant: Grant, query: Query, *, query_id: str, platform_id: str, now: datetime
) -> None:
    """Accept a grant for exactly this query on this platform, not yet expired.

    Its signature is that of the query, whose covered header carries it.

    Raises:
        GrantRefused: another platform, id, enterprise, sections or purpose; expired; too long.
    """
    asked = (GRANT_VERSION, platform_id, query_id, query.uscc, query.sections, query.purpose)
    granted = (
        grant.v,
        grant.audience,
        grant.query_id,
        grant.uscc,
        grant.sections,
        grant.purpose,
    )
    if asked != granted:
        raise GrantRefused(detail="a grant for something else")
    # Nobody is told of on the enterprise's word; and a name that is not needed is not taken.
    if (Section.KEY_PERSONS in grant.sections) != bool(grant.persons):
        raise GrantRefused(detail="key persons without their consents, or consents without them")
    if grant.expires_at.utcoffset() is None:
        raise GrantRefused(detail="an instant without a zone")
    left_seconds = (grant.expires_at - now).total_seconds()
    if not 0 < left_seconds <= GRANT_SECONDS_MAX + SKEW_SECONDS:
        raise GrantRefused(detail=f"{left_seconds:.0f} s left")
