"""The house's keys as one process holds them: a ring for each purpose, one key of it in use.

When a key signs is decided once, for every process (`plan`): a ring only knows which of the decided
keys it holds. `key_files` reads them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.keys import FileKey
from creditbridge.foundation.rsa_keys import JoseKey, RsaFileKey

K = TypeVar("K", bound=FileKey | RsaFileKey)


class KeyPurpose(StrEnum):
    """What the house signs, each with keys of its own; also the words of the settings."""

    LEDGER = "ledger"
    RECEIPT = "receipt"
    MESSAGE = "message"
    CONSENT = "consent"
    SEAL = "seal"
    LOGIN = "login"
    TOKEN = "token"  # noqa: S105 -- a purpose


class HeldKey(msgspec.Struct, Generic[K], frozen=True, kw_only=True):
    """A key whose private half this process holds."""

    signer: K
    not_before: datetime | None = None


class RingContents(msgspec.Struct, Generic[K], frozen=True, kw_only=True):
    """What the files of a ring hold: private keys, and public halves of keys that sign no more."""

    held: tuple[HeldKey[K], ...]
    ended: tuple[JoseKey, ...] = ()


class PlannedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a purpose and when it is used, as was decided for every process."""

    key: JoseKey
    use_from: datetime
    is_retired: bool = False


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is held and about which nothing was decided yet."""

    key: JoseKey
    not_before: datetime | None


Source: TypeAlias = Callable[[], RingContents[K]]


class KeyRing(Generic[K]):
    """The keys of one purpose in this process."""

    def __init__(self, purpose: KeyPurpose, source: Source[K], clock: Clock) -> None:
        self.purpose = purpose
        self._source = source
        self._clock = clock
        self._plan: tuple[PlannedKey, ...] = ()
        # When each key begins, on the clock that nobody can move; the latest first.
        self._begins: tuple[tuple[float, str], ...] = ()
        self.look()

    def look(self) -> None:
        """Read what changed in the files; may be called in a thread.

        Raises:
            KeyUnusable: a file that cannot be believed; what was held before is held still.
        """
        contents = self._source()
        self._signers = {one.signer.key.key_id: one.signer for one in contents.held}
        self._contents = contents

    def current(self) -> K:
        """Return the key to sign with now; hold it for one message, as the next may have another.

        The latest of those held whose time has come; before anything was decided the ring's first.
        """
        return self.overlapping()[0]

    def overlapping(self) -> tuple[K, ...]:
        """Return the keys in use and not yet retired, the latest first: never empty."""
        now, signers = self._clock.monotonic(), self._signers
        begun = [signers[name] for at, name in self._begins if at <= now and name in signers]
        return tuple(begun) or (self._contents.held[0].signer,)

    def plan(self, keys: Sequence[PlannedKey], *, now: datetime) -> None:
        """Take over what was decided about this purpose's keys, the earliest first, as of `now`."""
        elapsed = self._clock.monotonic()
        self._plan = tuple(keys)
        # By what is left, not by the instant: where a machine's time is wrong, its keys still
        # change when everybody else's do.
        self._begins = tuple(
            (elapsed + (one.use_from - now).total_seconds(), one.key.key_id)
            for one in reversed(keys)
            if not one.is_retired
        )

    def list_new(self) -> list[NewKey]:
        """Return the keys that are held and about which nothing was decided yet."""
        planned = {one.key.key_id for one in self._plan}
        return [
            NewKey(key=one.signer.key, not_before=one.not_before)
            for one in self._contents.held
            if one.signer.key.key_id not in planned
        ]

    def list_shown(self) -> list[JoseKey]:
        """Return the public keys that verifiers need now: announced, in use, lately in use."""
        return [one.key for one in self._plan if not one.is_retired] or [self.current().key]

    def list_known(self) -> list[JoseKey]:
        """Return every public key that the files tell, whatever was decided."""
        return [*(one.signer.key for one in self._contents.held), *self._contents.ended]

    @property
    def is_in_use(self) -> bool:
        """Whether a key is held whose time has come, and that is not retired."""
        now = self._clock.monotonic()
        return any(at <= now and name in self._signers for at, name in self._begins)

    @property
    def is_shown(self) -> bool:
        """Whether what this process signs can be verified by what is shown."""
        return self.current().key.key_id in {key.key_id for key in self.list_shown()}

    @property
    def is_behind(self) -> bool:
        """Whether a later key is in use than this process holds."""
        now = self._clock.monotonic()
        latest = next((name for at, name in self._begins if at <= now), None)
        return latest not in {None, self.current().key.key_id}
