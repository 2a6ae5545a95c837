"""A ring signs with one key at a time, as was decided for every process."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.key_rings import (
    HeldKey,
    KeyPurpose,
    KeyRing,
    PlannedKey,
    RingContents,
)
from creditbridge.foundation.keys import FileKey, name_key

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class HandClock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.elapsed = 1_000.0

    def now(self) -> datetime:
        """A wall clock that is wrong by years."""
        return datetime(1999, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.elapsed


class Ring:
    """A ring whose files a test puts there."""

    def __init__(self, *keys: FileKey) -> None:
        self.clock = HandClock()
        self.held = list(keys)
        self.ring: KeyRing[FileKey] = KeyRing(KeyPurpose.SEAL, self.read, self.clock)

    def read(self) -> RingContents[FileKey]:
        """What the files hold."""
        return RingContents(held=tuple(HeldKey(signer=key) for key in self.held))

    def hold(self, *keys: FileKey) -> None:
        """Change the files, and look."""
        self.held = list(keys)
        self.ring.look()

    def plan(self, *keys: tuple[FileKey, timedelta], retired: FileKey | None = None) -> None:
        """Decide that each key begins so long after noon, which is now."""
        planned = [
            PlannedKey(key=key.key, use_from=NOON + after, is_retired=key is retired)
            for key, after in keys
        ]
        self.ring.plan(planned, now=NOON)


def make(number: int) -> FileKey:
    """A key."""
    private = ec.derive_private_key(number, ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


@pytest.fixture(scope="module")
def old() -> FileKey:
    """The key in use."""
    return make(7)


@pytest.fixture(scope="module")
def new() -> FileKey:
    """Its successor."""
    return make(8)


def test_before_anything_is_decided_the_first_key_signs(old: FileKey, new: FileKey) -> None:
    """A process that has just started; every key is new to it."""
    ring = Ring(old, new).ring

    assert ring.current() is old
    assert ring.overlapping() == (old,)
    assert ring.list_shown() == [old.key]
    assert [one.key for one in ring.list_new()] == [old.key, new.key]
    assert (ring.is_in_use, ring.is_behind, ring.is_shown) == (False, False, True)


def test_K2_a_key_is_shown_before_it_signs_and_after(old: FileKey, new: FileKey) -> None:
    """The machine's wall clock has no say in it: this one is wrong by years."""
    stage = Ring(old, new)
    stage.plan((old, -HOUR), (new, HOUR))

    assert stage.ring.current() is old
    assert stage.ring.list_shown() == [old.key, new.key]
    stage.clock.elapsed += HOUR.total_seconds()
    assert stage.ring.current() is new
    assert stage.ring.overlapping() == (new, old)
    assert stage.ring.list_shown() == [old.key, new.key]
    assert stage.ring.list_new() == []


def test_a_retired_key_neither_signs_nor_shows(old: FileKey, new: FileKey) -> None:
    """What it signed is verified by pins."""
    stage = Ring(old, new)
    stage.plan((old, -2 * HOUR), (new, -HOUR), retired=old)

    assert stage.ring.overlapping() == (new,)
    assert stage.ring.list_shown() == [new.key]
    assert stage.ring.list_known() == [old.key, new.key]


def test_a_process_without_the_later_key_signs_with_the_earlier(old: FileKey, new: FileKey) -> None:
    """And is behind: what it signs is verified only while the earlier one is shown."""
    stage = Ring(old)
    stage.plan((old, -2 * HOUR), (new, -HOUR))

    assert stage.ring.current() is old
    assert (stage.ring.is_in_use, stage.ring.is_behind, stage.ring.is_shown) == (True, True, True)
    stage.plan((old, -2 * HOUR), (new, -HOUR), retired=old)
    assert stage.ring.current() is old
    assert (stage.ring.is_in_use, stage.ring.is_behind, stage.ring.is_shown) == (False, True, False)
    stage.hold(old, new)
    assert stage.ring.current() is new
    assert (stage.ring.is_in_use, stage.ring.is_behind, stage.ring.is_shown) == (True, False, True)


def test_a_key_that_is_held_stays_one_key(old: FileKey, new: FileKey) -> None:
    """What `current` returned goes on under its own name, whatever the ring does meanwhile."""
    stage = Ring(old, new)
    stage.plan((old, -HOUR), (new, HOUR))

    signer = stage.ring.current()
    stage.clock.elapsed += HOUR.total_seconds()

    assert stage.ring.current() is new
    signer.key.verify(signer.sign(b"message"), b"message")
