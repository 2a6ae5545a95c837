"""What a journey tells an enterprise of a consent or of its people: no more than is needed."""

from creditbridge.consents.model import Consent
from creditbridge.notices.model import News, NoticeKind


def consent_news(kind: NoticeKind, consent: Consent, *, once: str = "") -> News:
    """Return what is told of a consent: which bank, and for what."""
    return News(
        kind=kind,
        uscc=consent.uscc,
        about=consent.consent_id,
        bank_name=consent.bank_name,
        purposes=consent.purposes,
        once=once,
    )


def people_news(kind: NoticeKind, uscc: str) -> News:
    """Return what is told of a change among those who speak for an enterprise: that there is one.

    Who it is stands in the portal: a name would leave the house in a mail.
    """
    return News(kind=kind, uscc=uscc)
