"""What a proof uses up: spent with the caller's transaction, once on all nodes."""

from datetime import datetime
from typing import Protocol

from creditbridge.access.model import SingleUse
from creditbridge.foundation.database import Transaction


class Admission(Protocol):
    """Where what may be used once is spent."""

    async def take_nonce(
        self, tx: Transaction, *, key_id: str, nonce: str, expires_at: datetime
    ) -> None:
        """Take the nonce, or raise `NonceReplayed`."""
        ...


async def spend(tx: Transaction, use: SingleUse, admission: Admission) -> None:
    """Spend what a proof uses up.

    Raises:
        NonceReplayed: it was spent before.
    """
    await admission.take_nonce(tx, key_id=use.owner, nonce=use.value, expires_at=use.expires_at)
