"""Memory of processes, read from `/proc/<pid>/smaps_rollup`.

Proportional: a page that N processes share counts one Nth for each, so that the sum over workers is
what they take together.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

MEGABYTE = 1_000_000
KILOBYTE = 1_024


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """One process, in bytes: its proportional share (PSS), and what is its alone."""

    proportional: int
    private: int


def read_memory(processes: Iterable[int], proc: Path = Path("/proc")) -> list[Memory]:
    """Return the memory of each process that this one may look into."""
    found = list[Memory]()
    for process in processes:
        try:
            found.append(parse_rollup((proc / str(process) / "smaps_rollup").read_text()))
        except OSError:
            continue  # It ended, or it is another user's.
    return found


def parse_rollup(text: str) -> Memory:
    """Return what a rollup says (proc(5)): lines of a name and a number of kB, which are 1024."""
    sizes = dict[str, int]()
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * KILOBYTE
    return Memory(
        proportional=sizes["Pss"], private=sizes["Private_Clean"] + sizes["Private_Dirty"]
    )
