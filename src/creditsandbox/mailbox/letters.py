"""The mails that came, the newest of each address last; the oldest go when there are too many."""

from collections import deque
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import msgspec

LETTERS_MAX = 1_000


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as its reader sees it."""

    message_id: str
    sender: str
    to: str
    subject: str
    date: str
    text: str


class Letters:
    """Keeps the mails of one run in memory."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=LETTERS_MAX)

    def keep(self, raw: bytes, *, to: str) -> None:
        """Keep a mail that came for an address."""
        message = message_from_bytes(raw, policy=default)
        body = message.get_body(("plain",))
        self._letters.append(
            Letter(
                message_id=str(message["Message-ID"] or ""),
                sender=str(message["From"] or ""),
                to=to,
                subject=str(message["Subject"] or ""),
                date=str(message["Date"] or ""),
                text="" if body is None else body.get_content(),
            )
        )

    def list_latest(self, to: str | None = None) -> Iterator[Letter]:
        """Yield the mails, newest first; with an address those to it."""
        return (one for one in reversed(self._letters) if to is None or one.to == to)
