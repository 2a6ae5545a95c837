"""The letters: what a mail says, in the reader's language, and no more than that."""

from datetime import datetime

import msgspec

from creditbridge.endpoints.wording import Wording, choose_language, read_wording
from creditbridge.foundation.mail import SUBJECT_CHARACTERS_MAX, Mail
from creditbridge.notices.model import DueMail, Notice
from creditbridge.notices.rules import CODE_LIFE

INBOX = "/portal/inbox"


class Letters(msgspec.Struct, frozen=True, kw_only=True):
    """Writes mails; `people_url` is where their readers find the portal."""

    people_url: str

    def write(self, mail: DueMail, now: datetime) -> Mail:
        """Return a mail in words: a bank's name and purposes at most, or a code."""
        wording = read_wording(choose_language(asked=mail.language, remembered=None))
        if mail.notice is None:
            subject = wording.plain("letter.code_subject")
            minutes = int(CODE_LIFE.total_seconds()) // 60
            told = wording.plain("letter.code_text", code=mail.code or "", minutes=minutes)
        else:
            subject = told = say_notice(wording, mail.notice)
        lines = [
            wording.plain("letter.greeting"),
            told,
            wording.plain("letter.where", address=self.people_url + INBOX),
            wording.plain("letter.footer"),
        ]
        return Mail(
            mail_id=mail.mail_id,
            to=mail.to,
            subject=subject[:SUBJECT_CHARACTERS_MAX],
            text="\n\n".join(lines) + "\n",
            written_at=now,
        )


def say_notice(wording: Wording, notice: Notice) -> str:
    """Return a notice in one line of plain text."""
    comma = wording.plain("inbox.comma")
    purposes = comma.join(wording.plain(f"purpose.{one}") for one in notice.purposes)
    return wording.plain(
        f"notice_line.{notice.kind}", bank=notice.bank_name or "", purposes=purposes
    )
