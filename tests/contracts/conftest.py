"""The contract, read once, and the house whose answers it is held against."""

from pathlib import Path

import msgspec
import pytest
from tests.endpoints.stage import Machine, Stage

from creditbridge.foundation.database import Database

CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.fixture(scope="session")
def contract() -> dict[str, object]:
    """The description of the doors (OpenAPI 3.1)."""
    raw = (CONTRACTS / "openapi.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=dict[str, object])


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> Stage:
    """The house, opened by two operators."""
    stage = Stage(database, tmp_path)
    await stage.open()
    return stage


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine of a bank, which signs."""
    return await stage.onboard("north")
