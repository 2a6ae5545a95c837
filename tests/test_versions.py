"""What may run beside us: no library under its floor, no banned module at all."""

from importlib.metadata import distributions, version
from importlib.util import find_spec

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

# Under these, known weaknesses come back.
FLOORS = {
    "authlib": "1.9",
    "cryptography": "50",
    "h11": "0.16.0",
    "httpx": "0.28",
    "jinja2": "3.1.6",
    "joserfc": "1.8",
    "litestar": "2.25",
    "msgspec": "0.22",
    "uvicorn": "0.54",
}
BANNED_MODULES = ["jwt", "jose", "gmssl", "httpx2"]
BANNED_DISTRIBUTIONS = {"pyjwt", "python-jose", "gmssl", "httpx2"}


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_installed_versions_reach_their_floors(name: str, floor: str) -> None:
    """Read from what is installed, not from what was asked for."""
    assert Version(version(name)) >= Version(floor)


def test_httpx_stays_on_the_line_that_respx_knows() -> None:
    """0.28.x, and no successor beside it."""
    assert version("httpx").startswith("0.28.")


@pytest.mark.parametrize("name", BANNED_MODULES)
def test_banned_modules_cannot_be_imported(name: str) -> None:
    """PyJWT, python-jose, gmssl and httpx2 are absent, whoever might have brought them."""
    assert find_spec(name) is None


def test_banned_distributions_are_not_installed() -> None:
    """Not under another module name either."""
    installed = {canonicalize_name(each.name) for each in distributions()}

    assert installed.isdisjoint(BANNED_DISTRIBUTIONS)
