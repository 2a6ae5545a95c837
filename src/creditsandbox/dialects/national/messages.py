"""What the gateway sends: the grant that is the body of a query. Unknown members refuse."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.strict_json import decode

GRANT_SECONDS_MAX = 60
SKEW_SECONDS = 30
GRANT_VERSION = 1
GRANT_BYTES_MAX = 2_048


class Section(StrEnum):
    """What this platform supplies."""

    REGISTRATION = "REG"
    PENALTIES = "PEN"
    LISTS = "LST"
    EVALUATION = "EVA"


class GrantRefused(Refused):
    """A grant that does not cover a query here, now."""

    code = "grant-refused"
    message = "The query grant does not cover this query."


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query grant: the whole question, and all that the platform learns of a consent."""

    v: int
    audience: str
    query_id: str
    uscc: str
    sections: tuple[Section, ...]
    purpose: str
    consent_digest: str
    expires_at: datetime


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A counted query. Its answer follows from it: the province is a function of the instant."""

    grant: Grant
    raw: bytes
    counted_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the question, 32 bytes."""
        return sha256(self.raw).digest()


class Objection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A dispute as the gateway hands it over; what else it says is not looked at here."""

    dispute_id: str
    uscc: str
    stage: str


def parse_objection(body: bytes) -> Objection:
    """Return what names a dispute.

    Raises:
        JsonMalformed: it is none.
    """
    return decode(body, Objection)


def parse_grant(body: bytes) -> Grant:
    """Return the grant that a query's body is.

    Raises:
        GrantRefused: not a grant as canonical JSON (RFC 8785).
    """
    if len(body) > GRANT_BYTES_MAX:
        raise GrantRefused(detail="too long")
    try:
        return msgspec.convert(require_canonical(body), Grant)
    except (msgspec.ValidationError, Malformed) as error:
        raise GrantRefused(detail="no grant") from error


def require_grant(grant: Grant, *, consent: str, platform_id: str, now: datetime) -> None:
    """Accept a grant for this platform and the consent that was signed beside it, not yet expired.

    Raises:
        GrantRefused: another platform or consent, no query id, sections out of order; expired.
    """
    named = (grant.v, grant.audience, grant.consent_digest)
    if named != (GRANT_VERSION, platform_id, consent) or not is_id(Kind.QUERY, grant.query_id):
        raise GrantRefused(detail="a grant for something else")
    if not grant.sections or grant.sections != tuple(sorted(set(grant.sections))):
        raise GrantRefused(detail="sections")
    if grant.expires_at.utcoffset() is None:
        raise GrantRefused(detail="an instant without a zone")
    left_seconds = (grant.expires_at - now).total_seconds()
    if not 0 < left_seconds <= GRANT_SECONDS_MAX + SKEW_SECONDS:
        raise GrantRefused(detail=f"{left_seconds:.0f} s left")
