"""A stand that is up, as whoever sits at the suite sees it."""

import ssl
import subprocess
import sys
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from tests.conformance.configured import Configuration

from creditbridge.cli.conformance.cast import list_redirect_uris
from creditbridge.cli.conformance.configuration import read_stand
from creditbridge.cli.conformance.options import ALIAS, SUITE_URL
from creditbridge.cli.demo.browser import Browser

ANSWER_SECONDS = 10.0


class RunningStand:
    """The folder of a stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._printed: dict[str, bytes] = {}

    @property
    def authority(self) -> Path:
        """Whose certificates the doors show."""
        return self.folder / "pki" / "ca" / "doors.pem"

    def print_configuration(self, variant: str, *options: str) -> bytes:
        """Return what `conformance-config` prints, in a process of its own, once each."""
        words = " ".join([variant, *options])
        if words not in self._printed:
            self._printed[words] = self._run(variant, *options)
        return self._printed[words]

    @property
    def redirect_uri(self) -> str:
        """Where the suite takes the answers of its first client."""
        return list_redirect_uris(SUITE_URL, ALIAS)[0]

    def open_browser(self) -> Browser:
        """Return a person's browser, with no cookies yet."""
        stand, authorities = read_stand(self.folder), self.folder / "pki" / "ca"
        return Browser(
            {
                stand.people_url: authorities / "doors.pem",
                stand.identity_url: authorities / "identity.pem",
            }
        )

    def read_configuration(self, variant: str, *options: str) -> Configuration:
        """Return what it prints, read."""
        return msgspec.json.decode(self.print_configuration(variant, *options), type=Configuration)

    def decide(self, url: str) -> tuple[int, dict[str, int]]:
        """Call the approver, as the suite does, and return the status and what it says."""
        status, body = self._post(url)
        return status, msgspec.json.decode(body, type=dict[str, int])

    def visit(self, uscc: str, address: str) -> dict[str, str | None]:
        """Send the representative of an enterprise to an address, and return what is said."""
        log = (self.folder / "representatives.log").read_bytes()
        door = str(msgspec.json.decode(log, type=dict[str, object])["representatives"])
        asked = msgspec.json.encode({"uscc": uscc, "address": address})
        _, body = self._post(f"{door}/visits", asked)
        return msgspec.json.decode(body, type=dict[str, str | None])

    def _post(self, url: str, body: bytes = b"") -> tuple[int, bytes]:
        parts = urlsplit(url)
        authority = self.folder / "pki" / "ca" / "identity.pem"
        context = ssl.create_default_context(cafile=authority)
        connection = HTTPSConnection(parts.netloc, timeout=ANSWER_SECONDS, context=context)
        try:
            connection.request("POST", f"{parts.path}?{parts.query}", body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _run(self, variant: str, *options: str) -> bytes:
        words = ["conformance-config", "--folder", str(self.folder), "--variant", variant]
        done = subprocess.run(
            [sys.executable, "-m", "creditbridge", *words, *options],
            capture_output=True,
            check=True,
        )
        return done.stdout
