"""The import contracts bite: what must not be is planted in a copy of the house, and found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What is planted in which file, and the contract that must break.
PLANTED = {
    "Imports only go down": (
        "creditbridge/foundation/ids.py",
        "import creditbridge.consents.model\n",
    ),
    "Stores are private": (
        "creditbridge/journeys/sign_in.py",
        "import creditbridge.consents.store\n",
    ),
    "Pure: no disk, no network, no clock": (
        "creditbridge/consents/rules.py",
        "import time\n",
    ),
    "One door each: the network, mail, passkeys, retries, the database, the web": (
        "creditbridge/access/service.py",
        "import asyncpg\n",
    ),
    "The verifier trusts nobody": (
        "creditbridge/cli/verify.py",
        "import creditbridge.foundation.database\n",
    ),
    "The gateway never imports its sandbox": (
        "creditbridge/profile/merge.py",
        "import creditsandbox.province\n",
    ),
    "A dialect's schema knows no profile": (
        "creditbridge/platforms/provincial/schema/departments.py",
        "import creditbridge.profile.seal\n",
    ),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what import-linter says of a house with every fault at once, and a drawer."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for path, line in PLANTED.values():
        file = folder / "src" / path
        file.write_text(file.read_text() + line)
    (folder / "src" / "creditbridge" / "utils").mkdir()
    (folder / "src" / "creditbridge" / "utils" / "__init__.py").touch()
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_its_contract(report: str, contract: str) -> None:
    """Each contract names the import that it forbids."""
    assert f"{contract} BROKEN" in report


def test_an_unnamed_room_breaks_the_floors(report: str) -> None:
    """A drawer such as `utils/` stands on no floor."""
    assert "creditbridge.utils" in report
