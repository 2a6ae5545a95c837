"""What is held against an entity, hanging together: penalties, abnormalities, lists, judgments."""

from datetime import date

import msgspec

from creditsandbox.province.abnormalities import draw_abnormalities
from creditsandbox.province.judgments import draw_judgments
from creditsandbox.province.listings import draw_listings, follow_abnormality
from creditsandbox.province.model import Entity, Listing, Penalty
from creditsandbox.province.penalties import draw_penalties
from creditsandbox.province.records import Abnormality, Judgment


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The adverse side of a file, the newest of each kind first."""

    penalties: tuple[Penalty, ...]
    abnormalities: tuple[Abnormality, ...]
    listings: tuple[Listing, ...]
    judgments: tuple[Judgment, ...]


def draw_history(seed: int, index: int, entity: Entity, *, on: date, last: date) -> History:
    """Return the history as it stands on a day; nothing in it began after `last`.

    Nobody decides about what has ended, but what was decided before goes on to its end.
    """
    abnormalities = tuple(
        entry
        for entry in draw_abnormalities(seed, index, entity, on=on)
        if entry.included_on <= last
    )
    entries = (
        *draw_listings(seed, index, entity, on=on),
        *follow_abnormality(entity, abnormalities, on=on),
    )
    listings = tuple(entry for entry in entries if entry.included_on <= last)
    return History(
        penalties=tuple(
            penalty
            for penalty in draw_penalties(seed, index, entity, on=on)
            if penalty.decided_on <= last
        ),
        abnormalities=abnormalities,
        listings=listings,
        judgments=tuple(
            judgment
            for judgment in draw_judgments(seed, index, entity, listings, on=on)
            if judgment.published_on <= last
        ),
    )
