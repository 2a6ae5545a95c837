"""How open a section is to begin with, in the three degrees that a person is shown. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from creditbridge.profile.codes import SectionCode


class Openness(StrEnum):
    """PUBLIC: anybody may find it. CONSENT: only with a yes. SENSITIVE: about people or loans."""

    PUBLIC = "PUBLIC"
    CONSENT = "CONSENT"
    SENSITIVE = "SENSITIVE"


# By the strictest datum in it (DOMAIN, section 7.5); all that is not named here is published.
_CLOSED: Mapping[SectionCode, Openness] = MappingProxyType(
    {
        SectionCode.JUD: Openness.CONSENT,
        SectionCode.TAX: Openness.CONSENT,
        SectionCode.SOC: Openness.CONSENT,
        SectionCode.CUS: Openness.CONSENT,
        SectionCode.UTL: Openness.CONSENT,
        SectionCode.EVA: Openness.CONSENT,
        SectionCode.QRY: Openness.CONSENT,
        SectionCode.FIN: Openness.SENSITIVE,
        SectionCode.PSN: Openness.SENSITIVE,
    }
)


class SectionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Sections of one degree, in the order of the profile."""

    openness: Openness
    sections: tuple[SectionCode, ...]


def group_sections(sections: Iterable[SectionCode]) -> tuple[SectionGroup, ...]:
    """Return the sections by degree, the most sensitive first; a degree without any is absent."""
    # What needs the most thought is read first, while there is still patience for it.
    asked = frozenset(sections)
    order = [one for one in SectionCode if one in asked]
    groups = (
        SectionGroup(
            openness=degree,
            sections=tuple(one for one in order if openness_of(one) is degree),
        )
        for degree in reversed(Openness)
    )
    return tuple(group for group in groups if group.sections)


def openness_of(section: SectionCode) -> Openness:
    """Return the degree of one section."""
    return _CLOSED.get(section, Openness.PUBLIC)
