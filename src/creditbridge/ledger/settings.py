"""What an operator may set about the ledger."""

from typing import Annotated

import msgspec


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log's name and its rhythm."""

    origin: str  # The log's URL without scheme and final slash (C2SP tlog-checkpoint).
    sequence_every_seconds: float = 0.2  # A checkpoint follows within a second.
    sequence_rows_max: int = 4096
    lease_seconds: Annotated[int, msgspec.Meta(ge=3, le=600)] = 30  # Renewed every second.
