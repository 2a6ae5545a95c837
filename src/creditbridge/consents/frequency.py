"""How often a consent may be used: the uses of a day, and the time between two. Pure.

`Consent.recent_uses` holds the instants of the last uses that count, as many as the rule needs and
some to spare, so that a use that is given back leaves the one before it in its place.
"""

from datetime import datetime, time, timedelta, timezone

from msgspec.structs import replace

from creditbridge.consents.model import Consent, ConsentFrequency

# The day of whoever consents: Asia/Shanghai, which has had no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)

# How many uses may be given back in a row before the one that counts is forgotten.
SPARE_USES = 8


def uses_kept(per_day: int | None) -> int:
    """Return how many of the last uses are remembered: those of a day, and some to spare."""
    return (per_day or 0) + SPARE_USES


def day_of(instant: datetime) -> datetime:
    """Return the beginning of the calendar day in Shanghai that an instant lies in."""
    day = instant.astimezone(SHANGHAI).date()
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


def next_use_at(consent: Consent, *, now: datetime) -> datetime:
    """Return when the frequency allows the next use: `now`, or later."""
    at = now
    if consent.min_interval_seconds is not None and consent.recent_uses:
        interval = timedelta(seconds=consent.min_interval_seconds)
        at = max(at, consent.recent_uses[-1] + interval)
    today = day_of(now)
    # Not below today's beginning rather than on this day: a clock that went back opens nothing.
    taken = sum(use >= today for use in consent.recent_uses)
    if consent.per_day is not None and taken >= consent.per_day:
        at = max(at, today + ONE_DAY)
    return at


def require_frequency(consent: Consent, *, now: datetime) -> None:
    """Accept a use that keeps the day's number and the interval.

    Raises:
        ConsentFrequency: with the instant from which on it would.
    """
    at = next_use_at(consent, now=now)
    if at > now:
        raise ConsentFrequency(next_at=at, now=now)


def add_use(consent: Consent, *, taken_at: datetime, per_day: int | None) -> Consent:
    """Return the consent with one more use, as the statement that takes it leaves it.

    `per_day` is how many of a day are allowed as things are: the consent's number, or the policy's.
    """
    uses = (*consent.recent_uses, taken_at)[-uses_kept(per_day) :]
    return replace(consent, used=consent.used + 1, recent_uses=uses, last_used_at=uses[-1])


def remove_use(consent: Consent, *, taken_at: datetime) -> Consent:
    """Return the consent with the use of that instant given back."""
    uses = list(consent.recent_uses)
    # What is no longer remembered lies too far back to count for a day or an interval.
    if taken_at in uses:
        uses.remove(taken_at)
    last = uses[-1] if uses else None
    return replace(consent, used=consent.used - 1, recent_uses=tuple(uses), last_used_at=last)
