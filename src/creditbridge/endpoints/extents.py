"""How far a consent reaches beyond purpose, sections and term, as a person is told. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.model import Consent
from creditbridge.endpoints.wording import BEIJING
from creditbridge.profile.codes import ConsentForm, Product, SubjectRole, Until


class Unit(StrEnum):
    """In what an interval is said: the largest in which it is a whole number."""

    DAYS = "DAYS"
    HOURS = "HOURS"
    MINUTES = "MINUTES"
    SECONDS = "SECONDS"


_SECONDS = {Unit.DAYS: 86_400, Unit.HOURS: 3_600, Unit.MINUTES: 60, Unit.SECONDS: 1}


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """The least time between two looks."""

    count: int
    unit: Unit


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What a consent says beside purpose, sections and term; a default was not said.

    `once` is one look in all; `supersedes` the id of the consent whose place it takes.
    """

    products: tuple[Product, ...] = ()
    roles: tuple[SubjectRole, ...] = ()
    once: bool = False
    per_day: int | None = None
    interval: Interval | None = None
    retention_days: int | None = None
    until_business_end: bool = False
    monitoring: bool = False
    paper: bool = False
    supersedes: str | None = None


def extent_of(said: Consent | ConsentRequest) -> Extent:
    """Return the extent of a consent, or of a request for one."""
    seconds = said.min_interval_seconds
    return Extent(
        products=tuple(one for one in Product if one in said.products),
        roles=tuple(one for one in SubjectRole if one in said.roles),
        once=said.max_queries == 1,
        per_day=said.per_day,
        interval=None if seconds is None else say_interval(seconds),
        retention_days=said.retention_days,
        until_business_end=said.until is Until.BUSINESS_END,
        monitoring=said.monitoring,
        paper=said.form is ConsentForm.PAPER_SCAN,
        supersedes=said.supersedes,
    )


def say_interval(seconds: int) -> Interval:
    """Return an interval in the largest unit that says it exactly."""
    unit = next(one for one, length in _SECONDS.items() if seconds % length == 0)
    return Interval(count=seconds // _SECONDS[unit], unit=unit)


def next_look_at(consent: Consent, looks: Sequence[datetime], *, now: datetime) -> datetime | None:
    """Return when the bank may look next, as far as these looks tell; None: at once."""
    waits = list[datetime]()
    if consent.min_interval_seconds is not None and looks:
        waits.append(max(looks) + timedelta(seconds=consent.min_interval_seconds))
    # A day is one of the calendar of Asia/Shanghai.
    today = now.astimezone(BEIJING).date()
    if consent.per_day is not None:
        taken = sum(1 for at in looks if at.astimezone(BEIJING).date() == today)
        if taken >= consent.per_day:
            midnight = datetime(today.year, today.month, today.day, tzinfo=BEIJING)
            waits.append(midnight + timedelta(days=1))
    return max((at for at in waits if at > now), default=None)
