"""Changes of a registration: what was before, what came after (section CHG).

All are drawn, those of years to come too. What lies after the day that is looked at is undone, so
that an entity bears its former name until the day on which it is renamed.
"""

from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from creditsandbox.province.codes import Category, Change
from creditsandbox.province.draws import Draw
from creditsandbox.province.identifiers import ENTITIES_MAX
from creditsandbox.province.model import Entity, Registration
from creditsandbox.province.people import draw_person, number_of_representative
from creditsandbox.province.records import Alteration
from creditsandbox.province.tables import TRADES

FIRST_YEAR_DAYS = 200  # Nothing changes in the first months.
LAST_ON = date(2036, 1, 1)
STEM_CHARACTERS = 2
MARK = "（沙盒）"
PER_THOUSAND = {
    Change.NAME: 120,
    Change.LEGAL_REPRESENTATIVE: 220,
    Change.CAPITAL: 120,
    Change.ADDRESS: 180,
    Change.SCOPE: 90,
}


def number_of_successor(index: int) -> int:
    """Return the number of the person who represents an entity after a change."""
    return ENTITIES_MAX + index


def draw_changes(seed: int, index: int, entity: Entity) -> dict[Change, date]:
    """Return what changes once in the life of an entity, and on which day."""
    if entity.category is Category.GOV_AGENCY or entity.parent_uscc is not None:
        return {}
    draw = Draw("alterations", seed, index)
    first = entity.established_on + timedelta(days=FIRST_YEAR_DAYS)
    span = (LAST_ON - first).days
    # Both are drawn for each, so that one share does not move another's days.
    drawn = [(item, draw.chance(share), draw.below(span)) for item, share in PER_THOUSAND.items()]
    return {item: first + timedelta(days=days) for item, happens, days in drawn if happens}


def draw_alterations(
    seed: int, index: int, entity: Entity, held: Registration
) -> tuple[Alteration, ...]:
    """Return all changes of an entity, the newest first; `held` is how it stands at last."""
    draw = Draw("before", seed, index)
    changes = draw_changes(seed, index, entity)
    pairs = {
        Change.NAME: (rename(entity.name, draw), entity.name),
        Change.LEGAL_REPRESENTATIVE: (
            draw_person(seed, number_of_representative(seed, index)).name,
            held.legal_representative,
        ),
        Change.CAPITAL: (f"{held.capital_wan / 2:f}", f"{held.capital_wan:f}"),
        Change.ADDRESS: (held.address.replace("沙盒路", "旧沙盒路"), held.address),
        Change.SCOPE: (held.scope.partition("；")[0] + "。", held.scope),
    }
    found = [
        Alteration(
            item=item,
            before=pairs[item][0],
            after=pairs[item][1],
            changed_on=changed_on,
            authority=held.authority,
        )
        for item, changed_on in changes.items()
    ]
    return tuple(sorted(found, key=lambda each: each.changed_on, reverse=True))


def rename(name: str, draw: Draw) -> str:
    """Return the name that an entity bore before: two other characters, the rest the same."""
    stem = draw.pick(TRADES.stems) + draw.pick(TRADES.stems)
    before, mark, after = name.partition(MARK)
    return before[:-STEM_CHARACTERS] + stem + mark + after


def undo_later(
    entity: Entity, held: Registration, alterations: tuple[Alteration, ...], *, on: date
) -> tuple[Entity, Registration]:
    """Return entity and registration as they stand on a day."""
    for each in alterations:
        match each.item:
            case Change.NAME:
                if each.changed_on > on:
                    entity = replace(entity, name=each.before)
                else:
                    held = replace(held, former_names=(each.before,))
            case _:
                held = _undo(held, each) if each.changed_on > on else held
    return entity, held


def _undo(held: Registration, alteration: Alteration) -> Registration:
    before = alteration.before
    match alteration.item:
        case Change.LEGAL_REPRESENTATIVE:
            return replace(held, legal_representative=before)
        case Change.CAPITAL:
            return replace(held, capital_wan=Decimal(before))
        case Change.ADDRESS:
            return replace(held, address=before)
        case _:
            return replace(held, scope=before)
