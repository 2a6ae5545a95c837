"""How decisions taken by hand change a file: repaired, revoked, removed, corrected. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from msgspec.structs import replace

from creditsandbox.province.codes import Finality
from creditsandbox.province.lifecycle import Fate, RepairCase, fate_of_penalty, list_obstacles
from creditsandbox.province.model import Enterprise, Listing, Penalty
from creditsandbox.province.records import Abnormality, Judgment
from creditsandbox.province.state import Act, ActKind, StateUnusable
from creditsandbox.province.withdrawals import Ending, EndReason

REASONS = {
    ActKind.REPAIR: EndReason.REPAIRED,
    ActKind.REVOKE: EndReason.REVOKED,
    ActKind.REMOVE: EndReason.REMOVED,
    ActKind.CORRECT: EndReason.CORRECTED,
}
# The tester speaks for the applicant: corrected, paid, committed.
READY = RepairCase(is_corrected=True, duties_fulfilled=True, has_committed=True)
E = TypeVar("E", Listing, Abnormality)


class ActMisplaced(StateUnusable):
    """A decision that cannot be taken about this record on this day; `detail` says why."""

    code = "act-misplaced"
    message = "This decision cannot be taken."


def apply_acts(enterprise: Enterprise, acts: Iterable[Act], *, on: date) -> Enterprise:
    """Return a file as the decisions until a day leave it."""
    uscc = enterprise.entity.uscc
    taken = {(act.section, act.number): act for act in acts if act.uscc == uscc and act.on <= on}
    if not taken:
        return enterprise
    return replace(
        enterprise,
        penalties=tuple(
            _change_penalty(each, act) if (act := taken.get(("PEN", each.document_no))) else each
            for each in enterprise.penalties
            if not _is_corrected(taken, "PEN", each.document_no)
        ),
        listings=_end(enterprise.listings, taken, "LST"),
        abnormalities=_end(enterprise.abnormalities, taken, "ABN"),
        judgments=_end_judgments(enterprise.judgments, taken),
    )


def _change_penalty(penalty: Penalty, act: Act) -> Penalty:
    if act.kind is ActKind.REVOKE:
        return replace(penalty, finality=Finality.REVOKED, final_on=None, revoked_on=act.on)
    return replace(penalty, repaired_on=act.on)


def _end(
    entries: tuple[E, ...], taken: Mapping[tuple[str, str], Act], section: str
) -> tuple[E, ...]:
    return tuple(
        replace(entry, removed_on=act.on)
        if (act := taken.get((section, entry.decision_no)))
        else entry
        for entry in entries
        if not _is_corrected(taken, section, entry.decision_no)
    )


def _end_judgments(
    judgments: tuple[Judgment, ...], taken: Mapping[tuple[str, str], Act]
) -> tuple[Judgment, ...]:
    return tuple(
        replace(each, removed_on=act.on) if (act := taken.get(("JUD", each.case_no))) else each
        for each in judgments
        if not _is_corrected(taken, "JUD", each.case_no)
    )


def _is_corrected(taken: Mapping[tuple[str, str], Act], section: str, number: str) -> bool:
    act = taken.get((section, number))
    # A dispute upheld deletes the record (ZJ 31): nothing of it is left.
    return act is not None and act.kind is ActKind.CORRECT


def make_act(enterprise: Enterprise, kind: ActKind, number: str, *, on: date) -> Act:
    """Return a decision about the record of a number, as the rules allow it on a day.

    Raises:
        ActMisplaced: no such record in force, another kind of record, or too early a repair.
    """
    found = next((each for each in enterprise.penalties if each.document_no == number), None)
    if found is not None:
        _require_penalty(found, kind, on=on)
        return _act(enterprise, kind, "PEN", number, on=on)
    section = next((code for code, each in list_removable(enterprise) if each == number), None)
    if section is None:
        raise ActMisplaced(detail="no record in force has this number")
    if kind not in {ActKind.REMOVE, ActKind.CORRECT}:
        raise ActMisplaced(detail=f"{section} records are removed or corrected")
    return _act(enterprise, kind, section, number, on=on)


def list_removable(enterprise: Enterprise) -> Iterator[tuple[str, str]]:
    """Yield section and number of all that is not removed yet, penalties apart."""
    held = [("LST", each.decision_no, each.removed_on) for each in enterprise.listings]
    held += [("ABN", each.decision_no, each.removed_on) for each in enterprise.abnormalities]
    held += [("JUD", each.case_no, each.removed_on) for each in enterprise.judgments]
    yield from ((section, number) for section, number, removed_on in held if removed_on is None)


def _require_penalty(penalty: Penalty, kind: ActKind, *, on: date) -> None:
    if kind is ActKind.REMOVE:
        raise ActMisplaced(detail="penalties are repaired, revoked or corrected")
    if fate_of_penalty(penalty, on=on) is not Fate.ACTIVE:
        raise ActMisplaced(detail=fate_of_penalty(penalty, on=on))
    if kind is ActKind.REPAIR and (obstacles := list_obstacles(penalty, READY, on=on)):
        raise ActMisplaced(detail=", ".join(obstacles))


def _act(enterprise: Enterprise, kind: ActKind, section: str, number: str, *, on: date) -> Act:
    return Act(kind=kind, uscc=enterprise.entity.uscc, section=section, number=number, on=on)


def list_decided(acts: Iterable[Act]) -> tuple[Ending, ...]:
    """Return the endings that decisions brought, in the order of their taking."""
    return tuple(
        Ending(
            ended_on=act.on,
            uscc=act.uscc,
            section=act.section,
            number=act.number,
            reason=REASONS[act.kind],
        )
        for act in acts
    )
