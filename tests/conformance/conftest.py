"""A stand that is up, for all tests of this folder."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.conformance.stand import RunningStand
from tests.house.crew import Started, wait_until

RECIPE = Path(__file__).parents[2] / "certs_example" / "make.py"


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningStand]:
    """`serve --conformance`, ended behind the tests."""
    parent = tmp_path_factory.mktemp("conformance")
    log = parent / "stand.log"
    process = Started(
        log,
        *("creditbridge", "serve", "--conformance", "--first-port", "0"),
        *("--folder", str(parent / "stand"), "--recipe", str(RECIPE)),
    )
    try:
        wait_until(lambda: not process.is_running or "ready" in log.read_text())
        process.require_running()
        yield RunningStand(parent / "stand")
    finally:
        process.terminate()
        process.wait()
