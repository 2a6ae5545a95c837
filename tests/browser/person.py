"""A person before a real browser: signs in, reads, presses, and has an eye for what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from playwright.async_api import Browser, Page
from tests.browser.checks import FAULTS
from tests.house.house import House
from typing_extensions import override

TELEPHONE_MAX = 600


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What a person looks at; in CSS pixels."""

    width: int
    height: int
    scheme: str = "light"
    scripts: bool = False

    @override
    def __str__(self) -> str:
        """Name it by its width."""
        return str(self.width)


class Person:
    """One person at one page; `name` is the page's own in `shoot`."""

    def __init__(self, page: Page, house: House, *, language: str, screen: Screen) -> None:
        self.page = page
        self.house = house
        self.language = language
        self.screen = screen

    async def sign_in(self, login_name: str) -> None:
        """Come in through the identity provider, to the list of consents."""
        await self.open("/portal/sign-in")
        await self.page.click("#sign-in")
        await self.page.fill("#login-name", login_name)
        await self.page.fill("#login-password", f"{login_name}-pass")
        await self.page.click("#login-submit")
        await self.page.wait_for_selector("#sign-out")

    async def open(self, path: str) -> None:
        """Open an address of the portal in the person's language."""
        joint = "&" if "?" in path else "?"
        address = f"{self.house.layout.people_url}{path}{joint}language={self.language}"
        await self.page.goto(address)

    async def list_faults(self) -> list[str]:
        """Return what is wrong with the page for somebody: each a sentence; see `checks`."""
        return list(await self.page.evaluate(FAULTS))

    async def shoot(self, folder: Path, name: str) -> None:
        """Take a picture of the whole page."""
        scheme = "-dark" if self.screen.scheme == "dark" else ""
        file = folder / f"{name}-{self.language}-{self.screen.width}{scheme}.png"
        await self.page.screenshot(path=file, full_page=True)

    async def look(self, folder: Path, name: str) -> list[str]:
        """Take a picture and return what is wrong with the page, each fault with its name."""
        await self.shoot(folder, name)
        return [f"{name}: {fault}" for fault in await self.list_faults()]


@asynccontextmanager
async def seat(
    browser: Browser, house: House, *, language: str, screen: Screen
) -> AsyncIterator[Person]:
    """Seat a person before a fresh window, without a script unless the screen says so."""
    context = await browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=2 if screen.width < TELEPHONE_MAX else 1,
        color_scheme="dark" if screen.scheme == "dark" else "light",
        locale=language,
        java_script_enabled=screen.scripts,
        # The house's throw-away authorities are none of the browser's.
        ignore_https_errors=True,
    )
    try:
        yield Person(await context.new_page(), house, language=language, screen=screen)
    finally:
        await context.close()
