"""Tests of what the collector is spared, in a process of its own: it would change this one."""

import subprocess
import sys

PROGRAM = """
import asyncio, gc
from creditbridge.server.collector import spare_the_program
from creditbridge.server.run import Lifecycle

async def main():
    lifecycle = Lifecycle()
    sparing = asyncio.create_task(spare_the_program(lifecycle))
    await asyncio.sleep(0)
    print(gc.get_freeze_count(), gc.get_threshold()[0] > 700)
    lifecycle.serve({})
    await sparing
    print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0])

asyncio.run(main())
"""


def test_the_program_is_spared_once_the_doors_are_open() -> None:
    """Nothing before that: what a start leaves behind is collected first."""
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True
    )

    assert done.stdout.splitlines() == ["0 False", "True 20000"]
