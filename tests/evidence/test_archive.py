"""The one form in which a pack can be written."""

import io
import zipfile

import pytest

from creditbridge.evidence import archive
from creditbridge.evidence.archive import ArchiveBroken, pack_files, unpack_files

FILES = {"b/two": b"2" * 70_000, "a": b"", "b/one": "Öl".encode(), "中": b"\x00"}


def test_files_come_back() -> None:
    """Empty ones, large ones, names beyond ASCII."""
    assert unpack_files(pack_files(FILES)) == FILES
    assert unpack_files(pack_files({})) == {}


def test_other_tools_read_it() -> None:
    """Python's own library finds the same files, sorted, stored, without a time."""
    with zipfile.ZipFile(io.BytesIO(pack_files(FILES))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == FILES
        assert opened.namelist() == sorted(FILES)
        assert {one.compress_type for one in opened.infolist()} == {zipfile.ZIP_STORED}
        assert {one.date_time for one in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_files_give_the_same_bytes() -> None:
    """Whatever the order in which they were put in."""
    assert pack_files(dict(reversed(FILES.items()))) == pack_files(FILES)


def test_an_archive_of_another_tool_is_refused() -> None:
    """The same files in another form could hide something between them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as other:
        other.writestr("a", b"")

    with pytest.raises(ArchiveBroken):
        unpack_files(made.getvalue())


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"PK",
        pack_files({"a": b"x"})[:40],
        pack_files({"a": b"x"}) + b"\n",
        b"#!" + pack_files({"a": b"x"}),
        pack_files({"a": b"x"})[:31] + b"x" + pack_files({"a": b"x"})[31:],
        pack_files({"a": b"x"})[:32] * 2 + pack_files({"a": b"x"})[32:],
        pack_files({"a": b"x"}).replace(b"\x01\x00\x00\x00a", b"\x01\x00\x00\x00\xff"),
        pack_files({"aa": b"x"}).replace(b"aa", b"\xff\xff"),
    ],
)
def test_a_broken_archive_is_refused(broken: bytes) -> None:
    """Empty, cut off, something before or behind or between, a file twice, a name in no UTF-8."""
    with pytest.raises(ArchiveBroken) as refusal:
        unpack_files(broken)

    assert refusal.value.detail


def test_an_archive_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at before anything else."""
    packed = pack_files({"a": b"x"})
    monkeypatch.setattr(archive, "ARCHIVE_BYTES_MAX", len(packed) - 1)

    with pytest.raises(ArchiveBroken, match="not an archive"):
        unpack_files(packed)
