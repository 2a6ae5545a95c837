"""An entity as a person reads it: what is on record, and why its score is what it is."""

from collections.abc import Iterator
from datetime import date
from unicodedata import east_asian_width

from creditsandbox.province.duties import DutyState, list_duties
from creditsandbox.province.evaluation import Evaluation, evaluate
from creditsandbox.province.lifecycle import Fate, fate_of_listing, fate_of_penalty
from creditsandbox.province.model import Enterprise, Penalty
from creditsandbox.province.rewards import list_rewards
from creditsandbox.province.supervision import level_for

MONTHS_SHOWN = 3
QUIET = (DutyState.DONE, DutyState.OPEN)


def draw_portrait(enterprise: Enterprise, *, on: date) -> str:
    """Return the lines about an entity as it stands on a day, each ended by a line feed."""
    return "".join(f"{line}\n" for line in _list_lines(enterprise, on))


def _list_lines(enterprise: Enterprise, on: date) -> Iterator[str]:
    yield from _list_registration(enterprise)
    yield from _list_related(enterprise)
    yield from _list_adverse(enterprise, on)
    yield from _list_others(enterprise, on)
    made = evaluate(enterprise, on=on)
    yield from _list_supervision(enterprise, made, on)
    if made is None:
        yield "  not evaluated"
    else:
        yield from _list_scores(made)


def _list_registration(enterprise: Enterprise) -> Iterator[str]:
    entity, held = enterprise.entity, enterprise.registration
    since = f" since {held.status_since}" if held.status_since else ""
    yield f"{entity.name}  {entity.uscc}  {entity.category}"
    yield f"  {held.status}{since}, established {entity.established_on}, {entity.type_name}"
    yield f"  {held.address}"
    yield f"  {held.industry_section} {held.industry_name}, capital {held.capital_wan:f} 万元"
    yield f"  legal representative {held.legal_representative}"


def _list_related(enterprise: Enterprise) -> Iterator[str]:
    owned = enterprise.ownership
    if enterprise.entity.parent_uscc:
        yield f"  branch of {enterprise.entity.parent_uscc}"
    for holder in owned.shareholders:
        yield f"  owner {holder.share_percent:>3} %  {holder.name}  {holder.uscc or ''}".rstrip()
    for branch in owned.branches:
        yield f"  branch {branch.uscc}  {branch.name}"
    for change in enterprise.alterations:
        yield f"  {change.changed_on}  {change.item}: {change.before} -> {change.after}"


def _list_adverse(enterprise: Enterprise, on: date) -> Iterator[str]:
    yield f"  penalties: {len(enterprise.penalties) or 'none'}"
    yield from (_draw_penalty(penalty, on) for penalty in enterprise.penalties)
    yield f"  lists: {len(enterprise.listings) or 'none'}"
    for entry in enterprise.listings:
        deleted = ", deleted" if fate_of_listing(entry, on=on) is Fate.DELETED else ""
        removed = _removed(entry.removed_on) + deleted
        yield f"    {entry.included_on}  {entry.list_type}{removed}  {entry.decision_no}"
    for abnormal in enterprise.abnormalities:
        removed = _removed(abnormal.removed_on)
        yield (
            f"  abnormal {abnormal.included_on}  {abnormal.reason}{removed}  {abnormal.decision_no}"
        )
    for judgment in enterprise.judgments:
        removed = _removed(judgment.removed_on)
        yield (
            f"  judgment {judgment.published_on}  {judgment.kind}{removed}  {judgment.case_no}"
            f"  {judgment.unperformed:f} of {judgment.amount:f} 元 unperformed"
        )


def _draw_penalty(penalty: Penalty, on: date) -> str:
    fate = fate_of_penalty(penalty, on=on)
    repaired = f", repaired {penalty.repaired_on}" if penalty.repaired_on else ""
    ended = "" if fate in (Fate.ACTIVE, Fate.REPAIRED) else f", {fate.lower()}"
    return (
        f"    {penalty.decided_on}  {penalty.document_no}  {penalty.severity}"
        f"  {penalty.finality}  {penalty.fine:f} 元{repaired}{ended}"
    )


def _removed(removed_on: date | None) -> str:
    return f", removed {removed_on}" if removed_on else ""


def _list_others(enterprise: Enterprise, on: date) -> Iterator[str]:
    for licence in enterprise.licences:
        end = licence.valid_to or "no end"
        yield f"  licence {licence.document_name}  until {end}  {licence.state_on(on)}"
    years = enterprise.tax.years if enterprise.tax else ()
    months = enterprise.insurance.months[:MONTHS_SHOWN] if enterprise.insurance else ()
    grades = ", ".join(f"{row.year} {row.grade}" for row in years)
    counts = ", ".join(f"{row.year}-{row.month:02d} {row.insured}" for row in months)
    yield f"  tax grades {grades or 'none'}; owed {enterprise.tax_arrears:f} 元"
    yield f"  insured {counts or 'unknown'}"
    held = (reward for reward in list_rewards(enterprise, on=on) if reward.holds_on(on))
    yield from (f"  trustworthy {reward.list_type}  until {reward.valid_to}" for reward in held)


def _list_supervision(enterprise: Enterprise, made: Evaluation | None, on: date) -> Iterator[str]:
    level = level_for(None if made is None else made.grade_code)
    yield f"  supervision level {level.level} {level.name}, every {level.months_between} months"
    for duty in list_duties(enterprise, on=on):
        if duty.state not in QUIET:
            yield (
                f"    {duty.state}  {duty.kind}  due {duty.due_on}"
                f"  {duty.responsible.name}  {duty.trigger}"
            )


def _list_scores(made: Evaluation) -> Iterator[str]:
    yield f"  {made.model_version}: {made.score:f} of {made.max_score:f}, {made.grade_code}"
    yield f"    made {made.evaluated_on} from {made.input_digest[:16]}; illustrative"
    for dimension in made.dimensions:
        yield f"    {dimension.code:<22}{dimension.score:>5f} of {dimension.max_score:f}"
        for row in made.contributions:
            if row.dimension != dimension.code:
                continue
            yield f"      {pad(row.name, 24)}{row.points:>4} of {row.max_points:<4} {row.index_id}"
            for lost in row.deductions:
                yield f"        -{lost.points:<4} {lost.record}, since {lost.since}"


def pad(text: str, columns: int) -> str:
    """Return a text filled with blanks to so many columns of a terminal; Chinese takes two each."""
    width = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(1, columns - width)
