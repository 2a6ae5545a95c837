"""What a request's head must look like before anybody reads it: RFC 9112 without its leniencies.

Whoever reads the same bytes differently, a proxy before us or a parser behind, opens the way for a
second request inside the first. So what is ambiguous is refused, not interpreted. Pure.
"""

import re
from typing import ClassVar
from urllib.parse import unquote_to_bytes

from creditbridge.foundation.errors import Malformed

TARGET_BYTES_MAX = 8_192
LINE_BYTES_MAX = 16_384
HEAD_BYTES_MAX = 32_768
LINES_MAX = 100
METHOD_BYTES_MAX = 32

# Origin-form only (RFC 9112, section 3.2.1); HTTP/1.1 only, as persistence and coding rest on it.
_REQUEST_LINE = re.compile(rb"([A-Z]+) (/[!$&'()*+,./0-9:;=?@A-Z\[\]_a-z~%-]*) HTTP/1\.1")
# Field lines: no space before the colon, no folded line, no control character (RFC 9112,
# sections 5.1 and 5.2). The whole section in one look: this runs before every request.
_SECTION = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+")
_HOST = re.compile(rb"(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_LENGTH = re.compile(rb"[0-9]{1,15}")
# A broken escape, or one of a control character: they end up in logs, headers and file names.
_UNFIT_PERCENT = re.compile(rb"%(?:(?![0-9A-Fa-f]{2})|[01][0-9A-Fa-f]|7[Ff])")
_PASSED = re.compile(rb"client-cert(?:-chain)?:", re.IGNORECASE)  # RFC 9440
# What only means something once: two of them, and two readers may each take another.
_SINGLE = frozenset(
    {
        b"authorization",
        b"client-cert",
        b"client-cert-chain",
        b"content-length",
        b"content-type",
        b"dpop",
        b"expect",
        b"host",
        b"idempotency-key",
        b"transfer-encoding",
        b"upgrade",
        b"x-fapi-interaction-id",
    }
)


class RequestRefused(Malformed):
    """A request is refused before the application sees it; `status` is the answer's."""

    code = "request-malformed"
    message = "The request is not well-formed HTTP/1.1."
    status: ClassVar[int] = 400


class TargetTooLong(RequestRefused):
    """The request target is over 8 kB."""

    code = "target-too-long"
    message = "The address is longer than 8192 bytes."
    status = 414


class HeadTooLarge(RequestRefused):
    """Over 100 header lines, a line over 16 kB, or over 32 kB in all."""

    code = "header-too-large"
    message = "The header section has more than 100 lines, a line over 16384 bytes, or over 32768."
    status = 431


class RequestTooSlow(RequestRefused):
    """The head or the body did not come in time."""

    code = "request-too-slow"
    message = "The request did not arrive in time."
    status = 408


def find_head_end(received: bytes | bytearray, *, checked: int = 0) -> int | None:
    """Return where the head ends, behind its empty line, or None while it has not come whole.

    `checked` bytes were looked at before. Limits hold for what has come so far.

    Raises:
        RequestRefused: bare line ends.
        TargetTooLong, HeadTooLarge: over the limits.
    """
    # Back over what may be the first bytes of the empty line, to the beginning of a pair.
    start = max(0, checked - 3)
    start -= received[start : start + 1] == b"\n" and start > 0
    found = received.find(b"\r\n\r\n", start)
    end = len(received) if found < 0 else found + 4
    if _has_bare_line_end(received[start:end]):
        raise RequestRefused
    line_end = received.find(b"\r\n", 0, end)
    if (end if line_end < 0 else line_end) > TARGET_BYTES_MAX + METHOD_BYTES_MAX:
        raise TargetTooLong
    if end > HEAD_BYTES_MAX:
        raise HeadTooLarge
    return None if found < 0 else end


def require_head(head: bytes) -> dict[bytes, bytes]:
    """Accept a whole head, from the request line to the empty line.

    Return the fields that stand in it once at most, by their names in lower case.

    Raises:
        RequestRefused: ambiguous or malformed.
        TargetTooLong, HeadTooLarge: over the limits.
    """
    request_line, _, section = head[:-2].partition(b"\r\n")
    lines = section.split(b"\r\n")
    _require_sizes(lines)
    if _SECTION.fullmatch(section) is None:
        raise RequestRefused
    fields = _collect_single(lines)
    method, body_follows = _require_request_line(request_line), _require_framing(fields)
    # Content in a GET has no meaning and is read differently by everybody (RFC 9110, 9.3.1).
    if body_follows and method in {b"GET", b"HEAD"}:
        raise RequestRefused
    _require_plain(fields)
    return fields


def _require_sizes(lines: list[bytes]) -> None:
    if len(lines) - 1 > LINES_MAX:
        raise HeadTooLarge
    if max(map(len, lines)) <= LINE_BYTES_MAX:
        return
    # No client can mend what a proxy writes about it: the field is wrong, not the head too large.
    if any(len(one) > LINE_BYTES_MAX and _PASSED.match(one) for one in lines):
        raise RequestRefused
    raise HeadTooLarge


def _require_plain(fields: dict[bytes, bytes]) -> None:
    if _HOST.fullmatch(fields.get(b"host", b"")) is None:
        raise RequestRefused
    if fields.get(b"expect", b"100-continue").lower() != b"100-continue" or b"upgrade" in fields:
        raise RequestRefused


def _has_bare_line_end(received: bytes | bytearray) -> bool:
    # A line feed without carriage return, or the other way round (RFC 9112, section 2.2); a
    # carriage return at the very end may still get its line feed.
    pairs = received.count(b"\r\n")
    returns = received.count(b"\r") - received.endswith(b"\r")
    return not pairs == received.count(b"\n") == returns


def _collect_single(lines: list[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        if (lower := name.lower()) in _SINGLE:
            if lower in fields:
                raise RequestRefused
            fields[lower] = value.strip(b" ")
    return fields


def _require_request_line(line: bytes) -> bytes:
    if (match := _REQUEST_LINE.fullmatch(line)) is None or len(match[1]) > METHOD_BYTES_MAX:
        raise RequestRefused
    target = match[2]
    if len(target) > TARGET_BYTES_MAX:
        raise TargetTooLong
    if _UNFIT_PERCENT.search(target):
        raise RequestRefused
    _require_path(target.partition(b"?")[0])
    return match[1]


def _require_path(path: bytes) -> None:
    # Normalised before anybody authorizes: a path that could be read as another has no answer.
    decoded = unquote_to_bytes(path)
    if b"%" in decoded or b"\\" in decoded or decoded.count(b"/") != path.count(b"/"):
        raise RequestRefused
    if path.startswith(b"//") or not {b".", b".."}.isdisjoint(decoded.split(b"/")):
        raise RequestRefused


def _require_framing(fields: dict[bytes, bytes]) -> bool:
    coding, length = fields.get(b"transfer-encoding"), fields.get(b"content-length")
    if coding is None and length is None:
        return False
    if coding is not None:
        # Both may smuggle (RFC 9112, section 6.1); any other coding nobody here could undo.
        if length is not None or coding.lower() != b"chunked":
            raise RequestRefused
        return True
    if length is None or _LENGTH.fullmatch(length) is None:
        raise RequestRefused
    return int(length) > 0
