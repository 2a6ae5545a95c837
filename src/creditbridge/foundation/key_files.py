"""The files of the rings: a key each, the earliest instant of its use in the file's name.

A ring begins with the file that the settings name, such as `message.key`. Whoever rotates lays
another beside it, `message.20260201T000000Z.key`; the instant in its name is the earliest at which
it may sign. A file holds a private key, or its public half alone once it signs no more.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.key_rings import HeldKey, K, KeyPurpose, KeyRing, RingContents
from creditbridge.foundation.keys import (
    Algorithm,
    FileKey,
    KeyUnusable,
    parse_private_key,
    read_key_file,
)
from creditbridge.foundation.rsa_keys import (
    JoseFileKey,
    JoseKey,
    parse_public_jose_key,
    parse_token_key,
)

INSTANT_FORMAT = "%Y%m%dT%H%M%SZ"
PUBLIC_MARK = b"-----BEGIN PUBLIC KEY-----"


class RingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a ring, and the earliest instant at which its key may sign; None: at any."""

    path: Path
    not_before: datetime | None = None


def open_ring(purpose: KeyPurpose, path: Path, clock: Clock) -> KeyRing[FileKey]:
    """Return the ring of a purpose whose signatures any reader verifies: ES256 or Ed25519.

    Raises:
        KeyUnusable: a file that is absent, readable by others, or of the wrong kind.
    """
    return KeyRing(purpose, _Files(path, _parser_of(purpose)), clock)


def open_token_ring(path: Path, clock: Clock) -> KeyRing[JoseFileKey]:
    """Return the ring of keys that sign tokens: PS256 or ES256.

    Raises:
        KeyUnusable: a file that is absent, readable by others, or of the wrong kind.
    """
    return KeyRing(KeyPurpose.TOKEN, _Files(path, _parse_token_key), clock)


def list_ring_files(path: Path) -> list[RingFile]:
    """Return the files of the ring that begins with this one, the earliest first."""
    form = re.compile(rf"{re.escape(path.stem)}\.(\d{{8}}T\d{{6}}Z){re.escape(path.suffix)}")
    try:
        names = sorted(file.name for file in path.parent.iterdir())
    except OSError as error:
        raise KeyUnusable(detail=f"{path}: {error.strerror}") from error
    later = [
        RingFile(path=path.parent / name, not_before=_read_instant(found[1], name))
        for name in names
        if (found := form.fullmatch(name))
    ]
    # Once its successors are there the first may go; where nothing else is, it is what is missing.
    return [RingFile(path=path), *later] if path.name in names or not later else later


def name_ring_file(path: Path, *, not_before: datetime) -> Path:
    """Return where the ring's next key belongs, that may sign from this instant on."""
    return path.with_name(f"{path.stem}.{not_before.astimezone(UTC):{INSTANT_FORMAT}}{path.suffix}")


def read_ring_key(purpose: KeyPurpose, path: Path) -> JoseFileKey | None:
    """Return the private key of a ring's file; None where it holds the public half alone.

    Raises:
        KeyUnusable: as at a start.
    """
    content = read_key_file(path)
    return None if PUBLIC_MARK in content else parse_ring_key(purpose, content, origin=str(path))


def parse_ring_key(purpose: KeyPurpose, content: bytes, *, origin: str) -> JoseFileKey:
    """Return the private key that PEM bytes hold, for this purpose.

    Raises:
        KeyUnusable: no key, or one of a kind that does not sign for it.
    """
    parse = _parse_token_key if purpose is KeyPurpose.TOKEN else _parser_of(purpose)
    return parse(content, origin)


class _Files(Generic[K]):
    """The files of a ring, read again where one came, went or changed."""

    def __init__(self, path: Path, parse: Callable[[bytes, str], K]) -> None:
        self._path = path
        self._parse = parse
        self._seen: Sequence[object] = ()
        self._contents: RingContents[K] | None = None

    def __call__(self) -> RingContents[K]:
        """Return what the files hold now."""
        files = list_ring_files(self._path)
        seen = [_mark_of(file.path) for file in files]
        if self._contents is None or self._seen != seen:
            self._contents, self._seen = self._read(files), seen
        return self._contents

    def _read(self, files: Sequence[RingFile]) -> RingContents[K]:
        held, ended = list[HeldKey[K]](), list[JoseKey]()
        for file in files:
            content = read_key_file(file.path)
            if PUBLIC_MARK in content:
                ended.append(parse_public_jose_key(content))
            else:
                signer = self._parse(content, str(file.path))
                held.append(HeldKey(signer=signer, not_before=file.not_before))
        if not held:
            raise KeyUnusable(detail=f"{self._path}: no private key")
        return RingContents(held=tuple(held), ended=tuple(ended))


def _mark_of(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return path
    return path, found.st_mtime_ns, found.st_size, found.st_ino


def _read_instant(text: str, name: str) -> datetime:
    try:
        return datetime.strptime(text, INSTANT_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise KeyUnusable(detail=f"{name}: no instant") from error


def _parser_of(purpose: KeyPurpose) -> Callable[[bytes, str], FileKey]:
    # Signed notes are Ed25519 alone (C2SP signed-note).
    return _parse_log_key if purpose is KeyPurpose.LEDGER else _parse_key


def _parse_key(content: bytes, origin: str) -> FileKey:
    return parse_private_key(content, origin=origin)


def _parse_log_key(content: bytes, origin: str) -> FileKey:
    key = parse_private_key(content, origin=origin)
    if key.key.algorithm is not Algorithm.ED25519:
        raise KeyUnusable(detail=f"{origin}: the log's key must be Ed25519")
    return key


def _parse_token_key(content: bytes, origin: str) -> JoseFileKey:
    return parse_token_key(content, origin=origin)
