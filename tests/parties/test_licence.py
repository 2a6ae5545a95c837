"""For what a bank may ask: within its licence, and without one for all that can be asked."""

import pytest

from creditbridge.parties.licence import (
    LicenceMalformed,
    NotLicensed,
    PurposeNotLicensed,
    SectionsNotLicensed,
    require_licence,
    require_licensed,
    with_licence,
)
from creditbridge.parties.model import Bank, Licence, Standing
from creditbridge.profile.codes import Purpose, SectionCode

UNLICENSED = Bank(bank_id="b", uscc="", legal_name="", state=Standing.ACTIVE)
LICENCE = Licence(
    purposes=(Purpose.PRE_LOAN_REVIEW, Purpose.POST_LOAN),
    sections=(SectionCode.REG, SectionCode.PEN),
)
BANK = with_licence(UNLICENSED, LICENCE)

REVIEW = frozenset({Purpose.PRE_LOAN_REVIEW})
REG = frozenset({SectionCode.REG})


def test_R4_what_the_licence_names_may_be_asked() -> None:
    """All of it, and parts of it."""
    require_licensed(BANK, purposes=REVIEW, sections=REG)
    require_licensed(
        BANK, purposes=set(LICENCE.purposes), sections={SectionCode.PEN, SectionCode.REG}
    )


@pytest.mark.parametrize(
    ("purposes", "sections", "refused"),
    [
        ({Purpose.LIMIT_APPROVAL}, REG, PurposeNotLicensed),
        ({Purpose.PRE_LOAN_REVIEW, Purpose.LIMIT_APPROVAL}, REG, PurposeNotLicensed),
        (REVIEW, {SectionCode.JUD}, SectionsNotLicensed),
        (REVIEW, {SectionCode.REG, SectionCode.JUD}, SectionsNotLicensed),
        ({Purpose.LIMIT_APPROVAL}, {SectionCode.JUD}, PurposeNotLicensed),
    ],
)
def test_R4_what_it_does_not_name_is_refused_whole(
    purposes: frozenset[Purpose], sections: frozenset[SectionCode], refused: type[NotLicensed]
) -> None:
    """Also where a part of it is named; the purpose first."""
    with pytest.raises(refused):
        require_licensed(BANK, purposes=purposes, sections=sections)


def test_R4_a_bank_without_a_licence_may_ask_whatever_can_be_asked() -> None:
    """As every bank could whose onboarding named none; two operators can make it so again."""
    require_licensed(UNLICENSED, purposes=set(Purpose), sections=set(SectionCode))

    assert with_licence(BANK, None) == UNLICENSED


@pytest.mark.parametrize(
    "licence",
    [
        Licence(purposes=(), sections=LICENCE.sections),
        Licence(purposes=LICENCE.purposes, sections=()),
        Licence(purposes=LICENCE.purposes * 2, sections=LICENCE.sections),
        Licence(purposes=LICENCE.purposes, sections=LICENCE.sections * 2),
    ],
)
def test_R4_a_licence_names_something_and_nothing_twice(licence: Licence) -> None:
    """Two people sign it: it must say what it means."""
    require_licence(LICENCE)

    with pytest.raises(LicenceMalformed):
        require_licence(licence)
