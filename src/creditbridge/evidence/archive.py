"""The archive of an evidence pack: a ZIP with one possible form (APPNOTE 6.3.10, section 4).

Files are stored, not compressed; names sorted; times, attributes and versions fixed. Reading makes
the archive anew from what it holds and compares every byte: there is no room for a hidden one.
"""

import struct
import zlib
from collections.abc import Mapping

from creditbridge.foundation.errors import Untrusted

FILES_MAX = 60_000
ARCHIVE_BYTES_MAX = 64 * 1_048_576

# Version 1.0, UTF-8 names (bit 11), stored, 1980-01-01 00:00: nothing here tells time or system.
_COMMON = struct.pack("<HHHHH", 10, 0x0800, 0, 0, 0x0021)
_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02" + struct.pack("<H", 10)
_END = b"PK\x05\x06"
_LOCAL_BYTES = 30


class ArchiveBroken(Untrusted):
    """Bytes that are not the one form in which a pack can be written; `detail` says where."""

    code = "pack-archive-broken"
    message = "The pack is not an archive as the gateway writes it."


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of these files, by name."""
    local: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name, content in sorted(files.items()):
        raw = name.encode()
        sizes = struct.pack("<LLL", zlib.crc32(content), len(content), len(content))
        head = _COMMON + sizes + struct.pack("<HH", len(raw), 0)
        local += (_LOCAL, head, raw, content)
        central += (_CENTRAL, head, struct.pack("<HHHLL", 0, 0, 0, 0, offset), raw)
        offset += _LOCAL_BYTES + len(raw) + len(content)
    directory = b"".join(central)
    count = len(files)
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), offset, 0)
    return b"".join(local) + directory + _END + end


def unpack_files(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive.

    Raises:
        ArchiveBroken: a byte of it is not as `pack_files` writes it.
    """
    # Read whole and made anew, so three times in memory: the limit bounds all of it.
    if len(archive) > ARCHIVE_BYTES_MAX:
        raise ArchiveBroken(detail=f"{len(archive)} bytes, over {ARCHIVE_BYTES_MAX}")
    files: dict[str, bytes] = {}
    start = 0
    while archive.startswith(_LOCAL, start):
        name, content, end = _read_file(archive, start)
        # Asked apart, so that a damaged download says which file is damaged.
        if zlib.crc32(content) != int.from_bytes(archive[start + 14 : start + 18], "little"):
            raise ArchiveBroken(detail=f"{name}: the content does not match its checksum")
        # Of two files with one name, readers differ in which they take.
        if name in files or len(files) == FILES_MAX:
            raise ArchiveBroken(detail=f"{name}: twice, or too many files")
        files[name] = content
        start = end
    expected = pack_files(files)
    # Nothing may hide between, before or behind the files: what a reader skips, another may show.
    if expected != archive:
        raise ArchiveBroken(detail=_describe_difference(archive, expected, start))
    return files


def _read_file(archive: bytes, start: int) -> tuple[str, bytes, int]:
    size = int.from_bytes(archive[start + 18 : start + 22], "little")
    name_end = start + _LOCAL_BYTES + int.from_bytes(archive[start + 26 : start + 28], "little")
    end = name_end + size
    try:
        name = archive[start + _LOCAL_BYTES : name_end].decode()
    except UnicodeDecodeError as error:
        raise ArchiveBroken(detail=f"a file name at byte {start} is not UTF-8") from error
    if end > len(archive):
        raise ArchiveBroken(detail=f"the file at byte {start} is cut off")
    return name, archive[name_end:end], end


def _describe_difference(archive: bytes, expected: bytes, files_end: int) -> str:
    pairs = zip(archive, expected, strict=False)
    same = min(len(archive), len(expected))
    offset = next((place for place, (ours, theirs) in enumerate(pairs) if ours != theirs), same)
    part = "the head of a file" if offset < files_end else "the directory"
    return f"byte {offset}, in {part}"
