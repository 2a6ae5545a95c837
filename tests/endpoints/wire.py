"""One HTTP request to an ASGI application, as the server hands it over, certificate included."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

import msgspec

Headers: TypeAlias = tuple[tuple[str, str], ...]
Mapping: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Mapping]]
Send: TypeAlias = Callable[[Mapping], Awaitable[None]]
Application: TypeAlias = Callable[..., Awaitable[None]]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; header names in lower case, repeated ones repeated."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return the one header of this name."""
        (value,) = (value for known, value in self.headers if known == name)
        return value

    def list_headers(self, name: str) -> list[str]:
        """Return every header of this name."""
        return [value for known, value in self.headers if known == name]

    @property
    def json(self) -> dict[str, object]:
        """The members of the body."""
        return msgspec.json.decode(self.body, type=dict[str, object])

    @property
    def code(self) -> object:
        """The code of the problem that the answer is (RFC 9457)."""
        assert self.header("content-type") == "application/problem+json"
        assert self.json["status"] == self.status
        return self.json["code"]


async def send(
    app: Application,
    method: str,
    target: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    certificate: bytes | None = None,
) -> Answer:
    """Send one request and return the whole answer."""
    path, _, query = target.partition("?")
    scope: Mapping = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "root_path": "",
        "query_string": query.encode("latin-1"),
        "headers": [
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers),
            (b"content-length", str(len(body)).encode()),
        ],
        "server": ("127.0.0.1", 8443),
        "client": ("127.0.0.1", 50_000),
        "state": {},
        "extensions": {"tls": {"client_certificate": certificate}},
    }
    sent: list[Mapping] = []
    incoming: list[Mapping] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Mapping:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def take(message: Mapping) -> None:
        sent.append(message)

    await app(scope, receive, take)
    return _read(sent)


class Start(msgspec.Struct, frozen=True):
    """The first message of an answer."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Part(msgspec.Struct, frozen=True):
    """Each later one."""

    body: bytes = b""


def _read(sent: Sequence[Mapping]) -> Answer:
    start = msgspec.convert(dict(sent[0]), Start)
    return Answer(
        status=start.status,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in start.headers
        ),
        body=b"".join(msgspec.convert(dict(part), Part).body for part in sent[1:]),
    )
