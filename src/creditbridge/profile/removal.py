"""Whether an entry still stands on a list: a removal wins over any inclusion that is not newer.

Lists of defaulters are refreshed daily, and copies lag behind (SPC provisions of 2013, articles 6
and 7); the same holds for every list that an organ keeps. Pure.
"""

from datetime import date

from msgspec.structs import replace

from creditbridge.profile.codes import Lifecycle
from creditbridge.profile.record import RecordBase


def is_newer_inclusion(included: date | None, *, removed: date | None) -> bool:
    """Tell whether an inclusion comes after a removal; on the same day, and undated, it does not.

    Strictly after: who was included and removed on one day is off the list, and of a day that
    nobody knows nothing is claimed against anybody.
    """
    return included is not None and removed is not None and included > removed


def is_removed(included: date | None, *, removed: date | None) -> bool:
    """Tell whether an entry with these days is off its list."""
    return removed is not None and not is_newer_inclusion(included, removed=removed)


def follow_list(head: RecordBase, *, included: date | None, removed: date | None) -> RecordBase:
    """Return what an entry of a list carries: removed by its day, and kept while it stands (ZJ 16).

    A removal never revives what ended otherwise, and does not end what was included after it.
    """
    if head.lifecycle is not Lifecycle.ACTIVE:
        return head
    if is_removed(included, removed=removed):
        return replace(head, lifecycle=Lifecycle.REMOVED)
    return replace(head, retention_end=None)
