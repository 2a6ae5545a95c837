"""The whole benchmark, short: real processes, real TLS, real databases."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 300
TABLES = (
    "CPU per report",
    "For information",
    "Unavoidable parts",
    "One fixed request",
    "CPU per token",
    "Tokens per CPU-second",
    "From the click to silence",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may reach; the test runner's may be closed to it."""
    with tempfile.TemporaryDirectory(prefix="creditbridge-bench-") as name:
        yield Path(name) / "bench"


def test_a_quick_run_measures_both_sides_without_a_failure(folder: Path) -> None:
    """Every report of both sides is delivered, every token recorded, and every table is there."""
    done = subprocess.run(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "benchmarks", "--quick", "--folder", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("120 / 0") == 2
    for table in TABLES:
        assert table in done.stdout
    assert not folder.exists()
