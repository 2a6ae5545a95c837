"""The query grant: what a platform is shown of a consent. Pure."""

from base64 import urlsafe_b64encode
from datetime import UTC

from creditbridge.platforms.model import PlatformQuery
from creditbridge.protocols.canonical_json import canonicalize


def make_grant(query: PlatformQuery, *, audience: str) -> bytes:
    """Return the query grant as canonical JSON (RFC 8785): who may answer what, until when.

    It names the consent by its digest alone; the artefact never leaves the house.
    """
    # Without an offset and with a plain Z: one instant, one spelling under the signature (RFC
    # 3339).
    expires_at = query.expires_at.astimezone(UTC).replace(tzinfo=None)
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
        }
    )


def digest_text(digest: str) -> str:
    """Return a digest in hex as the wire writes it: base64url without padding."""
    return urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode("ascii")
