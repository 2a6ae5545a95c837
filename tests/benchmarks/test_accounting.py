"""CPU by role: which processes belong to a tree, and which ticks count."""

import os
from pathlib import Path

from benchmarks.accounting import Sample, add_up, find_busiest, parse_stat, read_cpu, read_samples

LINE = "42 (a (b) c) S 7 42 42 0 -1 0 1 2 3 4 100 20 3 4 20 0 1 0 5 6 7"


def test_a_name_may_hold_spaces_and_parentheses() -> None:
    """The fields are counted after the last parenthesis."""
    assert parse_stat(LINE) == Sample(process=42, parent=7, ticks=127)


def test_a_tree_is_its_root_and_every_descendant() -> None:
    """A grandchild counts; the tree of another root does not."""
    samples = [
        Sample(process=1, parent=0, ticks=1_000),
        Sample(process=10, parent=1, ticks=1),
        Sample(process=11, parent=10, ticks=20),
        Sample(process=12, parent=11, ticks=300),
        Sample(process=20, parent=1, ticks=5_000),
    ]

    assert add_up(samples, [10]) == 321


def test_a_root_within_another_counts_once() -> None:
    """Two roots, one of them a child of the other, are one tree."""
    samples = [
        Sample(process=10, parent=1, ticks=1),
        Sample(process=11, parent=10, ticks=20),
    ]

    assert add_up(samples, [11, 10]) == 21


def test_a_process_that_ended_counts_nothing() -> None:
    """A root that is not there any more adds no ticks and is no error."""
    assert add_up([Sample(process=10, parent=1, ticks=1)], [99]) == 0


def test_a_process_that_ends_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    """A folder without its file is a process that is gone."""
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "stat").write_text(LINE)
    (tmp_path / "43").mkdir()
    (tmp_path / "self").mkdir()

    assert [sample.process for sample in read_samples(tmp_path)] == [42]


def test_what_this_process_spends_is_seen() -> None:
    """Two readings differ by the work between them, and never go back."""
    roles = {"tests": (os.getpid(),)}
    before = read_cpu(roles)
    while read_cpu(roles).since(before)["tests"] == 0.0:
        sum(range(100_000))

    assert read_cpu(roles).since(before)["tests"] > 0.0


def test_those_who_did_the_work_are_found_by_what_they_cost() -> None:
    """Of a parent, an idle template and its two workers, the workers; others are not looked at."""
    costs = {10: 30, 11: 20, 12: 400, 13: 500, 99: 900}
    parents = {10: 1, 11: 10, 12: 11, 13: 11, 99: 1}
    samples = [Sample(process=one, parent=parents[one], ticks=costs[one]) for one in costs]

    assert find_busiest(samples, [10], 2) == [13, 12]
