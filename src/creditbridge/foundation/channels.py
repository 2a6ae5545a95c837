"""Words that one process lets all others hear, over the database that they share anyway.

A word is heard if and when its transaction commits. It is a hint to look, never a fact to act on:
words are lost with a connection, so whoever listens also looks now and then.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from creditbridge.foundation.database import (
    UNAVAILABLE,
    Database,
    DatabaseUnavailable,
    Transaction,
)

NOTIFY = "SELECT pg_notify($1, $2)"


async def notify(tx: Transaction, channel: str, word: str) -> None:
    """Let every listener on a channel hear a word, if and when this transaction commits."""
    await tx.execute(NOTIFY, channel, word)


async def listen(database: Database, channel: str, heard: Callable[[], None]) -> None:
    """Call `heard` for every word on a channel, until the connection is lost.

    Raises:
        DatabaseUnavailable: it was lost, or none could be had.
    """
    lost = asyncio.Event()

    def hear(*_: object) -> None:
        """Pass a word on; whose it was and what it says matters to nobody."""
        heard()

    def lose(_: object) -> None:
        """Let the listening end with its connection."""
        lost.set()

    async with database.connection() as connection:
        connection.add_termination_listener(lose)
        try:
            await connection.add_listener(channel, hear)
            await lost.wait()
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(detail=f"{type(error).__name__}: {error}") from error
        finally:
            # It may be lent again, and must not call whoever went; a lost one calls nobody.
            with suppress(*UNAVAILABLE):
                connection.remove_termination_listener(lose)
                await connection.remove_listener(channel, hear)
    raise DatabaseUnavailable(detail="the listener's connection was lost")
