"""A province of a hundred thousand starts at once and stays small: nothing is drawn early."""

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

# In a process of its own, whose memory is nobody else's: the start, then three thousand files.
WALK = """
import time
began = time.perf_counter()
from datetime import date
from pathlib import Path
from creditsandbox.province.entities import draw_entity
from creditsandbox.province.population import SEED, Province
province = Province(size=100_000)
found = province.find_enterprise(draw_entity(SEED, 99_999).uscc, on=date(2026, 11, 21))
started = time.perf_counter() - began
for index in range(0, 100_000, 33):
    province.find_enterprise(draw_entity(SEED, index).uscc, on=date(2026, 11, 21))
# Its own high-water mark (proc(5)): that of `getrusage` begins with the process that forked it.
status = Path("/proc/self/status").read_text()
megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(f'{{"found": {found is not None:d}, "start_seconds": {started}, "megabytes": {megabytes}}}')
"""
START_SECONDS_MAX = 10
MEGABYTES_MAX = 300


class Walked(msgspec.Struct, frozen=True):
    """What the walk measured."""

    found: int
    start_seconds: float
    megabytes: float


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_a_hundred_thousand_start_below_ten_seconds_and_300_megabytes() -> None:
    """The last entity's file is there within 10 s; with 3,000 files all stays below 300 MB."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WALK, stdout=asyncio.subprocess.PIPE
    )
    written, _ = await process.communicate()
    walked = msgspec.json.decode(written, type=Walked)

    assert walked.found
    assert walked.start_seconds < START_SECONDS_MAX
    assert walked.megabytes < MEGABYTES_MAX
