"""A client's own server, that publishes its keys; it fails as a test wants it to."""

import asyncio

import httpx
import msgspec

from creditbridge.foundation.http import Http, client_over
from creditbridge.protocols.rsa_jwk import JoseKey

ADDRESS = "https://keys.north.example/lending.json"


class Publisher:
    """Answers with `status` and the set of `keys`, or with `body`; `open_http` leads to it."""

    def __init__(self) -> None:
        self.keys: list[JoseKey] = []
        self.status = 200
        self.body: bytes | None = None
        self.requests: list[str] = []
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def open_http(self, address: str) -> Http:
        """Return a client of this server, whatever its address."""
        transport = httpx.MockTransport(self._answer)
        return client_over(transport, base_url=address, response_bytes_max=65_536)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url}")
        self.reached.set()
        await self.gate.wait()
        listed = msgspec.json.encode({"keys": [key.to_jwk() for key in self.keys]})
        headers = {"location": "https://elsewhere.example/"}
        return httpx.Response(
            self.status, content=listed if self.body is None else self.body, headers=headers
        )
