"""What an operator may set about the parties."""

from pathlib import Path

import msgspec


class KeyFetchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How keys are fetched that clients publish themselves.

    `authority` is whom to believe there, in place of those that the system believes;
    `allows_loopback` also calls this machine, for a test where everything stands on one.
    """

    authority: Path | None = None
    allows_loopback: bool = False
