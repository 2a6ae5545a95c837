"""The natural persons of the province: a population of its own, with numbers that nobody bears.

A person follows from seed and number. Most represent the entity of their own index; one in ten
an entity whose neighbour they represent as well, so that a search by person finds several.
"""

from datetime import date, timedelta
from hashlib import blake2b

import msgspec

from creditsandbox.province.draws import Draw
from creditsandbox.province.identifiers import complete_id_number
from creditsandbox.province.tables import TRADES

BLOCK = 50  # Whoever is related stands in one block of indexes: relations need no table.
SHARED_PER_THOUSAND = 100
OLDEST_ON = date(1952, 1, 1)
AGES_DAYS = 52 * 365
REFERENCE_BYTES = 8


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A natural person; the reference is what others may keep, the number is personal."""

    reference: str
    name: str
    id_number: str
    born_on: date


def draw_person(seed: int, number: int) -> Person:
    """Return the person of a number; the middle character of every name is 沙, for sandbox."""
    draw = Draw("person", seed, number)
    name = draw_name(draw)
    born_on = OLDEST_ON + timedelta(days=draw.below(AGES_DAYS))
    return Person(
        reference=refer_to(seed, number),
        name=name,
        id_number=complete_id_number(born_on, draw.below(1000)),
        born_on=born_on,
    )


def draw_name(draw: Draw) -> str:
    """Return a name, the middle character 沙."""
    surname, given = draw.pick(TRADES.surnames), draw.pick(TRADES.given)
    return TRADES.person.format(surname=surname, given=given)


def refer_to(seed: int, number: int) -> str:
    """Return a reference that says nothing of the number behind it."""
    name = f"person/{seed}/{number}".encode()
    return f"per_{blake2b(name, digest_size=REFERENCE_BYTES).hexdigest()}"


def number_of_representative(seed: int, index: int) -> int:
    """Return the person who represents an entity at first."""
    draw = Draw("represents", seed, index)
    place = index % BLOCK
    if place and draw.chance(SHARED_PER_THOUSAND):
        return index - 1 - draw.below(place)
    return index


def list_represented(seed: int, number: int, *, size: int) -> tuple[int, ...]:
    """Return the indexes of the entities that a person represented at first."""
    first = number - number % BLOCK
    block = range(first, min(first + BLOCK, size))
    return tuple(i for i in block if number_of_representative(seed, i) == number)
