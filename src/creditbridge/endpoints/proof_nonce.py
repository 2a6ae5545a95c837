"""The nonce for the next proof (RFC 9449, section 8.2): with every answer to who sent a proof."""

from collections.abc import Awaitable, Callable

from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send

from creditbridge.foundation.clock import Clock
from creditbridge.protocols.dpop_nonce import ProofNonces

PROOF_HEADER = b"dpop"
NONCE_HEADER = b"dpop-nonce"


class OfferNonce:
    """ASGI middleware that gives a fresh nonce to whoever sends a proof, good or bad.

    With each answer and not with refusals alone: who uses the newest one is never turned back.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], nonces: ProofNonces, clock: Clock
    ) -> None:
        self.app, self.nonces, self.clock = app, nonces, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on, and add the nonce to its answer."""
        is_http = scope["type"] == ScopeType.HTTP
        if not is_http or all(name != PROOF_HEADER for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return

        async def _send_with_nonce(message: Message) -> None:
            if message["type"] == "http.response.start":
                nonce = self.nonces.make(now=self.clock.now()).encode("ascii")
                message["headers"] = [*message["headers"], (NONCE_HEADER, nonce)]
            await send(message)

        await self.app(scope, receive, _send_with_nonce)
