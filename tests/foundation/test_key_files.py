"""The files of a ring: what is there is read whole, or refused with its path."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.key_files import (
    list_ring_files,
    name_ring_file,
    open_ring,
    open_token_ring,
    read_ring_key,
)
from creditbridge.foundation.key_making import (
    encode_private,
    encode_public,
    make_private_key,
    put_key_file,
)
from creditbridge.foundation.key_rings import KeyPurpose
from creditbridge.foundation.keys import KeyUnusable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def put(path: Path, algorithm: str = "ES256") -> Path:
    """A fresh key in its file."""
    put_key_file(path, encode_private(make_private_key(algorithm)))
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The first file of a ring."""
    return put(tmp_path / "seal.key")


def test_a_single_file_is_a_ring(first: Path) -> None:
    """As settings of before name it; what only looks alike is none of its files."""
    for name in ("seal.pub", "seal.key.bak", "seals.20260301T120000Z.key", "seal.2026.key", "x"):
        put(first.with_name(name))

    ring = open_ring(KeyPurpose.SEAL, first, SystemClock())

    assert len(ring.list_new()) == 1
    assert [file.path for file in list_ring_files(first)] == [first]


def test_the_next_key_lies_beside_the_first(first: Path) -> None:
    """Its name says in UTC from when on it may sign; the earliest comes first."""
    later = put(name_ring_file(first, not_before=NOON.astimezone().replace(hour=12)))
    assert later.name.startswith("seal.20260301T")
    latest = put(name_ring_file(first, not_before=NOON + timedelta(days=1)))

    files = list_ring_files(first)

    assert [file.path for file in files] == [first, later, latest]
    assert files[0].not_before is None
    assert files[2].not_before == NOON + timedelta(days=1)


def test_a_key_that_appears_is_found(first: Path) -> None:
    """And one that is replaced; what did not change is not read again."""
    ring = open_ring(KeyPurpose.SEAL, first, SystemClock())
    before = ring.current()

    ring.look()
    assert ring.current() is before
    put(name_ring_file(first, not_before=NOON))
    ring.look()
    assert [one.not_before for one in ring.list_new()] == [None, NOON]
    put(first)
    ring.look()
    assert ring.list_new()[0].key != before.key


def test_once_there_are_later_keys_the_first_may_go(first: Path) -> None:
    """The settings go on naming it."""
    put(name_ring_file(first, not_before=NOON))
    first.unlink()

    assert len(open_ring(KeyPurpose.SEAL, first, SystemClock()).list_new()) == 1


def test_of_a_key_that_signs_no_more_the_public_half_is_enough(tmp_path: Path) -> None:
    """It is known, and signs nothing; RSA too."""
    for algorithm, purpose in (("EdDSA", KeyPurpose.LEDGER), ("PS256", KeyPurpose.TOKEN)):
        first = tmp_path / f"{purpose}.key"
        private = make_private_key(algorithm)
        put_key_file(first, encode_public(private))
        put(name_ring_file(first, not_before=NOON), algorithm)
        ring = (
            open_token_ring(first, SystemClock())
            if purpose is KeyPurpose.TOKEN
            else open_ring(purpose, first, SystemClock())
        )

        assert len(ring.list_known()) == 2
        assert len(ring.list_new()) == 1
        assert read_ring_key(purpose, first) is None


@pytest.mark.parametrize(
    "fault", ["absent", "no folder", "no instant", "open to others", "no key", "public", "half"]
)
def test_what_cannot_be_believed_is_refused(fault: str, first: Path) -> None:
    """A start is; at work the keys of before go on."""
    ring = open_ring(KeyPurpose.SEAL, first, SystemClock())
    before = ring.current()
    later = name_ring_file(first, not_before=NOON)
    match fault:
        case "absent":
            first.unlink()
        case "no folder":
            first.unlink()
            for file in first.parent.iterdir():
                file.unlink()
            first.parent.rmdir()
        case "no instant":
            put(first.with_name("seal.20261301T120000Z.key"))
        case "open to others":
            put(later).chmod(0o640)
        case "no key":
            put_key_file(later, b"no key")
        case "public":
            put_key_file(first, encode_public(make_private_key("ES256")))
        case _:
            put_key_file(later, b"-----BEGIN PUBLIC KEY-----\n")

    with pytest.raises(KeyUnusable):
        ring.look()

    assert ring.current() is before
    with pytest.raises(KeyUnusable):
        open_ring(KeyPurpose.SEAL, first, SystemClock())


@pytest.mark.parametrize(
    ("purpose", "algorithm"),
    [
        (KeyPurpose.LEDGER, "ES256"),
        (KeyPurpose.SEAL, "PS256"),
        (KeyPurpose.TOKEN, "EdDSA"),
    ],
)
def test_H2_each_purpose_has_its_kinds(purpose: KeyPurpose, algorithm: str, tmp_path: Path) -> None:
    """Signed notes are Ed25519; RSA signs tokens alone; tokens are PS256 or ES256."""
    path = put(tmp_path / "key.pem", algorithm)

    with pytest.raises(KeyUnusable):
        read_ring_key(purpose, path)
    with pytest.raises(KeyUnusable):
        if purpose is KeyPurpose.TOKEN:
            open_token_ring(path, SystemClock())
        else:
            open_ring(purpose, path, SystemClock())


def test_a_key_file_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Nothing else is left beside it; what another run left half-done is in the way."""
    path = put(tmp_path / "seal.key")

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / ".seal.key.new").touch()
    with pytest.raises(FileExistsError):
        put(path)
