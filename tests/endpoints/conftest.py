"""The house behind its doors, opened, with one bank or two."""

from pathlib import Path

import pytest
from tests.endpoints.stage import Machine, Stage

from creditbridge.foundation.database import Database


@pytest.fixture
def closed_stage(database: Database, tmp_path: Path) -> Stage:
    """The house before its first two operators."""
    return Stage(database, tmp_path)


@pytest.fixture
async def stage(closed_stage: Stage) -> Stage:
    """The house, opened by two operators."""
    await closed_stage.open()
    return closed_stage


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine of a bank, which signs."""
    return await stage.onboard("north")


@pytest.fixture
async def south(stage: Stage) -> Machine:
    """A machine of another bank."""
    return await stage.onboard("south")


@pytest.fixture
async def consent_id(stage: Stage, north: Machine) -> str:
    """A live consent to the first bank."""
    return await stage.give_consent(north)
