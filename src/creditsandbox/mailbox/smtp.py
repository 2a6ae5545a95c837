"""The door for mail: SMTP (RFC 5321) over TLS from the first byte, by a library.

Addresses below `refused.example` are refused for good, those below `busy.example` for now.
"""

import asyncio
import ssl
from socket import create_server

from aiosmtpd.smtp import SMTP, Envelope, Session

from creditsandbox.mailbox.letters import Letters
from creditsandbox.mailbox.settings import MailboxSettings

MAIL_BYTES_MAX = 65_536
IDLE_SECONDS = 30
ANSWERS = {"refused.example": "550 No such person", "busy.example": "450 Try again later"}
TAKEN = "250 Taken"


class Clerk:
    """Answers a sender's commands."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_RCPT(  # noqa: N802 - the library's name and arguments
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take a recipient, or refuse one that tests are about."""
        host = address.rpartition("@")[2]
        if host in ANSWERS:
            return ANSWERS[host]
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail for each of its recipients."""
        content = envelope.content
        if isinstance(content, bytes):
            for address in envelope.rcpt_tos:
                self._letters.keep(content, to=address)
        return TAKEN


async def open_smtp(settings: MailboxSettings, letters: Letters) -> asyncio.Server:
    """Return the door, open; whoever opens it closes it.

    Raises:
        OSError: a port that is taken, a file that cannot be read.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(settings.certificate_file, settings.private_key_file)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(
            Clerk(letters),
            hostname="mailbox.example",
            data_size_limit=MAIL_BYTES_MAX,
            timeout=IDLE_SECONDS,
            loop=loop,
        ),
        sock=create_server((settings.host, settings.smtp_port)),
        ssl=context,
    )
