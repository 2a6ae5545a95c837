"""Tempers, step by step; and what is read of a page."""

import pytest

from creditsandbox.province.fixed import Temper
from creditsandbox.representatives.pages import Form, PageUnfit, read_page
from creditsandbox.representatives.rules import (
    APPROVE,
    REFUSE,
    Seen,
    Step,
    choose_button,
    fill_in,
    find_step,
    is_done,
)

PAGE = """<main><span class="state state-PAUSED">x</span><span class="state state-ENDED">y</span>
<ol class="looks"><li class="look look-IN_PROGRESS"><p class="look-head"></p></li></ol>
<ol class="turns"><li class="turn turn-paused"></li></ol>
<ul><li class="card card-live"><div class="card-head"><a href="/portal/consents/cns_1">a</a></div>
</li><li><a href="/portal/consents/cns_2">no card</a></li></ul>
<form method="post" action="/act?a=1&amp;b=2"><input type="hidden" name="version" value="3">
<input type="checkbox" name="see_REG" value="yes" checked><input type="checkbox" name="see_PEN">
<input type="checkbox" name="purpose" checked><input type="radio" name="may" value="no">
<select name="days"><option value="">all</option><option value="7">7</option></select>
<select name="unit"><option value="a">a</option><option value="b" selected>b</option></select>
<button id="go" name="decision" value="approve">go</button><button id="stop">stop</button>
</form><select name="outside"></select></main>"""


def test_a_page_is_read_as_a_browser_would_send_it() -> None:
    """What is ticked and chosen counts; a button sends its own name; the first state is meant."""
    page = read_page("https://portal.example/x", 200, PAGE)

    assert (page.state, page.looks, page.turns) == ("PAUSED", ["IN_PROGRESS"], ["paused"])
    assert page.cards == [("live", "https://portal.example/portal/consents/cns_1")]
    form = page.get_form("go")
    assert form.action == "https://portal.example/act?a=1&b=2"
    assert form.press("go") == {
        "version": "3",
        "see_REG": "yes",
        "purpose": "on",
        "days": "",
        "unit": "b",
        "decision": "approve",
    }
    assert "decision" not in form.press("stop")
    with pytest.raises(PageUnfit):
        page.get_form("away")


@pytest.mark.parametrize("temper", Temper)
def test_each_temper_presses_its_button(temper: Temper) -> None:
    """One refuses, one stays silent, all others approve."""
    expected = {Temper.REFUSES: REFUSE, Temper.LAPSES: None}.get(temper, APPROVE)

    assert choose_button(temper) == expected


LESS = {"see_PEN": "", "see_REG": "", "days": "30", "looks": "10"}


@pytest.mark.parametrize(
    ("temper", "fields", "days", "expected"),
    [
        (Temper.APPROVES, {"see_REG": "yes", "looks": "3"}, ["", "7"], {}),
        (Temper.REFUSES, {}, [], {}),
        (Temper.REFUSES, {"reason": ""}, [], {"reason": "沙盒：本企业总是拒绝"}),
        (Temper.APPROVES_LESS, {"see_REG": "yes"}, [], {}),
        (Temper.APPROVES_LESS, {"see_REG": "yes", "looks": "1"}, [""], {"looks": "1"}),
        (
            Temper.APPROVES_LESS,
            {"see_REG": "1", "see_EVA": "1", "see_PEN": "1", "see_LST": "1", "looks": "20"},
            ["", "7", "30"],
            LESS,
        ),
    ],
)
def test_what_is_filled_in(
    temper: Temper, fields: dict[str, str], days: list[str], expected: dict[str, str]
) -> None:
    """Less is the first half of the sections, the next shorter term, half of the looks."""
    assert fill_in(temper, Form(action="", fields=fields, choices={"days": days})) == expected


MID, AFTER, PAUSES = Temper.WITHDRAWS_MID_QUERY, Temper.WITHDRAWS_AFTER_LOOK, Temper.PAUSES


@pytest.mark.parametrize(
    ("temper", "seen", "step"),
    [
        (MID, Seen(state="ACTIVE"), None),
        (MID, Seen(state="ACTIVE", looks=["DELIVERED"]), None),
        (MID, Seen(state="ACTIVE", looks=["DELIVERED", "IN_PROGRESS"]), Step.WITHDRAW),
        (MID, Seen(state="WITHDRAWN", looks=["IN_PROGRESS"]), None),
        (AFTER, Seen(state="ACTIVE", looks=["IN_PROGRESS"]), None),
        (AFTER, Seen(state="ACTIVE", looks=["DELIVERED"]), Step.WITHDRAW),
        (PAUSES, Seen(state="ACTIVE"), None),
        (PAUSES, Seen(state="ACTIVE", looks=["DELIVERED"]), Step.PAUSE),
        (PAUSES, Seen(state="PAUSED", paused_seconds=4.9), None),
        (PAUSES, Seen(state="PAUSED", paused_seconds=5.0), Step.RESUME),
        (PAUSES, Seen(state="ACTIVE", looks=["DELIVERED"], turns=["paused", "resumed"]), None),
        (Temper.APPROVES, Seen(state="ACTIVE", looks=["DELIVERED"]), None),
    ],
)
def test_the_next_step(temper: Temper, seen: Seen, step: Step | None) -> None:
    """It follows from what the consent's page shows, and from nothing else."""
    assert find_step(temper, seen, pause_seconds=5.0) is step


@pytest.mark.parametrize(
    ("temper", "turns", "done"),
    [(PAUSES, ["paused"], False), (PAUSES, ["paused", "resumed"], True), (MID, ["resumed"], False)],
)
def test_who_is_done_with_a_consent(temper: Temper, turns: list[str], done: bool) -> None:  # noqa: FBT001 -- a table
    """One pause in the life of a consent; the others end it, so that it leaves the list."""
    assert is_done(temper, Seen(state="ACTIVE", turns=turns)) is done
