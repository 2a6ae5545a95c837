"""A coroutine that is walked from one suspension to the next, with something done in between."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")


async def walk(
    walked: Coroutine[object, None, T], between: Callable[[int], Awaitable[object]]
) -> T:
    """Run a coroutine in the present task; at its n-th suspension, from 1, wait for `between(n)`.

    What it waits for goes on meanwhile, as on any busy machine; only the coroutine itself stands
    still. Whoever cancels the task cancels the coroutine, once `between` has returned.
    """
    step, fault = 0, False
    while True:
        try:
            waited = walked.throw(asyncio.CancelledError) if fault else walked.send(None)
        except StopIteration as end:
            result: T = end.value
            return result
        step += 1
        fault = await _stand_still(between(step), waited)


async def _stand_still(work: Awaitable[object], waited: object) -> bool:
    """Wait for the work, then for what the coroutine waits for; tell whether it was cancelled."""
    doing, was_cancelled = asyncio.ensure_future(work), False
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError:
            was_cancelled = True
    doing.result()
    if not isinstance(waited, asyncio.Future):
        # A coroutine that only lets others run waits for nothing.
        await asyncio.sleep(0)
        return was_cancelled
    # As a task does it: what it waits for is cancelled first, and tells the coroutine itself.
    if was_cancelled and not waited.cancel():
        return True
    while not waited.done():
        try:
            await asyncio.wait([waited])
        except asyncio.CancelledError:
            if not waited.cancel():
                return True
    return False
