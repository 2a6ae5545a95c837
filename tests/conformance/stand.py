"""A stand that is up, as whoever sits at the suite sees it."""

import subprocess
import sys
from pathlib import Path

import msgspec
from tests.conformance.configured import Configuration

from creditbridge.cli.conformance.cast import list_redirect_uris
from creditbridge.cli.conformance.configuration import read_stand
from creditbridge.cli.conformance.options import ALIAS, SUITE_URL
from creditbridge.cli.demo.browser import Browser


class RunningStand:
    """The folder of a stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._printed: dict[str, bytes] = {}

    @property
    def authority(self) -> Path:
        """Whose certificates the doors show."""
        return self.folder / "pki" / "ca" / "doors.pem"

    def print_configuration(self, variant: str) -> bytes:
        """Return what `conformance-config` prints, in a process of its own, once each."""
        if variant not in self._printed:
            self._printed[variant] = self._run(variant)
        return self._printed[variant]

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

    def read_configuration(self, variant: str) -> Configuration:
        """Return what it prints, read."""
        return msgspec.json.decode(self.print_configuration(variant), type=Configuration)

    def _run(self, variant: str) -> bytes:
        words = ["conformance-config", "--variant", variant, "--folder", str(self.folder)]
        done = subprocess.run(
            [sys.executable, "-m", "creditbridge", *words], capture_output=True, check=True
        )
        return done.stdout
