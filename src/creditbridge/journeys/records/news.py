"""What a journey tells an enterprise of a consent or of its people: no more than is needed."""

from collections.abc import Iterable

from creditbridge.consents.model import Consent, ConsentState
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


def given_news(given: Iterable[Consent], superseded: Iterable[Consent]) -> list[News]:
    """Return what is told of a yes: what it gave, once all who must approve did, and what it ended.

    Who gave it knows already, and everybody else who speaks for the enterprise should.
    """
    active = [one for one in given if one.state is ConsentState.ACTIVE]
    told = [consent_news(NoticeKind.CONSENT_APPROVED, one) for one in active]
    return told + [consent_news(NoticeKind.CONSENT_SUPERSEDED, one) for one in superseded]


def people_news(kind: NoticeKind, uscc: str) -> News:
    """Return what is told of a change among those who speak for an enterprise: that there is one.

    Who it is stands in the portal: a name would leave the house in a mail.
    """
    return News(kind=kind, uscc=uscc)
