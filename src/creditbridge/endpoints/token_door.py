"""Token requests are answered before the framework, whose way to a handler costs as much again.

A token is asked for more often than anything else, and needs no routing, no injection and no
conversion. Whatever is not the plain case goes on to the framework, which answers it alike.
"""

from collections.abc import Awaitable, Callable

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from creditbridge.access.metadata import TOKEN_PATH
from creditbridge.endpoints.authorization import answer_token
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import House

METHOD = "POST"
LENGTH_HEADER = b"content-length"


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
        request: HttpRequest = Request(scope, receive, send)
        try:
            answer = await answer_token(request, body, self.house)
        except Exception as error:  # noqa: BLE001 - the edge: the net that the framework spreads
            answer = self.answer(request, error)
        await _send(answer, send)

    def _is_plain(self, scope: Scope) -> bool:
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


async def _send(answer: Response[bytes], send: Send) -> None:
    headers = [
        (name.encode("ascii"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    body = answer.content
    named = {name for name, _ in headers}
    if b"content-type" not in named:
        headers.append((b"content-type", str(answer.media_type).encode("ascii")))
    headers.append((LENGTH_HEADER, str(len(body)).encode("ascii")))
    await send(
        {"type": "http.response.start", "status": answer.status_code or 200, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
