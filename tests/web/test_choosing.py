"""What a representative makes of a request, read from the form."""

from datetime import timedelta

import msgspec
import pytest

from creditbridge.endpoints.choosing import end_of, list_days, looks_of, read_choice
from creditbridge.endpoints.views import DecisionView, Slip, Terms
from creditbridge.profile.codes import SectionCode


@pytest.fixture
def terms(pages: dict[str, dict[str, object]]) -> Terms:
    """A request for REG and PEN, 180 days and five looks."""
    view = pages["decision"]["view"]
    assert isinstance(view, DecisionView)
    return view.terms


def test_what_is_ticked_is_chosen(terms: Terms) -> None:
    """One of the two; a box that the page never showed counts for nothing."""
    choice = read_choice({"chooses": "yes", "see_REG": "yes", "see_FIN": "yes"}, terms)

    assert choice.sections == {SectionCode.REG}
    assert choice.slips == ()
    assert end_of(choice, terms, now=terms.valid_from) is None
    assert looks_of(choice) is None


def test_a_page_without_boxes_means_what_it_showed(terms: Terms) -> None:
    """Nothing was to be chosen on it."""
    assert read_choice({}, terms).sections == frozenset(terms.sections)


def test_no_box_ticked_is_a_slip_and_no_yes(terms: Terms) -> None:
    """Whoever wants to give nothing says no."""
    assert read_choice({"chooses": "yes"}, terms).slips == (Slip.SECTIONS,)


@pytest.mark.parametrize("looks", ["0", "6", "-1", "1.5", "+2", " 2", "٢", "2x", "1" * 10])
def test_looks_are_a_number_within_what_was_asked(terms: Terms, looks: str) -> None:
    """Digits alone, from one to five."""
    assert read_choice({"looks": looks}, terms).slips == (Slip.LOOKS,)


@pytest.mark.parametrize("days", ["1", "180", "365", "-7", "x"])
def test_days_are_one_of_those_on_the_list(terms: Terms, days: str) -> None:
    """180 are what was asked: no shortening."""
    assert list_days(terms) == (7, 30, 90)
    assert read_choice({"days": days}, terms).slips == (Slip.DAYS,)


def test_a_shorter_term_counts_from_now_and_never_passes_the_asked_one(terms: Terms) -> None:
    """From the yes, or from the beginning where that is still to come; cut off at the end."""
    choice = read_choice({"days": "90", "looks": "5"}, terms)
    begin, week = terms.valid_from, timedelta(days=7)

    assert choice.slips == ()
    assert looks_of(choice) == 5
    assert end_of(choice, terms, now=begin + week) == begin + week + timedelta(days=90)
    assert end_of(choice, terms, now=begin - week) == begin + timedelta(days=90)
    assert end_of(choice, terms, now=terms.valid_to - week) == terms.valid_to


def test_a_reason_of_over_200_characters_is_a_slip(terms: Terms) -> None:
    """So is one that would not print; a reason of 200 is none."""
    assert read_choice({"reason": "长" * 200}, terms).slips == ()
    assert read_choice({"reason": "长" * 201}, terms).slips == (Slip.REASON,)
    assert read_choice({"reason": "a\u202eb"}, terms).slips == (Slip.REASON,)


def test_a_short_request_has_no_shorter_terms(terms: Terms) -> None:
    """A week is the least that is offered."""
    short = msgspec.structs.replace(terms, valid_to=terms.valid_from + timedelta(days=7))

    assert list_days(short) == ()
