"""What is called out before somebody decides."""

from datetime import timedelta

import msgspec
import pytest

from creditbridge.endpoints.extents import Extent
from creditbridge.endpoints.unusual import list_unusual
from creditbridge.endpoints.views import DecisionView, Oddity, Terms, Unusual
from creditbridge.profile.codes import Purpose, SectionCode


@pytest.fixture
def terms(pages: dict[str, dict[str, object]]) -> Terms:
    """A usual request: public sections, half a year, five looks."""
    view = pages["decision"]["view"]
    assert isinstance(view, DecisionView)
    return msgspec.structs.replace(view.terms, extent=Extent())


def test_a_usual_request_has_nothing_unusual(terms: Terms) -> None:
    """Up to a year and twelve looks."""
    year = terms.valid_from + timedelta(days=366)

    assert list_unusual(terms) == ()
    assert list_unusual(msgspec.structs.replace(terms, valid_to=year, max_queries=12)) == ()


@pytest.mark.parametrize(
    ("section", "sign"),
    [
        (SectionCode.PSN, Unusual.PERSONAL),
        (SectionCode.OWN, Unusual.PERSONAL),
        (SectionCode.FIN, Unusual.LENDING),
        (SectionCode.SOC, Unusual.COMMERCIAL),
        (SectionCode.UTL, Unusual.COMMERCIAL),
        (SectionCode.TAX, Unusual.COMMERCIAL),
    ],
)
def test_a_section_that_is_not_public_is_called_out(
    terms: Terms, section: SectionCode, sign: Unusual
) -> None:
    """Personal, lending and commercial data, each by its own sentence."""
    assert list_unusual(msgspec.structs.replace(terms, sections=(section,))) == (Oddity(sign=sign),)


def test_everything_unusual_is_called_out_once(terms: Terms) -> None:
    """Long, often, as a related party, with every section."""
    wide = msgspec.structs.replace(
        terms,
        sections=tuple(SectionCode),
        purposes=(Purpose.POST_LOAN, Purpose.RELATED_PARTY),
        valid_to=terms.valid_from + timedelta(days=367),
        max_queries=13,
        extent=Extent(monitoring=True, retention_days=3_660),
    )

    found = list_unusual(wide)
    assert {one.sign for one in found} == set(Unusual)
    assert len(found) == len(Unusual)
    assert {one.sign: one.value for one in found if one.value} == {
        Unusual.LONG_VALIDITY: 367,
        Unusual.MANY_USES: 13,
        Unusual.LONG_RETENTION: 10,
    }
