"""A TLS connection on which a test sends bytes as it likes."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS


async def exchange_raw(port: int, pki: Path, raw: bytes, *, client: str | None = "north") -> bytes:
    """Send bytes and return everything that comes back until the server closes."""
    async with connected(port, pki, client=client) as (reader, writer):
        writer.write(raw)
        await writer.drain()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await reader.read()
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def connected(
    port: int, pki: Path, *, client: str | None = "north"
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to a door, with a bank's certificate or none."""
    context = ssl.create_default_context(cafile=pki / "ca" / "doors.pem")
    if client is not None:
        folder = pki / "banks" / client
        context.load_cert_chain(folder / "client.pem", folder / "client.key")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="127.0.0.1"
    )
    try:
        yield reader, writer
    finally:
        # At once, and seen to be gone: what lingers would be found in a later test.
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


def statuses_in(received: bytes) -> list[int]:
    """Return the status of every answer in what came back."""
    lines = [line for line in received.split(b"\r\n") if b"HTTP/1.1 " in line]
    return [int(line.partition(b"HTTP/1.1 ")[2][:3]) for line in lines]
