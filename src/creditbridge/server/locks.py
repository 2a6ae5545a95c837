"""Locks between processes, on files; the kernel drops them with whoever held them."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock on one file, shared by many or held by one. Not passed on to child processes."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Hold it alone, if nobody else holds it now; a share of one's own is given up first."""
        return self._try(fcntl.LOCK_EX)

    def share(self) -> bool:
        """Hold it with others, if nobody holds it alone now."""
        return self._try(fcntl.LOCK_SH)

    def close(self) -> None:
        """Give it up."""
        os.close(self._file)

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
