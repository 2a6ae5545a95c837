"""How ownership is drawn: companies have shareholders, all have officers, some have branches."""

from datetime import date, timedelta
from decimal import Decimal

from creditsandbox.province.codes import Category
from creditsandbox.province.draws import Draw
from creditsandbox.province.entities import draw_entity, is_company, list_branches
from creditsandbox.province.identifiers import ENTITIES_MAX
from creditsandbox.province.model import Enterprise, Entity
from creditsandbox.province.owners import Branch, Officer, Ownership, Shareholder
from creditsandbox.province.people import BLOCK, Person, draw_person

SHAREHOLDERS_MAX = 4
CORPORATE_PER_THOUSAND = 150
HALF_PERCENT = 50
PAID_SHARES = (Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.2"), Decimal(0))
# Of each category: what its people are called.
POSITIONS = {
    Category.ENTERPRISE: ("执行董事", "监事", "经理"),
    Category.SOCIAL_ORG: ("会长", "监事", "秘书长"),
    Category.PUBLIC_INSTITUTION: ("主任", "副主任"),
    Category.GOV_AGENCY: ("局长",),
    Category.SOLE_PROPRIETOR: ("经营者",),
    Category.OTHER: ("负责人",),
}


def draw_ownership(seed: int, index: int, bare: Enterprise, *, size: int, on: date) -> Ownership:
    """Return owners, officers and branches as they stand on a day; shares add up to a hundred."""
    shareholders = draw_shareholders(seed, index, bare)
    first = shareholders[0] if shareholders else None
    controls = first is not None and first.person and first.share_percent > HALF_PERCENT
    found = (draw_entity(seed, slot) for slot in list_branches(seed, index, size=size))
    return Ownership(
        shareholders=shareholders,
        officers=draw_officers(seed, index, bare),
        controller=first.name if first is not None and controls else None,
        branches=tuple(
            Branch(name=each.name, uscc=each.uscc) for each in found if each.established_on <= on
        ),
    )


def draw_shareholders(seed: int, index: int, bare: Enterprise) -> tuple[Shareholder, ...]:
    """Return the shareholders of a company, the largest first; who is no company has none."""
    entity = bare.entity
    if entity.category is not Category.ENTERPRISE or entity.parent_uscc is not None:
        return ()
    draw = Draw("ownership", seed, index)
    shares = draw_shares(draw)
    corporate = find_corporate(draw, seed, index, entity)
    last = len(shares) - 1
    found: list[Shareholder] = []
    for place, share in enumerate(shares):
        # A company is never the only owner here: somebody must be the controller.
        company = corporate if place == last > 0 else None
        person = draw_at(seed, index, bare, place)
        subscribed = bare.registration.capital_wan * share / 100
        found.append(
            Shareholder(
                name=person.name if company is None else company.name,
                uscc=None if company is None else company.uscc,
                person=person.reference if company is None else None,
                share_percent=share,
                subscribed_wan=subscribed,
                paid_wan=subscribed * draw.pick(PAID_SHARES),
                contributed_on=entity.established_on + timedelta(days=draw.below(30)),
            )
        )
    return tuple(sorted(found, key=lambda each: -each.share_percent))


def draw_shares(draw: Draw) -> list[int]:
    """Return up to four shares that add up to a hundred; the first is the largest."""
    left = 100
    shares: list[int] = []
    for _ in range(draw.below(SHAREHOLDERS_MAX)):
        share = draw.between(1, max(1, left // 3))
        shares.append(share)
        left -= share
    return [left, *shares]


def find_corporate(draw: Draw, seed: int, index: int, entity: Entity) -> Entity | None:
    """Return a company of the same block that is older, where the draw says so."""
    wanted, place = draw.chance(CORPORATE_PER_THOUSAND), draw.below(BLOCK)
    other = index - index % BLOCK + place
    if not wanted or other == index or not is_company(seed, other):
        return None
    company = draw_entity(seed, other)
    return company if company.established_on < entity.established_on else None


def draw_officers(seed: int, index: int, bare: Enterprise) -> tuple[Officer, ...]:
    """Return who holds which office; the representative holds the first."""
    positions = POSITIONS[bare.entity.category]
    # A branch has somebody in charge, and no organs of its own.
    if bare.entity.parent_uscc is not None:
        positions = POSITIONS[Category.OTHER]
    people = (draw_at(seed, index, bare, place) for place in range(len(positions)))
    return tuple(
        Officer(name=person.name, person=person.reference, position=position)
        for person, position in zip(people, positions, strict=True)
    )


def draw_at(seed: int, index: int, bare: Enterprise, place: int) -> Person:
    """Return the person at a place of an entity; the representative stands at the first."""
    if place == 0 and bare.representative is not None:
        return bare.representative
    # Beyond the representatives and those who follow them: people who are nothing else.
    return draw_person(seed, (1 + place) * ENTITIES_MAX + index)
