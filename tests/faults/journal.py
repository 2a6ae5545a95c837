"""The client's own journal, outside of everything that is killed: the judge of acknowledgements."""

import os
from pathlib import Path

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What a client knows of one of its requests; `commitment` is its receipt's, base64url."""

    key: str
    status: int
    report_id: str = ""
    commitment: str = ""
    bank_seq: int = 0


class Journal:
    """A file of lines, each on the disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.delivered = 0

    def write(self, line: Line) -> None:
        """Write a line; it survives whatever is killed next."""
        os.write(self._file, msgspec.json.encode(line) + b"\n")
        os.fsync(self._file)
        self.delivered += line.status == 200

    def read(self) -> list[Line]:
        """Return every line, as the disk has them."""
        lines = self._path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Line) for line in lines]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
