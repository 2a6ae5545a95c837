"""How open sections are, as a person is shown them."""

from creditbridge.endpoints.openness import Openness, group_sections, openness_of
from creditbridge.profile.codes import SectionCode


def test_the_most_sensitive_is_read_first() -> None:
    """Three degrees, each in the order of the profile."""
    groups = group_sections([SectionCode.PEN, SectionCode.EVA, SectionCode.REG, SectionCode.FIN])

    assert [(group.openness, group.sections) for group in groups] == [
        (Openness.SENSITIVE, (SectionCode.FIN,)),
        (Openness.CONSENT, (SectionCode.EVA,)),
        (Openness.PUBLIC, (SectionCode.REG, SectionCode.PEN)),
    ]


def test_a_degree_without_sections_is_absent() -> None:
    """No empty heading."""
    assert [group.openness for group in group_sections([SectionCode.REG])] == [Openness.PUBLIC]
    assert group_sections([]) == ()


def test_people_and_loans_are_sensitive() -> None:
    """And nothing else is (DOMAIN, section 7.5: L and N)."""
    found = {one for one in SectionCode if openness_of(one) is Openness.SENSITIVE}

    assert found == {SectionCode.FIN, SectionCode.PSN}
