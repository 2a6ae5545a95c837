"""An entity as a person reads it: what is on record, and why its score is what it is."""

from collections.abc import Iterator
from datetime import date

from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.model import Enterprise


def draw_portrait(enterprise: Enterprise, *, on: date) -> str:
    """Return the lines about an entity as it stands on a day, each ended by a line feed."""
    return "".join(f"{line}\n" for line in _list_lines(enterprise, on))


def _list_lines(enterprise: Enterprise, on: date) -> Iterator[str]:
    entity, held = enterprise.entity, enterprise.registration
    since = f" since {held.status_since}" if held.status_since else ""
    yield f"{entity.name}  {entity.uscc}  {entity.category}"
    yield f"  {held.status}{since}, established {entity.established_on}, {entity.type_name}"
    yield f"  {held.address}"
    yield f"  {held.industry_section} {held.industry_name}, capital {held.capital_wan:f} 万元"
    yield f"  legal representative {held.legal_representative}"
    yield f"  penalties: {len(enterprise.penalties) or 'none'}"
    for penalty in enterprise.penalties:
        repaired = f", repaired {penalty.repaired_on}" if penalty.repaired_on else ""
        yield (
            f"    {penalty.decided_on}  {penalty.document_no}  {penalty.severity}"
            f"  {penalty.finality}  {penalty.fine:f} 元{repaired}"
        )
    yield f"  lists: {len(enterprise.listings) or 'none'}"
    for entry in enterprise.listings:
        removed = f", removed {entry.removed_on}" if entry.removed_on else ""
        yield f"    {entry.included_on}  {entry.list_type}{removed}"
    yield from _list_scores(enterprise, on)


def _list_scores(enterprise: Enterprise, on: date) -> Iterator[str]:
    made = evaluate(enterprise, on=on)
    if made is None:
        yield "  not evaluated"
        return
    yield f"  {made.model_version}: {made.score:f} of {made.max_score:f}, {made.grade_code}"
    for row in made.dimensions:
        yield f"    {row.code:<22}{row.score:>5f} of {row.max_score:f}"
