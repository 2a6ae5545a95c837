"""What a representative makes of a request: which sections, how long, how often. Pure.

A form says what is ticked, each section under a name of its own. One that says nothing of sections
is a page on which nothing was to be chosen: all that it showed is meant.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from creditbridge.consents.answers import REASON_CHARACTERS_MAX
from creditbridge.endpoints.views import AskedConsent, Choice, Slip, Terms
from creditbridge.journeys.answered_consents import Chosen

TICK = "see_"
CHOOSES = "chooses"  # The hidden field of a page on which sections can be ticked.
TERMS_DAYS = (7, 30, 90, 180, 365)
DIGITS_MAX = 9


def read_choice(form: Mapping[str, str], terms: Terms) -> Choice:
    """Return what a form chooses of the terms it showed, with what has to be put right."""
    ticked = frozenset(one for one in terms.sections if form.get(TICK + one))
    choice = Choice(
        sections=ticked if form.get(CHOOSES) else frozenset(terms.sections),
        days=form.get("days", ""),
        looks=form.get("looks", ""),
        reason=form.get("reason", ""),
    )
    return msgspec.structs.replace(choice, slips=tuple(_list_slips(choice, terms)))


def list_days(terms: Terms) -> tuple[int, ...]:
    """Return the terms, in days, to which a longer one may be shortened."""
    asked = terms.valid_to - terms.valid_from
    return tuple(days for days in TERMS_DAYS if timedelta(days=days) < asked)


def choose_asked(form: Mapping[str, str], asked: tuple[AskedConsent, ...]) -> AskedConsent | None:
    """Return the one consent of a page with what a form chooses of it; None for several, or none.

    Where there are several, each could be narrowed only by more fields than a form may have.
    """
    if len(asked) != 1:
        return None
    return msgspec.structs.replace(asked[0], choice=read_choice(form, asked[0].terms))


def has_slips(asked: AskedConsent | None) -> bool:
    """Tell whether something has to be put right before it counts."""
    return asked is not None and asked.choice is not None and bool(asked.choice.slips)


def chosen_of(asked: AskedConsent | None, *, now: datetime) -> Chosen:
    """Return what was chosen, as the journeys take it; for several, or none, all as asked."""
    if asked is None or asked.choice is None:
        return Chosen()
    return Chosen(
        sections=asked.choice.sections,
        valid_to=end_of(asked.choice, asked.terms, now=now),
        max_queries=looks_of(asked.choice),
    )


def end_of(choice: Choice, terms: Terms, *, now: datetime) -> datetime | None:
    """Return when the term shall end; None where it stays as asked."""
    if not choice.days:
        return None
    begins = max(now, terms.valid_from)
    # While the page was read the asked term may have come closer than the chosen one.
    return min(begins + timedelta(days=int(choice.days)), terms.valid_to)


def looks_of(choice: Choice) -> int | None:
    """Return how many looks shall be allowed; None where it stays as asked."""
    return int(choice.looks) if choice.looks else None


def _list_slips(choice: Choice, terms: Terms) -> list[Slip]:
    slips = list[Slip]()
    if not choice.sections:
        slips.append(Slip.SECTIONS)
    if choice.days and choice.days not in map(str, list_days(terms)):
        slips.append(Slip.DAYS)
    if choice.looks and not _is_number(choice.looks, most=terms.max_queries):
        slips.append(Slip.LOOKS)
    if len(choice.reason) > REASON_CHARACTERS_MAX or not choice.reason.isprintable():
        slips.append(Slip.REASON)
    return slips


def _is_number(text: str, *, most: int) -> bool:
    # Digits alone: `int` would also take signs, spaces and other scripts' digits.
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        return False
    return 1 <= int(text) <= most
