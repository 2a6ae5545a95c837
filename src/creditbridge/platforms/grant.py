"""The query grant: what a platform is shown of a consent. Pure."""

from base64 import urlsafe_b64encode
from datetime import UTC

from creditbridge.platforms.model import PlatformQuery
from creditbridge.profile.codes import KeyPosition, SectionCode
from creditbridge.protocols.canonical_json import JsonValue, canonicalize

POSITIONS = {KeyPosition.LEGAL_REP: "1", KeyPosition.CONTROLLER: "2"}


def make_grant(query: PlatformQuery, *, audience: str) -> bytes:
    """Return the query grant as canonical JSON (RFC 8785): who may answer what, until when.

    It names the consent by its digest alone; the artefact never leaves the house.
    """
    # Without an offset and with a plain Z: one instant, one spelling under the signature (RFC
    # 3339).
    expires_at = query.expires_at.astimezone(UTC).replace(tzinfo=None)
    persons: JsonValue = [
        {"position": POSITIONS[one.position], "consent_digest": digest_text(one.consent_digest)}
        for one in query.persons
    ]
    # Only where persons are asked about: a platform that is not learns of nobody's consent.
    named = {"persons": persons} if SectionCode.PSN in query.sections else {}
    return canonicalize(
        {
            "v": 1,
            "audience": audience,
            "query_id": query.query_id,
            "uscc": query.uscc,
            "sections": sorted(query.sections),
            "purpose": query.purpose,
            "consent_digest": digest_text(query.consent_digest),
            "expires_at": f"{expires_at.isoformat()}Z",
            **named,
        }
    )


def digest_text(digest: str) -> str:
    """Return a digest in hex as the wire writes it: base64url without padding."""
    return urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode("ascii")
