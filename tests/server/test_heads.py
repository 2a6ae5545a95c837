"""Tests of what a request's head may look like."""

import pytest

from creditbridge.server.heads import (
    HeadTooLarge,
    RequestRefused,
    TargetTooLong,
    find_head_end,
    require_head,
)


def head(
    *lines: bytes, method: bytes = b"POST", target: bytes = b"/v1/x", version: bytes = b"HTTP/1.1"
) -> bytes:
    """Return a head with a host and the given lines."""
    first = b" ".join([method, target, version])
    return b"\r\n".join([first, b"Host: gateway.example", *lines, b"", b""])


@pytest.mark.parametrize(
    "good",
    [
        head(),
        head(method=b"GET"),
        head(b"Content-Length: 5"),
        head(b"Transfer-Encoding: chunked"),
        head(b"transfer-encoding:CHUNKED"),
        head(b"Content-Length: 0", method=b"GET"),
        head(b"Expect: 100-Continue"),
        head(b"X-Empty:", b"X-Tab:\ta", b"X-Latin: \xe4"),
        head(b"Signature: a=:AA==:", b"Signature: b=:AA==:"),
        head(target=b"/v1/x?a=1&b=[2]&c=%2e%2E%25"),
        head(target=b"/tile/0/x001/067.p/5"),
        head(target=b"/a%20b;c=1,d:@!$&'()*+=~-_."),
        b"GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8443\r\n\r\n",
    ],
)
def test_a_plain_head_passes(good: bytes) -> None:
    """What clients send."""
    assert find_head_end(good) == len(good)
    require_head(good)


