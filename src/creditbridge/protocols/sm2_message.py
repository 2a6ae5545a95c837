"""What SM2 signs of a message: a canonical string of lines, of a request or of its answer.

The lines of a request are those that Chinese interface standards use (GM/T suite `SM2-SM3`):
method, path, query, application, timestamp, nonce, SM3 of the body, consent. Those of an answer
begin with its status, so that neither can stand for the other, and name by SM3 what was asked and
the very request that is answered. The body is the plain one: what is signed is what is meant, and
proves the same after its envelope was opened.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.hashes import SM3, Hash

from creditbridge.foundation.errors import SignatureInvalid

SUITE = "SM2-SM3"
WINDOW_MS = 300_000  # 300 s pass on both sides, 301 s fail.
BASE_BYTES_MAX = 4_096
NO_CONSENT = ""

_DIGEST = "[0-9a-f]{64}"
_APPLICATION = "[!-~]{1,128}"
_CONSENT = "(?:[A-Za-z0-9_-]{43})?"
_REQUEST = re.compile(
    r"(?P<method>[A-Z]{3,8})\n(?P<path>/[!->@-~]{0,511})\n(?P<query>[!-~]{0,1023})\n"
    rf"(?P<app_id>{_APPLICATION})\n(?P<timestamp>[1-9][0-9]{{12}})\n"
    rf"(?P<nonce>[A-Za-z0-9_-]{{16,64}})\n(?P<body_digest>{_DIGEST})\n(?P<consent>{_CONSENT})"
)
_ANSWER = re.compile(
    rf"(?P<status>[1-5][0-9]{{2}})\n(?P<question>{_DIGEST})\n(?P<request>{_DIGEST})\n"
    rf"(?P<app_id>{_APPLICATION})\n(?P<timestamp>[1-9][0-9]{{12}})\n"
    rf"(?P<body_digest>{_DIGEST})\n(?P<consent>{_CONSENT})"
)


class CanonicalStringMalformed(SignatureInvalid):
    """Values that make no canonical string, or bytes that are none."""

    code = "sm2-message-malformed"
    message = "A message has no canonical string that could be signed."


class TimestampStale(SignatureInvalid):
    """A message from too long ago, or from a clock that goes ahead."""

    code = "sm2-message-stale"
    message = "A message is too old, or its clock is wrong."


class SignedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a request; digests are in hex, `consent` in base64url or empty."""

    method: str
    path: str
    query: str
    app_id: str
    timestamp_ms: int
    nonce: str
    body_digest: str
    consent: str

    def encode(self) -> bytes:
        """Return the canonical string.

        Raises:
            CanonicalStringMalformed: a value of another form than its line has.
        """
        lines = (
            *(self.method, self.path, self.query, self.app_id, str(self.timestamp_ms)),
            *(self.nonce, self.body_digest, self.consent),
        )
        return _join(lines, _REQUEST)


class SignedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of an answer.

    `question` is SM3 of the plain body that the query was submitted with, `request` SM3 of the
    canonical string of the request that is answered.
    """

    status: int
    question: str
    request: str
    app_id: str
    timestamp_ms: int
    body_digest: str
    consent: str

    def encode(self) -> bytes:
        """Return the canonical string.

        Raises:
            CanonicalStringMalformed: a value of another form than its line has.
        """
        lines = (
            *(str(self.status), self.question, self.request, self.app_id),
            *(str(self.timestamp_ms), self.body_digest, self.consent),
        )
        return _join(lines, _ANSWER)


def parse_request(base: bytes) -> SignedRequest:
    """Return the lines of a request's canonical string.

    Raises:
        CanonicalStringMalformed: it is none.
    """
    found = _match(base, _REQUEST)
    return SignedRequest(timestamp_ms=int(found.pop("timestamp")), **found)


def parse_answer(base: bytes) -> SignedAnswer:
    """Return the lines of an answer's canonical string.

    Raises:
        CanonicalStringMalformed: it is none.
    """
    found = _match(base, _ANSWER)
    status, timestamp = int(found.pop("status")), int(found.pop("timestamp"))
    return SignedAnswer(status=status, timestamp_ms=timestamp, **found)


def sort_query(parameters: Mapping[str, str]) -> str:
    """Return the query as it is signed and sent: by name, each part percent-encoded (RFC 3986)."""
    return "&".join(
        f"{quote(name, safe='')}={quote(parameters[name], safe='')}" for name in sorted(parameters)
    )


def digest_sm3(content: bytes) -> str:
    """Return SM3 (GB/T 32905-2016), in hex."""
    digest = Hash(SM3())
    digest.update(content)
    return digest.finalize().hex()


def require_timely(timestamp_ms: int, *, now: datetime) -> None:
    """Accept an instant that is at most 300 s from now, on either side.

    Raises:
        TimestampStale: further away.
    """
    distance = timestamp_ms - int(now.timestamp() * 1000)
    if abs(distance) > WINDOW_MS:
        raise TimestampStale(detail=f"{distance / 1000:.0f} s from now")


def _join(lines: tuple[str, ...], form: re.Pattern[str]) -> bytes:
    base = "\n".join(lines)
    # What would not be read back must not be signed: a line break in a value is another line.
    if form.fullmatch(base) is None:
        raise CanonicalStringMalformed(detail="a value does not fit its line")
    return base.encode("ascii")


def _match(base: bytes, form: re.Pattern[str]) -> dict[str, str]:
    if len(base) > BASE_BYTES_MAX or not base.isascii():
        raise CanonicalStringMalformed(detail=f"{len(base)} bytes")
    if (found := form.fullmatch(base.decode("ascii"))) is None:
        raise CanonicalStringMalformed(detail="not the lines of this message")
    return found.groupdict()
