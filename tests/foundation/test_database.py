"""Tests of the database seam."""

from creditbridge.foundation.database import Database
import pytest

@pytest.mark.parametrize("n", range(40))
async def test_a(database: Database, n: int) -> None:
    async with database.transaction() as tx:
        assert tx.now
