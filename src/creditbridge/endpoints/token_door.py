"""Token requests are answered before the framework, whose way to a handler costs as much again.

A token is asked for more often than anything else, and needs no routing, no injection and no
conversion. Whatever is not the plain case goes on to the framework, which answers it alike.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeGuard

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send

from creditbridge.access.metadata import TOKEN_PATH
from creditbridge.endpoints.authorization import answer_token
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import House
from creditbridge.endpoints.oauth_form import MEDIA_TYPE

METHOD = "POST"
LENGTH_HEADER = b"content-length"
TYPE_HEADER = b"content-type"
JSON_HEADER = (TYPE_HEADER, MEDIA_TYPE.encode("ascii"))


class Plain(NamedTuple):
    """An exchange as the door hands it on: the framework's request costs more than the rest."""

    scope: HTTPScope


class TokenDoor:
    """ASGI middleware in front of the framework.

    `answer` answers errors that are none of OAuth's; a body is at most `bytes_max` long.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        house: House,
        answer: Callable[[HttpRequest, Exception], Response[bytes]],
        *,
        bytes_max: int,
    ) -> None:
        self.app, self.house, self.answer, self.bytes_max = app, house, answer, bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a token request, or pass the exchange on."""
        if not self._is_plain(scope):
            await self.app(scope, receive, send)
            return
        if (body := await _read_body(receive)) is None:
            return
        try:
            answer = await answer_token(Plain(scope), body, self.house)
        except Exception as error:  # noqa: BLE001 - the edge: the net that the framework spreads
            request: HttpRequest = Request(scope, receive, send)
            told = self.answer(request, error)
            await _send(told.status_code or 200, _headers_of(told), told.content, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await _send(answer.status, [JSON_HEADER, *headers], answer.body, send)

    def _is_plain(self, scope: Scope) -> TypeGuard[HTTPScope]:
        if scope["type"] != ScopeType.HTTP:
            return False
        if scope["path"] != TOKEN_PATH or scope["method"] != METHOD:
            return False
        # The door has looked at it: it is there once at most, and a number.
        lengths = [value for name, value in scope["headers"] if name == LENGTH_HEADER]
        return len(lengths) == 1 and int(lengths[0]) <= self.bytes_max


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body; None where the caller left before it was here."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if not message["more_body"]:
            return body


def _headers_of(told: Response[bytes]) -> list[tuple[bytes, bytes]]:
    headers = [
        (name.encode("ascii"), value.encode("latin-1")) for name, value in told.headers.items()
    ]
    if TYPE_HEADER not in {name for name, _ in headers}:
        headers.append((TYPE_HEADER, str(told.media_type).encode("ascii")))
    return headers


async def _send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    headers.append((LENGTH_HEADER, str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
