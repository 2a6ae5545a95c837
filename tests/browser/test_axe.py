"""The rules of axe-core, which others wrote, over every page of a person's path.

`make test-browser` fetches it by a locked version where npm is installed; elsewhere these are
skipped.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.browser.person import Person, Screen, seat
from tests.browser.test_person import lodge
from tests.house.house import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """
async () => {
  const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run(document, {runOnly: standards});
  const told = (one) => `${one.id}: ${one.nodes.map((node) => node.target).join(" ")}`;
  return found.violations.map(told);
}
"""


@pytest.fixture
def axe() -> str:
    """The text of axe-core."""
    if not AXE.exists():
        pytest.skip("not run: axe-core is not here; `make test-browser` fetches it with npm")
    return AXE.read_text()


async def judge(person: Person, axe: str) -> list[str]:
    """Return what axe-core finds wrong with the page that is open."""
    # By the debugger and not by the page, whose policy lets no script in.
    await person.page.evaluate(axe)
    return list(await person.page.evaluate(RUN))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(
    browser: Browser, house: House, axe: str, language: str, screen: Screen, scheme: str
) -> None:
    """WCAG 2.2 A and AA and its best practices, on the six pages that matter most."""
    seen = Screen(width=screen.width, height=screen.height, scheme=scheme, scripts=True)
    consent_id = await lodge(house)
    target = f"/portal/consents/{consent_id}"
    async with seat(browser, house, language=language, screen=seen) as person:
        await person.open("/portal/sign-in")
        faults = await judge(person, axe)
        await person.sign_in("found")
        faults += await judge(person, axe)
        await person.open(target)
        faults += await judge(person, axe)
        await person.page.fill("#looks", "0")
        await person.page.click("#consent-approve")
        await person.page.wait_for_selector("[role=alert]")
        faults += await judge(person, axe)
        await person.open(target)
        await person.page.click("#consent-approve")
        await person.page.wait_for_selector("#notice")
        for path in (target, f"{target}/withdrawal", "/portal/consents/none"):
            await person.open(path)
            faults += await judge(person, axe)

    assert faults == []
