"""The bank door's self-signed client certificates, as the registry has them (RFC 8705, 2.2).

TLS is to take such a certificate without a chain, so it is an anchor of its own. A context of
Python's forgets no anchor: each handshake is verified in the context of the moment, which is made
anew when the registry changes. Whose certificate it is, the application asks for each request.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import TypeAlias

from cryptography import x509

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import get_logger
from creditbridge.protocols.distinguished_name import fold_name
from creditbridge.protocols.self_signed import SelfSignedUnfit, read_self_signed
from creditbridge.server.tls import DoorMisconfigured, accept_certificates

log = get_logger("certificates")

LOOK_SECONDS = 1.0
RETRY_SECONDS = 5.0

# Returns what is registered now, by thumbprints: DER, or None for what was known.
ReadRegistry: TypeAlias = Callable[[Collection[str]], Awaitable[Mapping[str, bytes | None]]]


class OwnCertificates:
    """The self-signed certificates that open the bank door of one process.

    `context` is the door's; `make` returns one that trusts the client authorities alone.
    """

    def __init__(
        self, make: Callable[[], ssl.SSLContext], authority_file: Path, read: ReadRegistry
    ) -> None:
        """Trust no self-signed certificate yet.

        Raises:
            DoorMisconfigured: `make` does, or the client authorities cannot be read.
        """
        self._make = make
        self._read = read
        self._authorities = _names_in(authority_file)
        self._held: Mapping[str, bytes] = {}  # Nothing for one that is not to be trusted.
        self._current = self.context = make()
        # Here and not with the certificates: a connection keeps the flags that it began with. Only
        # so is a certificate recognized by itself, whatever others have its name.
        self.context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # Called in each handshake, whether or not the client names a server (RFC 6066, section 3).
        self.context.sni_callback = self._hand_over

    async def watch(self) -> None:
        """Follow the registry, for ever; what cannot be read now changes nothing."""
        while True:
            try:
                await self.look()
            except CreditbridgeError as error:
                log.warning("certificates.not_read", code=error.code, detail=error.detail)
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Trust from the next handshake on what the registry has now, and nothing else.

        Raises:
            DatabaseUnavailable: the registry does not answer.
            DoorMisconfigured: the door's own files cannot be read any more.
        """
        found = await self._read(self._held.keys())
        if found.keys() == self._held.keys():
            return
        held = {
            name: self._held[name] if der is None else self._take(name, der)
            for name, der in found.items()
        }
        fresh = self._make()
        accept_certificates(fresh, filter(None, held.values()))
        self._current, self._held = fresh, held

    def _hand_over(
        self, connection: ssl.SSLObject, _server_name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = self._current

    def _take(self, thumbprint: str, der: bytes) -> bytes:
        """Return what to trust of a certificate that is new here: itself, or nothing."""
        # Registration looked at all of it. But one wrong row could let anybody in as anybody.
        try:
            self._require_fit(der)
        except SelfSignedUnfit as error:
            log.warning("certificates.unfit", thumbprint=thumbprint, detail=error.detail)
            return b""
        return der

    def _require_fit(self, der: bytes) -> None:
        read_self_signed(der)
        # TLS would look here for the issuer of that authority's certificates.
        if fold_name(x509.load_der_x509_certificate(der).subject) in self._authorities:
            raise SelfSignedUnfit(detail="an authority's name")


def _names_in(authority_file: Path) -> frozenset[str]:
    try:
        found = x509.load_pem_x509_certificates(authority_file.read_bytes())
    except (OSError, ValueError) as error:
        raise DoorMisconfigured(detail=f"{authority_file}: no CA certificates") from error
    return frozenset(fold_name(one.subject) for one in found)
