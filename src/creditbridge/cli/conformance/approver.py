"""The person whom CIBA asks, played: the suite says yes or no in their place, by one POST.

    POST /?auth_req_id=…&action=allow|deny

It signs in at the portal as the representative and decides on whatever waits there, page by page,
as a person would. The id is not looked at: the portal does not know it, and one test runs at a
time.
"""

import re
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from typing_extensions import override

from creditbridge.cli.conformance.browser import APPROVE, REFUSE
from creditbridge.cli.demo.stage import Stage

BUTTONS = {"allow": APPROVE, "deny": REFUSE}
OK, BAD_REQUEST, NOT_FOUND, BAD_GATEWAY = 200, 400, 404, 502
_WAITING = re.compile(r'href="(/portal/requests/[a-z0-9_]+)"')


def decide_waiting(stage: Stage, button: str) -> int:
    """Press the button on every request that waits in the portal; return how many there were.

    Raises:
        LookupError: a page without the button.
        OSError: the portal or the identity provider did not answer.
    """
    browser = stage.open_browser()
    paths = _WAITING.findall(stage.sign_in(browser).text)
    for path in paths:
        browser.submit(browser.open(stage.layout.people_url + path), button)
    return len(paths)


@contextmanager
def open_approver(
    decide: Callable[[str], int], pki: Path, address: tuple[str, int]
) -> Generator[None]:
    """Serve the approver on a thread of its own, over TLS, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        """One POST."""

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the ids of requests have no place in a log."""

        def do_POST(self) -> None:
            """Decide, and say how many requests there were."""
            action = parse_qs(urlsplit(self.path).query).get("action", [""])[-1]
            status, decided = _answer(decide, action)
            body = msgspec.json.encode({"decided": decided})
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(address, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "identity/server.pem", pki / "identity/server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(decide: Callable[[str], int], action: str) -> tuple[int, int]:
    if action not in BUTTONS:
        return BAD_REQUEST, 0
    try:
        decided = decide(BUTTONS[action])
    except (LookupError, OSError):
        return BAD_GATEWAY, 0
    return OK if decided else NOT_FOUND, decided
