"""A house of its own for what is killed: its log grows by thousands of entries."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.house import House, open_house

RUN_VARIABLE = "CREDITBRIDGE_TEST_RUN"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The whole house as processes, ended with the last crash."""
    with open_house(Path(os.environ[RUN_VARIABLE])) as house:
        yield house
