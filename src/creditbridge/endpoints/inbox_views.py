"""What the pages of the inbox show: facts only, without words and without markup."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from creditbridge.notices.model import Notice, NoticeKind
from creditbridge.profile.codes import Purpose

SETTINGS = "/portal/inbox/settings"
# By the first word of a notice's kind: the page that it leads to.
PAGES: Mapping[str, str] = {
    "CONSENT": "/portal/consents",
    "REPORT": "/portal/consents",
    "PERSON": "/portal/my-consents",
    "REPRESENTATIVE": "/portal/people",
    "LEGAL": "/portal/people",
    "CREDENTIAL": "/portal/passkeys",
    "STATEMENT": "/portal/statements",
    "DISPUTE": "/portal/disputes",
}
# Where the notice names what it is about, and that has a page of its own.
NAMED = frozenset({"CONSENT", "REPORT", "PERSON", "DISPUTE"})


class InboxLine(msgspec.Struct, frozen=True, kw_only=True):
    """One notice; `leads_to` is the page where its reader looks further."""

    notice_id: str
    kind: NoticeKind
    bank_name: str
    purposes: tuple[Purpose, ...]
    told_at: datetime
    is_read: bool
    leads_to: str


class InboxView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the inbox, newest first; `older` is the id to go on from."""

    lines: tuple[InboxLine, ...]
    unread: tuple[str, ...]
    older: str | None = None


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """How a person is told; `asked` waits for its code. Without mail there is the inbox alone."""

    sends_mail: bool
    wants_looks: bool = False
    address: str | None = None
    asked: str | None = None


def inbox_line(notice: Notice) -> InboxLine:
    """Return a notice as the inbox shows it."""
    return InboxLine(
        notice_id=notice.notice_id,
        kind=notice.kind,
        bank_name=notice.bank_name or "",
        purposes=notice.purposes,
        told_at=notice.told_at,
        is_read=notice.is_read,
        leads_to=_lead(notice),
    )


def _lead(notice: Notice) -> str:
    word = notice.kind.partition("_")[0]
    if (page := PAGES.get(word)) is None:
        return SETTINGS
    return f"{page}/{notice.about}" if word in NAMED and notice.about else page
