"""The notices as whoever has something to tell sees them: one verb."""

from typing import Protocol

from creditbridge.foundation.database import Transaction
from creditbridge.notices.model import News


class Herald(Protocol):
    """Takes what an enterprise is to be told, in the caller's own transaction."""

    async def tell(self, tx: Transaction, news: News) -> bool:
        """Put a notice into the enterprise's inbox, and its mails on their way.

        Durable when the transaction commits, undone when it is undone; False where it was told
        before (`News.once`). Locks nothing that other rooms lock: call it last.
        """
        ...
