"""The way out for mail: one relay over TLS, and the only importer of aiosmtplib.

One message to one person each, with a Message-ID that stays the same however often it is sent. A
message is short plain text; what is in it can begin no header and no other message.
"""

import re
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

import aiosmtplib
import msgspec

from creditbridge.foundation.client_tls import client_context
from creditbridge.foundation.errors import CreditbridgeError, Refused, Unavailable
from creditbridge.foundation.logging import get_logger

log = get_logger("mail")

SUBJECT_CHARACTERS_MAX = 200
TEXT_BYTES_MAX = 16_384
PASSWORD_BYTES_MAX = 1_024
PERMANENT = 500
_LINE = re.compile(r"[^\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[\x21-\x7e]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Encryption(StrEnum):
    """How the connection to the relay becomes private; there is no other way."""

    TLS = "TLS"  # From the first byte (RFC 8314, section 3).
    STARTTLS = "STARTTLS"  # By command, and never without it (RFC 3207).


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The relay that takes our mail; `password` is a file, `sender` the address that mail is from.

    `authority` is the PEM file of those who may vouch for the relay; None stands for those that the
    system believes.
    """

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    sender: str
    encryption: Encryption = Encryption.STARTTLS
    authority: Path | None = None
    user: str | None = None
    password: Path | None = None
    timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=60)] = 10.0


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person; `mail_id` makes its Message-ID, the same at each try."""

    mail_id: str
    to: str
    subject: str
    text: str
    written_at: datetime


class MailUnfit(CreditbridgeError):
    """A message, or an address of it, that must not be sent: a fault of ours."""

    code = "mail-unfit"
    message = "The mail cannot be written."


class MailUnusable(CreditbridgeError):
    """The settings of the relay cannot be used; start is refused."""

    code = "mail-unusable"
    message = "The mail relay's settings cannot be used; start is refused."


class MailRefused(Refused):
    """The relay will never take this message for this person."""

    code = "mail-refused"
    message = "The mail relay refused the message for good."


class MailUnavailable(Unavailable):
    """The relay did not take the message, or took it and never said so."""

    code = "mail-unavailable"
    message = "The mail relay cannot be reached at the moment."


class Mailer(Protocol):
    """Hands a message to a relay."""

    async def send(self, mail: Mail) -> None:
        """Return when the relay has taken the message.

        Raises:
            MailRefused: it never will.
            MailUnavailable: not now, or nobody knows; a second try may be a second copy, under the
                same Message-ID.
            MailUnfit: the message breaks a limit, or would break a header.
        """
        ...


class SmtpMailer:
    """A relay over SMTP (RFC 5321), a connection per message."""

    def __init__(
        self, settings: MailSettings, context: ssl.SSLContext, password: str | None
    ) -> None:
        self._settings = settings
        self._context = context
        self._password = password

    async def send(self, mail: Mail) -> None:
        """Send a message, as `Mailer` says."""
        settings = self._settings
        written = write_message(mail, sender=settings.sender)
        try:
            await aiosmtplib.send(
                written,
                sender=settings.sender,
                recipients=[mail.to],
                hostname=settings.host,
                port=settings.port,
                timeout=settings.timeout_seconds,
                username=settings.user,
                password=self._password,
                # One of the two always: without them a relay that offers no TLS would be believed.
                use_tls=settings.encryption is Encryption.TLS,
                start_tls=settings.encryption is Encryption.STARTTLS,
                tls_context=self._context,
            )
        # Neither error is quoted: a relay's words name the person it was for (law 9).
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = [one.code for one in error.recipients]
            _tell(max(refused, default=0), error)
        except aiosmtplib.SMTPDataError as error:
            _tell(error.code, error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailUnavailable(detail=type(error).__name__) from None


def _tell(code: int, error: aiosmtplib.SMTPException) -> None:
    detail = f"{type(error).__name__} {code}"
    # 5yz is for good, 4yz for now (RFC 5321, section 4.2.1).
    if code >= PERMANENT:
        raise MailRefused(detail=detail) from None
    raise MailUnavailable(detail=detail) from None


def open_mailer(settings: MailSettings) -> SmtpMailer:
    """Return the way to a relay.

    Raises:
        MailUnusable: an address that is none, a file that cannot be read, half of a log-in.
    """
    if _ADDRESS.fullmatch(settings.sender) is None:
        raise MailUnusable(detail="mail.sender: no e-mail address")
    if (settings.user is None) is not (settings.password is None):
        raise MailUnusable(detail="mail.user and mail.password: both or none")
    try:
        context = client_context(ca_file=settings.authority)
        password = _read_password(settings.password)
    except (OSError, UnicodeDecodeError) as error:
        raise MailUnusable(detail=f"mail: {error}") from error
    return SmtpMailer(settings, context, password)


def _read_password(path: Path | None) -> str | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return file.read(PASSWORD_BYTES_MAX).decode("utf-8").strip()


def write_message(mail: Mail, *, sender: str) -> EmailMessage:
    """Return a message as it goes out (RFC 5322), UTF-8 inside base64.

    Raises:
        MailUnfit: too long, or a character that could end a line.
    """
    if _LINE.fullmatch(mail.subject) is None or len(mail.subject) > SUBJECT_CHARACTERS_MAX:
        raise MailUnfit(detail="subject")
    # Asked again, whoever asked before: one bad address here is a letter to a thousand strangers.
    if _ADDRESS.fullmatch(mail.to) is None or _MESSAGE_ID.fullmatch(mail.mail_id) is None:
        raise MailUnfit(detail="address or id")
    try:
        too_long = len((mail.subject + mail.text).encode()) > TEXT_BYTES_MAX
    except UnicodeEncodeError as error:
        raise MailUnfit(detail="half a character") from error
    if too_long:
        raise MailUnfit(detail="text")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = mail.written_at
    message["Message-ID"] = f"<{mail.mail_id}@{sender.rpartition('@')[2]}>"
    # Nobody's holiday answer should come back to us (RFC 3834, section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="base64")
    return message
