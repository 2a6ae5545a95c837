"""What a tester does at the province's desk: look, move its day, switch faults, decide by hand.

    creditbridge-sandbox inspect USCC [--on DAY] [--json] [--config FILE | --seed N --size N]
    creditbridge-sandbox person NUMBER [--on DAY] [--config FILE | --seed N --size N]
    creditbridge-sandbox duties [--on DAY] [--config FILE | --seed N --size N]
    creditbridge-sandbox changes [--after CURSOR] [--on DAY] [--config FILE | --seed N --size N]
    creditbridge-sandbox advance [DAYS | --to DAY] --config FILE
    creditbridge-sandbox fault OUTCOME|OFF [--uscc USCC] --config FILE
    creditbridge-sandbox decide REPAIR|REVOKE|REMOVE|CORRECT USCC NUMBER --config FILE

The changes go into the state file, which every process of the sandbox reads; a running one follows
with its next query.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.errors import CreditbridgeError
from creditsandbox.province.acts import make_act
from creditsandbox.province.duties import Duty, list_duties
from creditsandbox.province.evaluation import Evaluation, evaluate
from creditsandbox.province.fixed import Outcome
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import (
    SEED,
    SIZE,
    Province,
    ProvinceSettings,
    open_province,
)
from creditsandbox.province.portrait import draw_portrait
from creditsandbox.province.rewards import Reward, list_rewards
from creditsandbox.province.state import (
    EVERYBODY,
    SWITCHES,
    ActKind,
    Fault,
    State,
    StateFile,
    StateUnusable,
)
from creditsandbox.province.supervision import LevelRow, level_for
from creditsandbox.province.supplies import list_overdue
from creditsandbox.province.withdrawals import START

LOOKS = ("inspect", "person", "duties", "changes")
MOVES = ("advance", "fault", "decide")
OFF = "OFF"


class NobodyThere(CreditbridgeError):
    """No entity of the province has this code on this day."""

    code = "nobody-there"
    message = "No such entity in this province."


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """What `inspect --json` writes."""

    on: date
    enterprise: Enterprise
    evaluation: Evaluation | None
    supervision: LevelRow
    duties: tuple[Duty, ...]
    rewards: tuple[Reward, ...]


def add_commands(add: Callable[[str], ArgumentParser]) -> None:
    """Describe the desk's commands; `add` makes a parser of a name."""
    for name in LOOKS:
        _add_look(add(name), name)
    for name in MOVES:
        _add_move(add(name), name)


def _add_look(look: ArgumentParser, name: str) -> None:
    look.add_argument("--seed", type=int, default=SEED)
    look.add_argument("--size", type=int, default=SIZE)
    look.add_argument("--config", type=Path, default=None)
    look.add_argument("--on", type=date.fromisoformat, default=None)
    match name:
        case "inspect":
            look.add_argument("uscc")
            look.add_argument("--json", action="store_true", dest="as_json")
        case "person":
            look.add_argument("number", type=int)
        case "changes":
            look.add_argument("--after", default=START)
        case _:
            pass


def _add_move(move: ArgumentParser, name: str) -> None:
    move.add_argument("--config", type=Path, required=True)
    match name:
        case "advance":
            where = move.add_mutually_exclusive_group()
            where.add_argument("days", type=int, nargs="?", default=None)
            where.add_argument("--to", type=date.fromisoformat, default=None)
        case "fault":
            move.add_argument("outcome", choices=(*sorted(SWITCHES), OFF))
            move.add_argument("--uscc", default=None)
        case _:
            move.add_argument("kind", choices=tuple(ActKind), type=ActKind)
            move.add_argument("uscc")
            move.add_argument("number")


def run(parsed: Namespace, settings: ProvinceSettings, *, now: datetime) -> None:
    """Run a command of the desk over the province that the settings describe.

    Raises:
        NobodyThere: no such entity.
        StateUnusable: a change that cannot be made.
    """
    province = open_province(settings)
    if parsed.command in LOOKS:
        look(parsed, province, on=parsed.on or province.read_state().day_of(now))
        return
    if province.state_file is None:
        raise StateUnusable(detail="the configuration names no state file")
    match parsed.command:
        case "advance":
            advance(province.state_file, now=now, days=parsed.days, to=parsed.to)
        case "fault":
            switch(province.state_file, parsed.outcome, uscc=parsed.uscc)
        case _:
            day = province.read_state().day_of(now)
            decide(province, parsed.kind, parsed.uscc, parsed.number, on=day)


