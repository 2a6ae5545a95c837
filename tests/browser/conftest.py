"""A real Chromium, and people who use it. Run by `make test-browser`, never by `make test`."""

import hashlib
import os
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, async_playwright
from tests.browser.person import Screen
from tests.conftest import RUN_VARIABLE
from tests.house.house import House, open_house

from creditbridge.cli.demo.layout import Place

WAY = (
    "no Chromium here: install one (Debian: apt-get install chromium fonts-noto-cjk) "
    "or name it in CHROMIUM"
)
DOORS = ("gateway/people-door.pem", "identity/server.pem")
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"


def pin_key(certificate: Path) -> str:
    """Return the digest of a certificate's key, as Chromium takes it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(hashlib.sha256(spki).digest()).decode("ascii")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; without one the run fails, for who asked for it wants to know."""
    named = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if named is None or not Path(named).exists():
        pytest.fail(WAY)
    return Path(named)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The whole house under a name, for no passkey is made for an address (WebAuthn, 5.1.3)."""
    with open_house(Path(os.environ[RUN_VARIABLE]), Place(host="localhost")) as house:
        yield house


@pytest.fixture
async def browser(chromium: Path, house: House) -> AsyncIterator[Browser]:
    """The browser, started for one test."""
    # By key and not by a blind eye to certificates: over a broken connection it signs nothing.
    trusted = ",".join(pin_key(house.pki / path) for path in DOORS)
    arguments = [f"--ignore-certificate-errors-spki-list={trusted}"]
    # Its own sandbox cannot be had as root, where containers run tests.
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        await started.close()


@pytest.fixture
def screenshots() -> Path:
    """Where pictures of the pages go, named by page, language and width."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture(params=["zh-CN", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Both languages."""
    return str(request.param)


@pytest.fixture(params=[Screen(width=390, height=844), Screen(width=1280, height=900)], ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    """A telephone and a desk."""
    screen: Screen = request.param
    return screen
