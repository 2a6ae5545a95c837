"""Natural persons in a profile: nothing of them is shown without their own, separate consent.

PIPL 23 and 29, ZJ 19: the enterprise's word opens nothing of a person, and one person's word
nothing of another. Pure.
"""

from collections.abc import Collection, Iterable

import msgspec

from creditbridge.profile.codes import KeyPosition, SectionCode

# Where a person is named beside the enterprise's own data; PSN is about persons alone.
PERSON_SECTIONS = frozenset({SectionCode.REG, SectionCode.OWN, SectionCode.PSN})
WHOLLY_PERSONAL = frozenset({SectionCode.PSN})


class CoveredPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person as their own live consent covers them: as what they are known, and where.

    `name` is what the identity service vouches for; `entry` is the event id of `person.consented`,
    `artefact_digest` the SHA-256, in hex, of what the house signed for that consent.
    """

    person_consent_id: str
    entry: str
    artefact_digest: str
    name: str
    position: KeyPosition
    sections: frozenset[SectionCode]


def is_covered(
    persons: Iterable[CoveredPerson],
    name: str,
    positions: Collection[KeyPosition],
    section: SectionCode,
) -> bool:
    """Tell whether somebody of this name, in one of these positions, may be shown in a section."""
    # Name and position together: a namesake in another place never said yes.
    return any(
        one.name == name and one.position in positions and section in one.sections
        for one in persons
    )


def sections_opened(
    persons: Iterable[CoveredPerson], asked: frozenset[SectionCode]
) -> frozenset[SectionCode]:
    """Return the sections about persons alone that are asked for and that somebody opened."""
    opened = (one.sections for one in persons)
    return asked & WHOLLY_PERSONAL & frozenset[SectionCode]().union(*opened)
