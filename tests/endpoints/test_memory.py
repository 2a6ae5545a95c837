"""What the doors do not load: each worker would carry it."""

import subprocess
import sys

import pytest

LOADED = """
import sys
from creditbridge.endpoints.applications import _Framework
_Framework(route_handlers=[], openapi_config=None, logging_config=None)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("library", ["pydantic", "pydantic_core", "authlib", "creditsandbox"])
def test_a_worker_carries_nothing_that_it_does_not_use(library: str) -> None:
    """Also where it is installed, as it is here."""
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", LOADED], capture_output=True, check=True, text=True
    )

    assert "litestar" in done.stdout.split()
    assert library not in done.stdout.split()
