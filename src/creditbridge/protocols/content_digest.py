"""The digest of a message body in a header, as in RFC 9530."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.structured_fields import FieldMalformed, Item, Member, parse_dictionary


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _sha512(body: bytes) -> bytes:
    return hashlib.sha512(body).digest()


# The two algorithms in good standing (section 5). The deprecated ones, `md5`, `sha`, `unixsum` and
# the rest, prove nothing: a field that names only those is refused.
KNOWN_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {"sha-256": _sha256, "sha-512": _sha512}

DIGEST_CHARACTERS_MAX = 1_024


class ContentDigestInvalid(Malformed):
    """The digest in the header is absent, unusable, or of other bytes than the body's."""

    code = "content-digest-invalid"
    message = "Content-Digest must hold the sha-256 or sha-512 of the body as it was sent."


def format_digest(body: bytes) -> str:
    """Return the `Content-Digest` header value: `sha-256=:…:`."""
    return f"sha-256=:{b64encode(_sha256(body)).decode('ascii')}:"


def require_digest(header: str, body: bytes) -> None:
    """Accept a header with `sha-256` or `sha-512` where each of them matches the body's bytes.

    Raises:
        ContentDigestInvalid: no structured field, neither algorithm, or one that does not match.
    """
    # Refused before it is parsed: two digests and their names fit several times over.
    if len(header) > DIGEST_CHARACTERS_MAX:
        raise ContentDigestInvalid(detail=f"a digest field of {len(header)} characters")
    try:
        digests = parse_dictionary(header)
    except FieldMalformed as error:
        raise ContentDigestInvalid(detail=error.detail) from error
    known = [(name, member) for name, member in digests.items() if name in KNOWN_DIGESTS]
    if not known:
        raise ContentDigestInvalid(detail="neither sha-256 nor sha-512")
    # Every one that we know must match: a wrong one beside a right one means that two parties see
    # two bodies.
    for name, member in known:
        if not _matches(member, KNOWN_DIGESTS[name](body)):
            raise ContentDigestInvalid(detail=f"{name} does not match the body")


def _matches(member: Member, digest: bytes) -> bool:
    return isinstance(member, Item) and member.value == digest
