"""What the tester changes: a file, read again when it has changed, and within limits."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from creditsandbox.province.fixed import Outcome
from creditsandbox.province.state import (
    AS_DRAWN,
    EVERYBODY,
    Act,
    ActKind,
    Fault,
    State,
    StateFile,
    StateUnusable,
    require_bounds,
)

FOUND, SLOW = "91330100YY0000A13Y", "91330100YY0000A647"
ACT = Act(kind=ActKind.REPAIR, uscc=FOUND, section="PEN", number="1", on=date(2026, 11, 21))


def test_an_absent_file_is_the_province_as_it_was_drawn(tmp_path: Path) -> None:
    """Nothing moved, nothing decided, nothing switched on."""
    assert StateFile(tmp_path / "none.json").read() == AS_DRAWN


def test_what_one_writes_another_reads(tmp_path: Path) -> None:
    """Two processes' files are one: a write is seen by the next read, and so is a removal."""
    path = tmp_path / "state.json"
    reader, writer = StateFile(path), StateFile(path)
    assert reader.read() == AS_DRAWN
    state = State(ahead_days=3, acts=(ACT,), faults=(Fault(uscc=EVERYBODY, outcome=Outcome.DOWN),))

    writer.write(state)
    assert reader.read() == state
    assert reader.read() is reader.read()
    path.unlink()

    assert reader.read() == AS_DRAWN
    assert list(tmp_path.iterdir()) == []


def test_the_day_is_chinas_and_moves_with_the_state() -> None:
    """At 17:00 UTC it is tomorrow in China; ten days ahead it is ten days later."""
    evening = datetime(2026, 12, 31, 17, tzinfo=UTC)

    assert AS_DRAWN.day_of(evening) == date(2027, 1, 1)
    assert State(ahead_days=10).day_of(evening) == date(2027, 1, 11)
    assert State(ahead_days=-365).day_of(evening) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("faults", "found", "slow"),
    [
        ((), Outcome.FOUND, Outcome.SLOW),
        (((EVERYBODY, Outcome.DOWN),), Outcome.DOWN, Outcome.SLOW),
        (((FOUND, Outcome.CUT), (EVERYBODY, Outcome.DOWN)), Outcome.CUT, Outcome.SLOW),
        (((SLOW, Outcome.CUT),), Outcome.FOUND, Outcome.CUT),
    ],
)
def test_an_own_switch_goes_before_a_fixed_fault_before_everybodys(
    faults: tuple[tuple[str, Outcome], ...], found: Outcome, slow: Outcome
) -> None:
    """Who stands for a fault keeps it, unless it has a switch of its own."""
    state = State(faults=tuple(Fault(uscc=uscc, outcome=outcome) for uscc, outcome in faults))

    assert (state.outcome_of(FOUND), state.outcome_of(SLOW)) == (found, slow)


@pytest.mark.parametrize(
    "state",
    [
        State(ahead_days=3_651),
        State(ahead_days=-3_651),
        State(acts=(ACT,) * 10_001),
        State(faults=(Fault(uscc=FOUND, outcome=Outcome.CUT),) * 1_001),
        State(faults=(Fault(uscc=FOUND, outcome=Outcome.DISSOLVED),)),
    ],
)
def test_a_state_has_limits(state: State) -> None:
    """Ten years, ten thousand decisions, a thousand faults, and only what can be switched."""
    with pytest.raises(StateUnusable):
        require_bounds(state)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"ahead_days": "1"}', b'{"more": 1}', b'{"ahead_days": 99999}', b" " * 4_000_001],
)
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, content: bytes) -> None:
    """Broken, mistyped, unknown members, out of bounds, too large: said, not guessed."""
    path = tmp_path / "state.json"
    path.write_bytes(content)

    with pytest.raises(StateUnusable):
        StateFile(path).read()


def test_a_refused_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Out of bounds: what stood there stands there still."""
    file = StateFile(tmp_path / "state.json")
    file.write(State(ahead_days=1))

    with pytest.raises(StateUnusable):
        file.write(State(ahead_days=9_999))

    assert file.read() == State(ahead_days=1)


def test_a_file_of_the_same_size_is_read_again(tmp_path: Path) -> None:
    """One day ahead and two have files of one length; the second is seen all the same."""
    file = StateFile(tmp_path / "state.json")
    file.write(State(ahead_days=1))
    assert file.read().ahead_days == 1
    stamp = file.path.stat().st_mtime_ns

    file.write(State(ahead_days=2))
    os.utime(file.path, ns=(stamp, stamp))

    assert file.read().ahead_days == 2
