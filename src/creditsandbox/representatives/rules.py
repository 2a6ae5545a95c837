"""What a temper does with a request, and with a consent that it gave. Pure."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from creditsandbox.province.fixed import Temper
from creditsandbox.representatives.pages import TICK, Form

APPROVE, REFUSE = "consent-approve", "consent-cancel"
REASON = "沙盒：本企业总是拒绝"
# Who is done once a request is answered looks at no consent afterwards.
WATCHERS = frozenset({Temper.PAUSES, Temper.WITHDRAWS_MID_QUERY, Temper.WITHDRAWS_AFTER_LOOK})


class Step(StrEnum):
    """What is done to a consent that was given."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    WITHDRAW = "WITHDRAW"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as its page shows it; `paused_seconds` since its pause was first seen."""

    state: str
    looks: Sequence[str] = ()
    turns: Sequence[str] = ()
    paused_seconds: float = 0.0


def choose_button(temper: Temper) -> str | None:
    """Return the button that answers a request; None where it stays unanswered."""
    match temper:
        case Temper.LAPSES:
            return None
        case Temper.REFUSES:
            return REFUSE
        case _:
            return APPROVE


def fill_in(temper: Temper, form: Form) -> dict[str, str]:
    """Return what is typed into the form of a request before its button is pressed."""
    match temper:
        case Temper.REFUSES:
            # Asked for in the portal alone, not on the way back to a bank.
            return {"reason": REASON} if "reason" in form.fields else {}
        case Temper.APPROVES_LESS:
            return _narrow(form)
        case _:
            return {}


def find_step(temper: Temper, seen: Seen, *, pause_seconds: float) -> Step | None:
    """Return what a temper does to a consent in its present state, if anything."""
    match temper, seen.state:
        case Temper.WITHDRAWS_MID_QUERY, "ACTIVE" if "IN_PROGRESS" in seen.looks:
            return Step.WITHDRAW
        case Temper.WITHDRAWS_AFTER_LOOK, "ACTIVE" if "DELIVERED" in seen.looks:
            return Step.WITHDRAW
        # Once in the life of a consent, which its own history remembers.
        case Temper.PAUSES, "ACTIVE" if "DELIVERED" in seen.looks and "paused" not in seen.turns:
            return Step.PAUSE
        case Temper.PAUSES, "PAUSED" if seen.paused_seconds >= pause_seconds:
            return Step.RESUME
        case _:
            return None


def is_done(temper: Temper, seen: Seen) -> bool:
    """Tell whether a temper will do nothing more to a consent, whatever comes."""
    return temper is Temper.PAUSES and "resumed" in seen.turns


def _narrow(form: Form) -> dict[str, str]:
    """Return the first half of the sections, the next shorter term, half of the looks."""
    sections = sorted(name for name in form.fields if name.startswith(TICK))
    kept = (len(sections) + 1) // 2
    chosen = dict.fromkeys(sections[kept:], "")
    # Offered from the shortest to the longest, after the one that was asked.
    if terms := [days for days in form.choices.get("days", ()) if days]:
        chosen["days"] = terms[-1]
    if looks := form.fields.get("looks"):
        chosen["looks"] = str(max(1, int(looks) // 2))
    return chosen
