"""Openings at rest."""

from pathlib import Path

import pytest

from creditbridge.foundation.keys import KeyUnusable
from creditbridge.ledger.sealing import (
    OpeningKeys,
    SealBroken,
    draw_key,
    load_opening_key,
    name_opening_key,
    seal,
    unseal,
)

SECRET = bytes(range(32))


def test_what_was_sealed_opens_under_its_key_and_event() -> None:
    """Each seal has its own nonce; the event it belongs to is authenticated."""
    sealed = seal(SECRET, b"opening", belongs_to="evt_1")

    assert unseal(SECRET, sealed, belongs_to="evt_1") == b"opening"
    assert sealed != seal(SECRET, b"opening", belongs_to="evt_1")
    assert b"opening" not in sealed


@pytest.mark.parametrize(
    ("secret", "place", "event"),
    [
        (SECRET, 0, "evt_1"),
        (SECRET, -1, "evt_1"),
        (SECRET, None, "evt_2"),
        (bytes(32), None, "evt_1"),
    ],
)
def test_a_changed_or_moved_seal_does_not_open(
    secret: bytes, place: int | None, event: str
) -> None:
    """A byte of nonce or tag, another event, another key."""
    sealed = bytearray(seal(SECRET, b"opening", belongs_to="evt_1"))
    if place is not None:
        sealed[place] ^= 1

    with pytest.raises(SealBroken):
        unseal(secret, bytes(sealed), belongs_to=event)


def test_a_seal_that_is_cut_off_does_not_open() -> None:
    """Not even a nonce is left."""
    with pytest.raises(SealBroken):
        unseal(SECRET, b"short", belongs_to="evt_1")


def test_retired_keys_still_open() -> None:
    """A key is found by its name, which its digest gives it."""
    old, new = name_opening_key(SECRET), name_opening_key(bytes(32))
    keys = OpeningKeys(current=new, retired=(old,))

    assert keys.find(old.key_id) is old
    assert keys.find(new.key_id) is new
    with pytest.raises(SealBroken):
        keys.find("lost")


@pytest.mark.parametrize("content", [SECRET, SECRET.hex().encode()])
def test_a_key_is_loaded_from_its_file(content: bytes, tmp_path: Path) -> None:
    """32 bytes, or their hexadecimal digits, readable by the owner alone."""
    path = tmp_path / "openings.key"
    path.write_bytes(content)
    path.chmod(0o600)

    assert load_opening_key(path) == name_opening_key(SECRET)


@pytest.mark.parametrize(
    ("content", "mode"), [(SECRET, 0o644), (b"short", 0o600), (b"zz" * 32, 0o600), (b"ab", 0o600)]
)
def test_an_unfit_key_file_is_refused(content: bytes, mode: int, tmp_path: Path) -> None:
    """Readable by others, no key, no digits, too short."""
    path = tmp_path / "openings.key"
    path.write_bytes(content)
    path.chmod(mode)

    with pytest.raises(KeyUnusable):
        load_opening_key(path)


def test_an_absent_key_file_is_refused(tmp_path: Path) -> None:
    """The cause names the file."""
    with pytest.raises(KeyUnusable) as refusal:
        load_opening_key(tmp_path / "absent")

    assert "absent" in refusal.value.detail


def test_drawn_keys_differ() -> None:
    """One personal part, one key."""
    assert len({draw_key() for _ in range(10)}) == 10
