"""A real Chromium, and people who use it. Run by `make test-browser`, never by `make test`."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright
from tests.browser.person import Screen

WAY = (
    "no Chromium here: install one (Debian: apt-get install chromium fonts-noto-cjk) "
    "or name it in CHROMIUM"
)
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; without one the run fails, for who asked for it wants to know."""
    named = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if named is None or not Path(named).exists():
        pytest.fail(WAY)
    return Path(named)


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """The browser, started for one test."""
    # Its own sandbox cannot be had as root, where containers run tests.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
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
