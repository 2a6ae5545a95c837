"""One keep-alive connection of a bank, TLS 1.3 with its certificate; as little Python as can be."""

import asyncio
import ssl
from types import TracebackType
from typing import Self

from benchmarks.load.order import Target

HEAD_BYTES_MAX = 65_536
_LENGTH = b"\r\ncontent-length:"
_STATUS = slice(9, 12)


def make_context(target: Target) -> ssl.SSLContext:
    """Return TLS 1.3 with the bank's certificate, believing the target's authority alone."""
    context = ssl.create_default_context(cafile=target.authority_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(target.certificate_file, target.key_file)
    return context


class BankConnection:
    """A connection, opened when the block begins; one request at a time."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the streams, shaking hands where there are none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, ssl=self._context, limit=HEAD_BYTES_MAX
            )
        return self._streams

    async def send(self, message: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer; the next request goes over the same connection.

        Raises:
            OSError, EOFError: the connection broke; the next request opens another.
        """
        try:
            reader, writer = await self.open()
            writer.write(message)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            start = head.find(_LENGTH) + len(_LENGTH)
            length = int(head[start : head.index(b"\r\n", start)])
            return int(head[_STATUS]), await reader.readexactly(length)
        except (OSError, EOFError):
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        """Shake hands."""
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()
