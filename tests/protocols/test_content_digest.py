"""RFC 9530: digests that must be accepted and refused (item H6)."""

from base64 import b64encode
from hashlib import md5, sha256, sha512

import pytest

from creditbridge.protocols.content_digest import (
    ContentDigestInvalid,
    format_digest,
    require_digest,
)

# The example of RFC 9530, appendix B.1.
BODY = b'{"hello": "world"}\n'
HEADER = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def spell(name: str, digest: bytes) -> str:
    """Return one member of the field."""
    return f"{name}=:{b64encode(digest).decode()}:"


SHA256 = spell("sha-256", sha256(BODY).digest())
SHA512 = spell("sha-512", sha512(BODY).digest())
MD5 = spell("md5", md5(BODY, usedforsecurity=False).digest())
WRONG = spell("sha-256", sha256(b"other").digest())


def test_the_rfcs_example_is_reproduced() -> None:
    """The digest of the RFC's body is the RFC's digest."""
    assert format_digest(BODY) == HEADER


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        SHA512,
        f"{SHA256}, {SHA512}",
        f"{MD5}, {SHA256}",
        f"{SHA256}, sha=1",
        f"{SHA512};q=1",
    ],
)
def test_H6_known_digests_that_match_are_accepted(header: str) -> None:
    """One known digest is enough; deprecated and unknown ones are not looked at."""
    require_digest(header, BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        MD5,
        "sha=:AAAA:, unixsum=30637",
        "id-sha-256=:AAAA:",
        WRONG,
        f"{WRONG}, {SHA512}",
        f"{SHA256}, {spell('sha-512', b'')}",
        f"{SHA256}, {SHA256}",
        f"{WRONG}, {SHA256}",
        'sha-256="RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="',
        'sha-256=("a")',
        "sha-256",
        "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        f"{SHA256}, x={'1' * 1024}",
    ],
)
def test_H6_other_digests_are_refused(header: str) -> None:
    """A mismatch, only unknown names, a name twice, another type, a field that is too long."""
    with pytest.raises(ContentDigestInvalid):
        require_digest(header, BODY)


def test_H6_the_digest_is_of_every_byte() -> None:
    """A body with one byte more is another body."""
    with pytest.raises(ContentDigestInvalid):
        require_digest(HEADER, BODY + b" ")
