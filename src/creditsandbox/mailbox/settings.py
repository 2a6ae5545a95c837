"""What the mailbox must be told: where it listens, and its certificate."""

from pathlib import Path

import msgspec


class MailboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[mailbox]` table of the configuration file; paths are as the file's folder sees them.

    Mail comes in at `smtp_port`, over TLS from the first byte (RFC 8314); `port` serves the page.
    """

    host: str = "127.0.0.1"
    port: int = 9445
    smtp_port: int = 9465
    certificate_file: Path
    private_key_file: Path
