"""uvicorn, asking for client certificates, with the peer's one shown to the application."""

import hashlib
import ssl
from base64 import urlsafe_b64encode

import uvicorn
from litestar import Litestar
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from benchmarks.naive.settings import NaiveSettings

THUMBPRINT = "naive.thumbprint"


class PeerProtocol(HttpToolsProtocol):
    """uvicorn's protocol; the certificate's thumbprint (RFC 8705) stands in each scope."""

    @override
    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        peer: ssl.SSLObject = self.transport.get_extra_info("ssl_object")
        der = peer.getpeercert(binary_form=True) or b""
        thumbprint = urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=")
        self.scope["state"] = {THUMBPRINT: thumbprint.decode()}


def serve(app: Litestar, settings: NaiveSettings) -> None:
    """Serve until SIGTERM."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=settings.port,
        http=PeerProtocol,
        loop="uvloop",
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        ssl_ca_certs=settings.client_authority,
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=2,
    )
