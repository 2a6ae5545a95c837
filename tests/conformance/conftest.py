"""A stand that is up, for all tests of this folder."""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.conformance.stand import RunningStand
from tests.conftest import RUN_VARIABLE
from tests.house.crew import Started, wait_until

RECIPE = Path(__file__).parents[2] / "certs_example" / "make.py"


@pytest.fixture(scope="session")
def stand() -> Generator[RunningStand]:
    """`serve --conformance`, ended behind the tests."""
    # In the run's own folder: another run of pytest closes the way to its folders of tests, and
    # the database may not be run as root.
    parent = Path(tempfile.mkdtemp(prefix="conformance-", dir=os.environ[RUN_VARIABLE]))
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
