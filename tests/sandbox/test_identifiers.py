"""Synthetic identifiers have true check characters and carry their index."""

import pytest

from creditbridge.protocols.uscc import parse_uscc
from creditsandbox.province.identifiers import body_of, complete_uscc, index_of


@pytest.mark.parametrize(
    ("prefix", "division", "uscc"),
    [
        ("91", "330100", "91330100YY0000A13Y"),
        ("92", "330203", "92330203YY0000A13C"),
        ("51", "330000", "51330000YY0000A13X"),
        ("11", "330000", "11330000YY0000A132"),
        ("91", "330104", "91330104YY0000A13Q"),
    ],
)
def test_check_characters_are_those_of_the_standard(prefix: str, division: str, uscc: str) -> None:
    """The test codes of the domain's page come out, abolished divisions included."""
    assert complete_uscc(prefix, division=division, body="YY0000A1") == uscc


@pytest.mark.parametrize("index", [0, 7, 9_999, 999_999])
def test_a_code_finds_its_index(index: int) -> None:
    """The index goes into the body and comes out of the whole code, which is valid."""
    uscc = complete_uscc("91", division="330100", body=body_of(index))

    assert index_of(uscc) == index
    assert parse_uscc(uscc).warnings == ()


@pytest.mark.parametrize("uscc", ["91330100YY0000A13Y", "91110108551385082Q", "", "YY000001"])
def test_other_codes_carry_no_index(uscc: str) -> None:
    """A fixed enterprise, a real code, and no code at all are not of the population."""
    assert index_of(uscc) is None
