"""Words over the database: heard when they commit, for as long as the connection stands."""

import asyncio

import pytest

from creditbridge.foundation.channels import listen, notify
from creditbridge.foundation.database import Database, DatabaseUnavailable

TERMINATE_LISTENERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN%'
"""


async def hear_one(database: Database, words: "list[str]", heard: asyncio.Event) -> None:
    """Speak on the channel until somebody has heard it: the listener may not have begun."""
    while not heard.is_set():
        async with database.transaction() as tx:
            for word in words:
                await notify(tx, "things", word)
        await asyncio.sleep(0)


async def test_a_listener_hears_what_commits_until_its_connection_is_lost(
    database: Database,
) -> None:
    """What is undone is never heard; the loss of the connection is told."""
    heard = asyncio.Event()
    listening = asyncio.create_task(listen(database, "things", heard.set))

    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            await notify(tx, "things", "undone")
            raise RuntimeError
    async with asyncio.timeout(10):
        await hear_one(database, ["done"], heard)
    async with database.transaction() as tx:
        assert await tx.fetch_value(int, TERMINATE_LISTENERS) == 1

    with pytest.raises(DatabaseUnavailable):
        await listening


async def test_a_listener_that_went_is_called_no_more(database: Database) -> None:
    """Its connection goes back to the pool as it was."""
    heard = asyncio.Event()
    listening = asyncio.create_task(listen(database, "things", heard.set))
    async with asyncio.timeout(10):
        await hear_one(database, ["done"], heard)

    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    heard.clear()
    async with database.transaction() as tx:
        await notify(tx, "things", "nobody listens")
    for _ in range(3):
        # A round trip, on whichever connection comes first.
        async with database.transaction():
            pass

    assert not heard.is_set()


async def test_a_house_that_is_gone_has_no_listeners(database: Database) -> None:
    """Who cannot listen is told, and tries again."""
    await database.close()

    with pytest.raises(DatabaseUnavailable):
        await listen(database, "things", lambda: None)
