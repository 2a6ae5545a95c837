"""The way out for mail: a real relay over TLS, and what no message may do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from socket import create_server
from typing import Protocol

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given, strategies as st
from msgspec.structs import replace
from typing_extensions import override

from creditbridge.foundation.mail import (
    Encryption,
    Mail,
    MailRefused,
    MailSettings,
    MailUnavailable,
    MailUnfit,
    MailUnusable,
    open_mailer,
    write_message,
)
from creditsandbox.mailbox.letters import Letters
from creditsandbox.mailbox.settings import MailboxSettings
from creditsandbox.mailbox.smtp import open_smtp

MAIL = Mail(
    mail_id="m1",
    to="lin@example.com",
    subject="北岸银行请求查询授权",
    text="您好：\n.\r\nBcc: all@example.com\n",
    written_at=datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
)
SENDER = "notices@creditbridge.example"


class Pki(Protocol):
    """What these tests need of the throw-away authority."""

    ca_file: Path

    def another(self, name: str) -> "Pki":
        """Return an authority that knows nothing of this one."""
        ...

    def issue(self, name: str) -> tuple[Path, Path]:
        """Return certificate and key of a server."""
        ...


def free_port() -> int:
    """Return a port that nobody listens on."""
    with create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def letters() -> Letters:
    """What came."""
    return Letters()


@pytest.fixture
async def relay(pki: Pki, letters: Letters) -> AsyncIterator[MailSettings]:
    """The settings for a relay that runs."""
    certificate, key = pki.issue("relay")
    port = free_port()
    door = await open_smtp(
        MailboxSettings(smtp_port=port, certificate_file=certificate, private_key_file=key), letters
    )
    yield MailSettings(
        host="127.0.0.1",
        port=port,
        sender=SENDER,
        encryption=Encryption.TLS,
        authority=pki.ca_file,
        timeout_seconds=5,
    )
    door.close()


async def test_a_mail_arrives_as_it_was_written(relay: MailSettings, letters: Letters) -> None:
    """Chinese and a line with a dot alone included; what looks like a header is text."""
    await open_mailer(relay).send(MAIL)

    [letter] = letters.list_latest()
    assert letter.message_id == "<m1@creditbridge.example>"
    assert (letter.sender, letter.to) == (SENDER, "lin@example.com")
    assert letter.subject == MAIL.subject
    assert letter.text.replace("\r\n", "\n") == "您好：\n.\nBcc: all@example.com\n"
    assert letter.date == "Mon, 23 Nov 2026 01:30:00 +0000"


@pytest.mark.parametrize(
    ("to", "error", "code"),
    [("x@refused.example", MailRefused, 550), ("x@busy.example", MailUnavailable, 450)],
)
async def test_a_refusal_for_good_and_one_for_now_differ(
    relay: MailSettings, to: str, error: type[Exception], code: int
) -> None:
    """And neither says whose mail it was."""
    with pytest.raises(error) as raised:
        await open_mailer(relay).send(replace(MAIL, to=to))

    detail = getattr(raised.value, "detail", "")
    assert str(code) in detail
    assert "example" not in detail


async def test_a_relay_that_somebody_else_vouches_for_gets_nothing(
    relay: MailSettings, letters: Letters, pki: Pki
) -> None:
    """Only the authority that the settings name."""
    stranger = replace(relay, authority=pki.another("stranger").ca_file)

    with pytest.raises(MailUnavailable):
        await open_mailer(stranger).send(MAIL)

    assert list(letters.list_latest()) == []


async def test_a_relay_that_does_not_listen_is_unavailable(relay: MailSettings) -> None:
    """Nothing was sent, and it may be tried again."""
    with pytest.raises(MailUnavailable):
        await open_mailer(replace(relay, port=free_port())).send(MAIL)


async def test_a_relay_without_starttls_gets_nothing(pki: Pki) -> None:
    """Whoever strips the command from the relay's greeting gets no mail in the clear."""
    came = list[bytes]()

    class Plain(SMTP):
        """A relay that offers no TLS, or from which somebody on the way took the offer."""

        @override
        async def smtp_MAIL(self, arg: str | None) -> None:
            came.append(str(arg).encode())
            await self.push("250 OK")

    loop = asyncio.get_running_loop()
    door = await loop.create_server(
        lambda: Plain(object(), hostname="plain.example", loop=loop), "127.0.0.1", 0
    )
    port = int(door.sockets[0].getsockname()[1])
    settings = MailSettings(host="127.0.0.1", port=port, sender=SENDER, authority=pki.ca_file)

    with pytest.raises(MailUnavailable):
        await open_mailer(settings).send(MAIL)

    door.close()
    assert came == []


@pytest.mark.parametrize(
    "unfit",
    [
        replace(MAIL, subject="a\r\nBcc: all@example.com"),
        replace(MAIL, subject="a\u2028b"),
        replace(MAIL, subject=""),
        replace(MAIL, subject="a" * 201),
        replace(MAIL, to="lin@example.com, zhou@example.com"),
        replace(MAIL, to="lin@example.com\nBcc: all@example.com"),
        replace(MAIL, to="lin"),
        replace(MAIL, mail_id="m1>\r\nBcc: all@example.com"),
        replace(MAIL, text="字" * 5_462),
        replace(MAIL, text="\ud800"),
    ],
)
def test_what_could_begin_a_header_or_is_too_long_is_not_written(unfit: Mail) -> None:
    """A second recipient, a line that ends, 16 KiB and one byte."""
    with pytest.raises(MailUnfit):
        write_message(unfit, sender=SENDER)


@given(subject=st.text(max_size=250), text=st.text(max_size=300))
def test_no_text_adds_a_header(subject: str, text: str) -> None:
    """Whatever stands in subject and text, the message has the headers that we wrote."""
    try:
        written = write_message(replace(MAIL, subject=subject, text=text), sender=SENDER)
    except MailUnfit:
        return

    read = message_from_bytes(written.as_bytes(), policy=default)
    assert sorted(name.lower() for name in read) == [
        *("auto-submitted", "content-transfer-encoding", "content-type", "date", "from"),
        *("message-id", "mime-version", "subject", "to"),
    ]
    assert str(read["To"]) == "lin@example.com"


@pytest.mark.parametrize(
    "changed",
    [
        {"sender": "nobody"},
        {"user": "notices"},
        {"authority": Path("absent.pem")},
        {"user": "notices", "password": Path("absent")},
    ],
)
def test_settings_that_cannot_be_used_refuse_the_start(changed: dict[str, object]) -> None:
    """With the key at fault."""
    settings = replace(MailSettings(host="relay.example", port=587, sender=SENDER), **changed)

    with pytest.raises(MailUnusable):
        open_mailer(settings)


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    """Without the line's end."""
    file = tmp_path / "password"
    file.write_text("secret\n")
    settings = MailSettings(
        host="relay.example", port=587, sender=SENDER, user="notices", password=file
    )

    assert open_mailer(settings) is not None
