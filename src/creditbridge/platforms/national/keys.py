"""The keys of the SM suite at one platform: ours to sign and to read, theirs to verify and to seal.

Each side has two pairs, as the suite's standards want it: what signs never decrypts.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from creditbridge.foundation.keys import KeyUnusable, read_key_file
from creditbridge.foundation.libcrypto import Libcrypto
from creditbridge.platforms.settings import PlatformSettings, Sm2Settings
from creditbridge.protocols.sm2_keys import (
    Sm2PublicKey,
    open_sm2,
    parse_sm2_private_key,
    parse_sm2_public_key,
)


class Sm2Signer(Protocol):
    """Whoever holds the signing key: a file today, an HSM behind the same two lines tomorrow."""

    @property
    def key(self) -> Sm2PublicKey:
        """The public half, with its key id."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the DER signature."""
        ...


class Sm2Reader(Protocol):
    """Whoever holds the key that opens envelopes."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the secret that was wrapped for it."""
        ...


class SuiteKeys(msgspec.Struct, frozen=True, kw_only=True):
    """All keys of one platform; `answer_keys` by their ids."""

    signer: Sm2Signer
    reader: Sm2Reader
    platform: Sm2PublicKey
    answer_keys: Mapping[str, Sm2PublicKey]


class PinnedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What a verifier must believe of one platform: who asks there, and who answers."""

    queries: tuple[Sm2PublicKey, ...]
    answers: tuple[Sm2PublicKey, ...]


def open_keys(settings: PlatformSettings) -> SuiteKeys:
    """Return the keys that the settings name.

    Raises:
        LibcryptoUnusable: the system's libcrypto is absent, or its self-test fails.
        KeyUnusable: no `sm2` in the settings, or a file that cannot be used.
    """
    library, files = _open_library(), _require_files(settings)
    return SuiteKeys(
        signer=parse_sm2_private_key(
            read_key_file(files.signing_key), library, origin=str(files.signing_key)
        ),
        reader=parse_sm2_private_key(
            read_key_file(files.decryption_key), library, origin=str(files.decryption_key)
        ),
        platform=_read_public(files.platform_key, library),
        answer_keys={
            name: _read_public(path, library, key_id=name)
            for name, path in settings.answer_keys.items()
        },
    )


def list_pinned(settings: PlatformSettings) -> PinnedKeys:
    """Return the public keys that prove exchanges with a platform, former ones of ours included.

    Raises:
        LibcryptoUnusable, KeyUnusable: as `open_keys`.
    """
    keys, library = open_keys(settings), _open_library()
    former = _require_files(settings).former_keys
    return PinnedKeys(
        queries=(keys.signer.key, *(_read_public(path, library) for path in former)),
        answers=tuple(keys.answer_keys.values()),
    )


def _require_files(settings: PlatformSettings) -> Sm2Settings:
    if settings.sm2 is None:
        raise KeyUnusable(detail=f"platforms.{settings.platform_id}: this dialect needs `sm2`")
    return settings.sm2


def _read_public(path: Path, library: Libcrypto, *, key_id: str | None = None) -> Sm2PublicKey:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KeyUnusable(detail=f"{path}: {error.strerror}") from error
    try:
        return parse_sm2_public_key(content, library, key_id=key_id)
    except KeyUnusable as error:
        raise KeyUnusable(detail=f"{path}: {error.detail}") from error


@cache
def _open_library() -> Libcrypto:
    # Once for a process: each opening is a self-test.
    return open_sm2()
