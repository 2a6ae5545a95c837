"""Which passkeys and rules a consent's story is about: those that signed it, and none besides."""

from collections.abc import Iterable, Sequence

from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    CredentialEnded,
    CredentialEnrolled,
    EnterpriseChanged,
    Opened,
    Terms,
)
from creditbridge.ledger.rules import open_entry


def select_credentials(chain: Iterable[Opened], found: Iterable[Opened]) -> list[Opened]:
    """Return the enrolments of the passkeys that signed in the chain, and how these ended."""
    signed = {
        terms.credential
        for terms in map(_terms_of, chain)
        if isinstance(terms, ConsentApproved | ConsentCountersigned)
    }
    known = [(one, _terms_of(one)) for one in found]
    credentials = _credentials_of(known, signed)
    # A person's other passkeys are none of the bank's business.
    return [
        one
        for one, terms in known
        if isinstance(terms, CredentialEnrolled | CredentialEnded)
        and terms.credential in credentials
    ]


def last_rules(changes: Iterable[Opened]) -> list[Opened]:
    """Return the change by which an enterprise last said how many must approve, if there is one.

    The changes come last first. Who its legal representative was is none of the bank's business.
    """
    for one in changes:
        terms = _terms_of(one)
        if isinstance(terms, EnterpriseChanged) and terms.rules is not None:
            return [one]
    return []


def _credentials_of(
    known: Sequence[tuple[Opened, Terms]], signed: set[str | None]
) -> frozenset[str]:
    return frozenset(
        terms.credential
        for one, terms in known
        if isinstance(terms, CredentialEnrolled) and one.event_id in signed
    )


def _terms_of(one: Opened) -> Terms:
    core, _ = open_entry(one.opening)
    return core.terms
