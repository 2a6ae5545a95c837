"""Memory by process: what a rollup says, and who cannot be asked."""

import os
from pathlib import Path

from benchmarks.memory import Memory, parse_rollup, read_memory

ROLLUP = """\
5559205f7000-7ffc4acc6000 ---p 00000000 00:00 0                          [rollup]
Rss:                1704 kB
Pss:                 137 kB
Shared_Clean:       1592 kB
Private_Clean:         8 kB
Private_Dirty:       112 kB
"""


def test_kilobytes_are_1024_bytes() -> None:
    """As proc(5) says; private is what is clean and what is dirty."""
    assert parse_rollup(ROLLUP) == Memory(proportional=137 * 1_024, private=120 * 1_024)


def test_a_process_that_ended_is_left_out(tmp_path: Path) -> None:
    """Whoever is gone takes no memory and is no error."""
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "smaps_rollup").write_text(ROLLUP)

    assert len(read_memory([42, 43], tmp_path)) == 1


def test_what_this_process_takes_is_seen() -> None:
    """An interpreter takes some megabytes, and no more than its share of what it sees."""
    (memory,) = read_memory([os.getpid()])

    assert memory.proportional >= memory.private > 1_000_000
