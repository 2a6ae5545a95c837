"""The revocation lists of the bank door: files, read again when they change.

Somebody else fetches the lists and puts them here, whole (by a rename). A file that cannot be
believed changes nothing: the last good list counts until its next update, then its authority's
certificates are refused.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.logging import get_logger
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.revocation_list import (
    LIST_BYTES_MAX,
    RevocationList,
    RevocationListRejected,
    load_authorities,
    read_revocation_list,
    require_unrevoked,
)
from creditbridge.server.tls import DoorMisconfigured

log = get_logger("revocation")

# Half of what promise 19 allows between a list's arrival and its effect.
LOOK_SECONDS = 30.0


class RevocationLists:
    """The lists of one process."""

    def __init__(
        self, files: Sequence[Path], authorities: Sequence[x509.Certificate], clock: Clock
    ) -> None:
        self._files = tuple(files)
        self._authorities = tuple(authorities)
        self._clock = clock
        self._seen = dict[Path, tuple[int, int, int]]()
        self._lists = dict[Path, RevocationList]()

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept a certificate that its authority did not take back.

        Raises:
            CertificateUnfit: revoked, or nothing current says whether it is.
        """
        require_unrevoked(certificate, self._lists.values(), now=now)

    def load(self) -> None:
        """Read every file, for the first time.

        Raises:
            DoorMisconfigured: one is absent or cannot be believed. A stale one is read: its
                authority's certificates are refused until a newer one is there.
        """
        for file in self._files:
            try:
                self._read(file)
            except (OSError, RevocationListRejected) as error:
                detail = error.detail if isinstance(error, RevocationListRejected) else "unreadable"
                raise DoorMisconfigured(detail=f"{file}: {detail}") from error

    async def watch(self) -> None:
        """Read again what changed, for ever."""
        while True:
            # A large list takes a while to read, and no request waits for it.
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Read again what changed; keep the last good list of what cannot be believed."""
        for file in self._files:
            try:
                self._read(file)
            except OSError as error:
                log.warning("revocation.not_read", file=file.name, detail=error.strerror)
            except RevocationListRejected as error:
                log.warning("revocation.not_read", file=file.name, detail=error.detail)
            if self._clock.now() >= self._lists[file].next_update:
                log.error("revocation.stale", file=file.name)

    def _read(self, file: Path) -> None:
        found = file.stat()
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._seen.get(file) == seen:
            return
        with file.open("rb") as opened:
            raw = opened.read(LIST_BYTES_MAX + 1)
        fresh = read_revocation_list(raw, self._authorities, now=self._clock.now())
        held = self._lists.get(file)
        # An older list would forget what was revoked since; another authority's, all of it.
        if held is not None and fresh.issuer != held.issuer:
            raise RevocationListRejected(detail="the list of another authority")
        if held is not None and fresh.this_update < held.this_update:
            raise RevocationListRejected(detail="older than the list that is held")
        self._lists[file] = fresh
        # Only now: what was rejected is told at each look, until it is mended.
        self._seen[file] = seen


def open_revocation_lists(
    files: Sequence[Path], authority_file: Path, clock: Clock
) -> RevocationLists:
    """Return the lists of the authorities in a PEM file, read.

    Raises:
        DoorMisconfigured: a list or the authorities cannot be read.
    """
    try:
        authorities = load_authorities(authority_file.read_bytes()) if files else ()
    except (OSError, RevocationListRejected) as error:
        raise DoorMisconfigured(detail=f"{authority_file}: no CA certificates") from error
    lists = RevocationLists(files, authorities, clock)
    lists.load()
    return lists
