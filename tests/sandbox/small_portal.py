"""A portal in small, with its identity provider: pages that a test writes, over TLS."""

import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl

from typing_extensions import override

from creditsandbox.representatives.settings import RepresentativesSettings

HOME, WAY_IN, SIGN_IN = "/portal/consents", "/portal/sign-in", "/portal/sign-in/start"
LOG_IN = """<form method="post" action="/login"><input name="state" type="hidden" value="s">
<input name="login_name"><input name="password" type="password">
<button id="login-submit" type="submit"></button></form>"""
LIST = '<ul><li class="card card-{part}"><h3><a href="/portal/consents/{name}">x</a></h3></li></ul>'
REQUEST = """<form method="post" action="/portal/consents/{name}/decision">
<input type="hidden" name="version" value="1">
<input type="checkbox" name="see_REG" value="yes" checked>
<input type="text" name="reason" value="">
<button id="consent-approve" name="decision" value="approve"></button>
<button id="consent-cancel" name="decision" value="refuse"></button></form>"""


class Pki(Protocol):
    """The authority of the root `conftest`."""

    ca_file: Path

    def issue(self, name: str) -> tuple[Path, Path]:
        """Return the certificate file and the key file of a server."""
        ...


class SmallPortal:
    """Answers `pages`, a status and a text each, to those with a session; keeps what came."""

    def __init__(self, pki: Pki) -> None:
        self.pages: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.sent: dict[str, dict[str, str]] = {}
        self.has_session = False
        self._pki = pki
        self._address = ("127.0.0.1", 0)
        with self.serve():
            pass

    @property
    def url(self) -> str:
        """Where it stands, whether or not it answers."""
        return f"https://127.0.0.1:{self._address[1]}"

    def settings(self, *, poll_seconds: float = 0.05) -> RepresentativesSettings:
        """Return what representatives must be told to come here."""
        certificate, key = self._pki.issue("visits")
        return RepresentativesSettings(
            port=0,
            certificate_file=certificate,
            private_key_file=key,
            portal=self.url,
            portal_ca_file=self._pki.ca_file,
            issuer=self.url,
            issuer_ca_file=self._pki.ca_file,
            poll_seconds=poll_seconds,
            pause_seconds=5.0,
        )

    @contextmanager
    def serve(self) -> Generator[None]:
        """Answer until the block ends; again at the same port the next time."""
        portal = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """Show a page."""
                self._say(*portal.show(self.path))

            def do_POST(self) -> None:
                """Take a form."""
                raw = self.rfile.read(int(self.headers["content-length"])).decode()
                portal.sent[self.path] = dict(parse_qsl(raw, keep_blank_values=True))
                self._say(*portal.take(self.path))

            def _say(self, status: int, html: str) -> None:
                body = html.encode()
                self.send_response(status)
                if status == 303:
                    self.send_header("location", html)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        server = ThreadingHTTPServer(self._address, Handler)
        self._address = ("127.0.0.1", server.server_address[1])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._pki.issue("portal"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def show(self, path: str) -> tuple[int, str]:
        """Return a page; without a session the portal leads to the log-in."""
        self.asked.append(f"GET {path}")
        if path == SIGN_IN:
            return 303, "/login"
        if path == "/login":
            return 200, LOG_IN
        if not self.has_session:
            return (200, "") if path == WAY_IN else (303, WAY_IN)
        return self.pages.get(path, (404, ""))

    def take(self, path: str) -> tuple[int, str]:
        """Return where a form leads: from the log-in home, from anywhere else as `pages` says."""
        self.asked.append(f"POST {path}")
        if path == "/login":
            self.has_session = True
            return 303, HOME
        return self.pages.get(path, (303, HOME))
