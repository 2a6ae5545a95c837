"""For which purposes and sections a bank is licensed (PROTOCOLS R4). Pure.

A licence is named when the bank comes in, and changed by two operators. It is asked before an
enterprise sees a request, and again at each use: one that was narrowed meanwhile counts at once.
"""

from collections.abc import Sequence, Set as AbstractSet

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.parties.model import Bank, Licence
from creditbridge.profile.codes import ConsentForm, Purpose, SectionCode

RULE = "bank-licence"
RULE_VERSION = "1"


class LicenceMalformed(Malformed):
    """A licence that names no purpose, no section, or one of them twice."""

    code = "bank-licence-malformed"
    message = "A licence names at least one purpose and one section, each of them once."


class NotLicensed(Refused):
    """The bank asks for what its licence does not hold."""


class PurposeNotLicensed(NotLicensed):
    """The bank is not licensed for this purpose, or for one of several."""

    code = "consent-purpose-not-licensed"
    message = "This bank is not licensed for that purpose; the operator can say for which it is."


class SectionsNotLicensed(NotLicensed):
    """The bank is not licensed for one of the sections."""

    code = "consent-sections-not-licensed"
    message = (
        "This bank is not licensed for one of these sections; the operator can say for which it is."
    )


class PaperNotLicensed(NotLicensed):
    """The bank's licence has no letters on paper, or has them no more."""

    code = "consent-paper-not-licensed"
    message = "This bank is not licensed for letters on paper; the operator can say for what it is."


def require_licence(licence: Licence) -> None:
    """Accept a licence that can be registered.

    Raises:
        LicenceMalformed: it names nothing, or something twice.
    """
    if not (_is_set(licence.purposes) and _is_set(licence.sections)):
        raise LicenceMalformed


def with_licence(bank: Bank, licence: Licence | None) -> Bank:
    """Return the bank as it is licensed; None is for all that enterprises can be asked."""
    return msgspec.structs.replace(
        bank,
        purposes=None if licence is None else frozenset(licence.purposes),
        sections=None if licence is None else frozenset(licence.sections),
        paper=licence is not None and licence.paper is True,
    )


def require_licensed(
    bank: Bank, *, purposes: AbstractSet[Purpose], sections: AbstractSet[SectionCode]
) -> None:
    """Accept what a bank asks for, or asks to be allowed to ask for.

    Raises:
        NotLicensed: a purpose, or else a section, that its licence does not name.
    """
    # Purpose first, as with a consent: it is what the law asks first (PIPL 6).
    if bank.purposes is not None and not purposes <= bank.purposes:
        raise PurposeNotLicensed
    # Never served in part: a bank that asks beyond its licence must learn that it does.
    if bank.sections is not None and not sections <= bank.sections:
        raise SectionsNotLicensed


def list_forms(bank: Bank) -> frozenset[ConsentForm]:
    """Return the forms of consent that a bank may use: on paper only where its licence says so."""
    forms = frozenset(ConsentForm)
    return forms if bank.paper else forms - {ConsentForm.PAPER_SCAN}


def require_form(form: ConsentForm, forms: AbstractSet[ConsentForm]) -> None:
    """Accept a consent of one of the forms that its bank may use.

    Raises:
        PaperNotLicensed: of another.
    """
    if form not in forms:
        raise PaperNotLicensed


def _is_set(names: Sequence[str]) -> bool:
    return 0 < len(names) == len(set(names))