@pytest.mark.parametrize(
    "bad",
    [
        # Framing.
        head(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        head(b"Content-Length: 5", b"Content-Length: 5"),
        head(b"Content-Length: 5", b"Content-Length: 6"),
        head(b"Content-Length: 5, 5"),
        head(b"Content-Length: +5"),
        head(b"Content-Length: -5"),
        head(b"Content-Length: 0x5"),
        head(b"Content-Length: 5 5"),
        head(b"Content-Length:"),
        head(b"Content-Length: \t5"),
        head(b"Content-Length: 9999999999999999"),
        head(b"Transfer-Encoding: xchunked"),
        head(b"Transfer-Encoding: chunked, identity"),
        head(b"Transfer-Encoding: identity"),
        head(b"Transfer-Encoding: gzip, chunked"),
        head(b"Transfer-Encoding:\tchunked"),
        head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
        head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        head(b"Content-Length: 5", method=b"GET"),
        head(b"Transfer-Encoding: chunked", method=b"HEAD"),
        # Lines.
        head(b"X-A : 1"),
        head(b" X-A: 1"),
        head(b"X-A: 1", b" folded"),
        head(b"X-A: 1", b"\tfolded"),
        head(b"X-A"),
        head(b": 1"),
        head(b"X-A: \x00"),
        head(b"X-A: \x7f"),
        head(b"X-A\x00: 1"),
        head(b"X(A): 1"),
        head(b"Host: other.example"),
        head(b"Authorization: Bearer a", b"authorization: Bearer b"),
        head(b"DPoP: a", b"DPoP: b"),
        head(b"Client-Cert: :AA==:", b"CLIENT-CERT: :AA==:"),
        head(b"Client-Cert-Chain: :AA==:", b"client-cert-chain: :AA==:"),
        head(b"Client-Cert: :" + b"A" * 16_380 + b":"),
        head(b"client-cert-chain: :" + b"A" * 16_380 + b":"),
        head(b"Content-Type: a/b", b"Content-Type: a/b"),
        head(b"Idempotency-Key: a", b"Idempotency-Key: a"),
        head(b"Expect: 200-maybe"),
        head(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: user@gateway.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: gateway.example/\r\n\r\n",
        # Request lines.
        head(version=b"HTTP/1.0"),
        head(version=b"HTTP/0.9"),
        head(version=b"HTTP/2.0"),
        head(version=b"http/1.1"),
        head(version=b"HTTP/1.1 "),
        head(version=b"HTTP/1.10"),
        head(method=b"get"),
        head(method=b"G\x00T"),
        head(method=b"X" * 33),
        head(method=b"CONNECT", target=b"gateway.example:443"),
        head(method=b"OPTIONS", target=b"*"),
        head(target=b"http://gateway.example/v1/x"),
        head(target=b"https://inner.example/v1/x"),
        head(target=b"v1/x"),
        head(target=b""),
        head(target=b"/a b"),
        head(target=b"/a\tb"),
        head(target=b"/a#b"),
        head(target=b"/a\\b"),
        head(target=b'/a"b'),
        head(target=b"/\xe4"),
        # Targets that could be read as others.
        head(target=b"//evil.example/x"),
        head(target=b"/v1/../admin"),
        head(target=b"/v1/./x"),
        head(target=b"/v1/%2e%2e/admin"),
        head(target=b"/v1/.%2E"),
        head(target=b"/v1%2fx"),
        head(target=b"/v1/%5cx"),
        head(target=b"/v1/%252e"),
        head(target=b"/v1/%00"),
        head(target=b"/v1/%0d%0aX:1"),
        head(target=b"/v1/x?a=%0D%0AX:1"),
        head(target=b"/v1/x?a=%00"),
        head(target=b"/v1/x?a=%7f"),
        head(target=b"/v1/%"),
        head(target=b"/v1/%2"),
        head(target=b"/v1/x?a=%zz"),
    ],
)
def test_an_ambiguous_head_is_refused(bad: bytes) -> None:
    """400 each: what two readers could read in two ways has no answer here."""
    assert find_head_end(bad) == len(bad)
    with pytest.raises(RequestRefused) as caught:
        require_head(bad)

    assert (caught.value.status, caught.value.code) == (400, "request-malformed")


@pytest.mark.parametrize(
    "bad",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\n",
        b"GET / HTTP/1.1\rHost: a",
        b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\r\n\r\n",
        b"\n",
    ],
)
def test_bare_line_ends_are_refused_as_soon_as_they_come(bad: bytes) -> None:
    """Without waiting for a head that may never end."""
    with pytest.raises(RequestRefused):
        find_head_end(bad)


def test_bare_line_ends_are_found_across_pieces() -> None:
    """The pieces meet between the two bytes."""
    piece = b"GET / HTTP/1.1\r"

    assert find_head_end(piece) is None
    assert find_head_end(piece + b"\nHost: a\r\n\r\n", checked=len(piece)) == 27
    with pytest.raises(RequestRefused):
        find_head_end(piece + b"Host: a", checked=len(piece))
    with pytest.raises(RequestRefused):
        find_head_end(b"GET / HTTP/1.1\n", checked=14)


def test_a_body_behind_the_head_is_not_looked_at() -> None:
    """A body may hold any bytes."""
    whole = head(b"Content-Length: 3")

    assert find_head_end(whole + b"\n\r\x00") == len(whole)


def test_the_target_passes_at_8192_bytes_and_not_beyond() -> None:
    """414, whole or still coming."""
    at_limit = b"/" + b"a" * 8_191
    require_head(head(target=at_limit))

    with pytest.raises(TargetTooLong) as caught:
        require_head(head(target=at_limit + b"a"))
    assert caught.value.status == 414
    with pytest.raises(TargetTooLong):
        find_head_end(b"GET /" + b"a" * 8_300)


def test_a_line_passes_at_16384_bytes_and_not_beyond() -> None:
    """431."""
    at_limit = b"X-A: " + b"a" * (16_384 - 5)
    require_head(head(at_limit))

    with pytest.raises(HeadTooLarge) as caught:
        require_head(head(at_limit + b"a"))
    assert caught.value.status == 431


def test_100_lines_pass_and_not_101() -> None:
    """431; the host is one of them."""
    require_head(head(*[b"X-A: 1"] * 99))

    with pytest.raises(HeadTooLarge):
        require_head(head(*[b"X-A: 1"] * 100))


def test_a_head_ends_at_32768_bytes() -> None:
    """431, also while it is still coming."""
    lines = [b"X-A: " + b"a" * 10_000] * 3
    missing = 32_768 - len(head(*lines, b"X-B: "))
    at_limit = head(*lines, b"X-B: " + b"a" * missing)
    assert find_head_end(at_limit) == 32_768
    require_head(at_limit)

    with pytest.raises(HeadTooLarge):
        find_head_end(head(*lines, b"X-B: " + b"a" * (missing + 1)))
    with pytest.raises(HeadTooLarge):
        find_head_end(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000)
