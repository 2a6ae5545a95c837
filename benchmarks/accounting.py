"""CPU time by role, read from `/proc/<pid>/stat`: user and system, whole process trees.

A tree is a process that somebody started, all its living descendants, and what those cost that
have ended and were waited for. A PostgreSQL cluster is one tree under its postmaster, so that
backends, writers and vacuum count, whether they still run or not.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One process at one instant; times in ticks, those of waited-for children included."""

    process: int
    parent: int
    ticks: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """CPU seconds by role since each process began; the difference of two is what was spent."""

    seconds: Mapping[str, float]

    def since(self, earlier: "Reading") -> Mapping[str, float]:
        """Return the seconds spent by each role since an earlier reading."""
        return {role: self.seconds[role] - earlier.seconds[role] for role in self.seconds}


def read_cpu(roles: Mapping[str, Iterable[int]]) -> Reading:
    """Return the CPU seconds of each role, which names the roots of its process trees."""
    samples = read_samples()
    return Reading(
        seconds={role: add_up(samples, roots) / TICKS_PER_SECOND for role, roots in roles.items()}
    )


def read_samples(proc: Path = Path("/proc")) -> list[Sample]:
    """Return every process of this machine that can be read at this moment."""
    found = list[Sample]()
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                found.append(parse_stat((folder / "stat").read_text(errors="replace")))
            except OSError:
                continue  # It ended while we read; its time is with its parent now.
    return found


def parse_stat(text: str) -> Sample:
    """Return what one line of `/proc/<pid>/stat` says, as in proc(5).

    The name stands in parentheses and may hold spaces and parentheses itself.
    """
    number, _, rest = text.partition(" ")
    fields = rest.rpartition(")")[2].split()
    # After the name: state, ppid, then from the 12th on utime, stime, cutime, cstime.
    return Sample(
        process=int(number), parent=int(fields[1]), ticks=sum(int(each) for each in fields[11:15])
    )


def add_up(samples: Iterable[Sample], roots: Iterable[int]) -> int:
    """Return the ticks of the trees under these roots; a root within another counts once."""
    return sum(sample.ticks for sample in find_trees(samples, roots))


def find_busiest(samples: Iterable[Sample], roots: Iterable[int], count: int) -> list[int]:
    """Return the processes of the trees that have cost most, so many of them, the dearest first."""
    trees = sorted(find_trees(samples, roots), key=lambda one: one.ticks, reverse=True)
    return [sample.process for sample in trees[:count]]


def find_trees(samples: Iterable[Sample], roots: Iterable[int]) -> list[Sample]:
    """Return every process of the trees under these roots, once."""
    by_parent = dict[int, list[Sample]]()
    by_process = dict[int, Sample]()
    for sample in samples:
        by_parent.setdefault(sample.parent, []).append(sample)
        by_process[sample.process] = sample
    waiting = [by_process[root] for root in roots if root in by_process]
    found = dict[int, Sample]()
    while waiting:
        sample = waiting.pop()
        if sample.process not in found:
            found[sample.process] = sample
            waiting += by_parent.get(sample.process, [])
    return list(found.values())
