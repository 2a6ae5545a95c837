"""Who owns an entity, who runs it, which branches it has (section OWN)."""

from datetime import date
from decimal import Decimal

import msgspec


class Shareholder(msgspec.Struct, frozen=True, kw_only=True):
    """A shareholder; a company has a USCC, a person a reference. Amounts are in 万元."""

    name: str
    uscc: str | None
    person: str | None
    share_percent: int
    subscribed_wan: Decimal
    paid_wan: Decimal
    contributed_on: date


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """A person in an office of the entity."""

    name: str
    person: str
    position: str


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A branch, which has a code of its own."""

    name: str
    uscc: str


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """Owners, the largest first; the controller is whoever holds more than half, if a person."""

    shareholders: tuple[Shareholder, ...] = ()
    officers: tuple[Officer, ...] = ()
    controller: str | None = None
    branches: tuple[Branch, ...] = ()