def look(parsed: Namespace, province: Province, *, on: date) -> None:
    """Run a command that changes nothing.

    Raises:
        NobodyThere: no such entity.
    """
    match parsed.command:
        case "inspect":
            inspect(province, parsed.uscc, on=on, as_json=parsed.as_json)
        case "person":
            show_person(province, parsed.number, on=on)
        case "duties":
            list_late(province, on=on)
        case _:
            list_changes(province, after=parsed.after, on=on)


def find(province: Province, uscc: str, *, on: date) -> Enterprise:
    """Return the file of an entity with the decisions taken by hand.

    Raises:
        NobodyThere: no such entity.
    """
    enterprise = province.find_enterprise(uscc, on=on, state=province.read_state())
    if enterprise is None:
        raise NobodyThere
    return enterprise


def inspect(province: Province, uscc: str, *, on: date, as_json: bool) -> None:
    """Write what is on record about an entity on a day, and why its score is what it is.

    Raises:
        NobodyThere: no such entity.
    """
    enterprise = find(province, uscc, on=on)
    if not as_json:
        sys.stdout.write(draw_portrait(enterprise, on=on))
        return
    made = evaluate(enterprise, on=on)
    write_json(
        Portrait(
            on=on,
            enterprise=enterprise,
            evaluation=made,
            supervision=level_for(None if made is None else made.grade_code),
            duties=list_duties(enterprise, on=on),
            rewards=list_rewards(enterprise, on=on),
        )
    )


def show_person(province: Province, number: int, *, on: date) -> None:
    """Write a natural person's file on a day, as JSON.

    Raises:
        NobodyThere: a number beyond the province's size.
    """
    file = province.find_person(number, on=on, state=province.read_state())
    if file is None:
        raise NobodyThere
    write_json(file)


def advance(state_file: StateFile, *, now: datetime, days: int | None, to: date | None) -> None:
    """Move the province's day by so many days, or to a day; with neither, back to today.

    Raises:
        StateUnusable: too far.
    """
    state = state_file.read()
    today = State().day_of(now)
    ahead = 0
    if to is not None:
        ahead = (to - today).days
    elif days is not None:
        ahead = state.ahead_days + days
    state_file.write(replace(state, ahead_days=ahead))
    write_json({"day": today + timedelta(days=ahead), "ahead_days": ahead})


def switch(state_file: StateFile, word: str, *, uscc: str | None) -> None:
    """Switch a fault on for an enterprise or for everybody, or off; no enterprise and off: all off.

    Raises:
        StateUnusable: an outcome that cannot be switched on.
    """
    state = state_file.read()
    kept = tuple(fault for fault in state.faults if fault.uscc != (uscc or EVERYBODY))
    if word == OFF:
        faults = kept if uscc else ()
    else:
        faults = (*kept, Fault(uscc=uscc or EVERYBODY, outcome=Outcome(word)))
    state_file.write(replace(state, faults=faults))
    write_json({"faults": faults})


def decide(province: Province, kind: ActKind, uscc: str, number: str, *, on: date) -> None:
    """Take a decision about one record, as the rules allow it on the province's day.

    Raises:
        NobodyThere: no such entity.
        StateUnusable: no state file, or the rules do not allow it; `detail` says why.
    """
    if province.state_file is None:
        raise StateUnusable(detail="the configuration names no state file")
    state = province.state_file.read()
    act = make_act(find(province, uscc, on=on), kind, number, on=on)
    province.state_file.write(replace(state, acts=(*state.acts, act)))
    write_json(act)


def list_changes(province: Province, *, after: str, on: date) -> None:
    """Write what ended after a cursor, one line of JSON each, up to a page."""
    for event in province.list_endings(province.read_state(), after=after, until=on):
        write_json(event)


def list_late(province: Province, *, on: date) -> None:
    """Write every delivery that is overdue on a day."""
    sys.stdout.write("".join(f"{line}\n" for line in _list_late(province, on)))


def _list_late(province: Province, on: date) -> Iterator[str]:
    overdue = list_overdue(province.seed, on=on)
    yield f"{len(overdue)} deliveries overdue on {on}"
    for run in overdue:
        days = (on - run.due_on).days
        yield (
            f"  {run.index_id}  due {run.due_on}, {days} days ago"
            f"  {run.department.name}  period until {run.ended_on}"
        )


def write_json(value: object) -> None:
    """Write a value as one line of JSON."""
    sys.stdout.write(f"{msgspec.json.encode(value).decode()}\n")
