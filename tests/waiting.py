"""Waiting for what is seen to happen, on a machine of any speed."""

import asyncio
from collections.abc import Callable

# No test lasts as long; what has not happened by then never will.
PATIENCE_SECONDS = 60.0


async def eventually(happened: Callable[[], bool]) -> None:
    """Wait until something is seen to have happened.

    Raises:
        TimeoutError: it never did.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened():  # noqa: ASYNC110 -- seen from outside only
            await asyncio.sleep(0.01)
