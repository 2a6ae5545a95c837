"""Which answers an `Accept` header lets through (RFC 9110, section 12.5.1)."""

import pytest
from hypothesis import given, strategies as st

from creditbridge.protocols.media_ranges import accepts

JSON = "application/json"
WELCOME = [
    [],
    [""],
    ["*/*"],
    ["application/*"],
    ["application/json"],
    ["Application/JSON; charset=UTF-8"],
    ["application/json;charset=utf-8;q=0.1"],
    ["text/html, application/json"],
    ["text/html", "application/json"],
    ["*/*;q=0, application/json"],
    ["application/*;q=0.000, application/json;q=1.000"],
    ["application/json;q=high"],
]
EXCLUDED = [
    ["text/html"],
    ["text/*"],
    ["application/xml, application/problem+json"],
    ["application/json;q=0"],
    ["application/json ; q=0.00, */*"],
    ["*/*;q=0.0"],
    ["json"],
]


@pytest.mark.parametrize("values", WELCOME)
def test_S5_json_is_welcome(values: list[str]) -> None:
    """By its name, with a charset, by a wider range, or where nothing is said."""
    assert accepts(values, JSON)


@pytest.mark.parametrize("values", EXCLUDED)
def test_S5_json_is_excluded(values: list[str]) -> None:
    """By a weight of nothing, or as no range covers it; the most specific one decides."""
    assert not accepts(values, JSON)


@given(st.lists(st.text()))
def test_any_header_is_read(values: list[str]) -> None:
    """Nothing that may arrive is an error here."""
    assert accepts(values, JSON) in {True, False}
