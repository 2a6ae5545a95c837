"""Which language a reader takes: the ranges of `Accept-Language` (RFC 9110, section 12.5.4). Pure.

Looked up as in RFC 4647, section 3.4: a range that is not offered whole is shortened from its end,
so that `en-GB` finds `en`, and `zh-Hans-CN` finds `zh-CN` by its primary language.
"""

import re
from collections.abc import Iterable, Sequence

RANGES_MAX = 16  # More say nothing more; a header is not a way to make work.
_RANGE = re.compile(
    r"(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)(?:\s*;\s*[qQ]=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)


def list_ranges(header: str) -> tuple[str, ...]:
    """Return the tags of a header, the most wanted first; what is excluded or unreadable is not."""
    found = [_RANGE.fullmatch(part.strip()) for part in header.split(",")[:RANGES_MAX]]
    weighed = [(float(each["weight"] or 1), each["tag"]) for each in found if each is not None]
    # Sorting keeps the order of equals: what was named first is wanted first.
    wanted = sorted((pair for pair in weighed if pair[0] > 0), key=lambda pair: -pair[0])
    return tuple(tag for _, tag in wanted)


def choose_language(wishes: Iterable[str], offered: Sequence[str]) -> str | None:
    """Return the offered tag that the first fitting wish finds, or None."""
    for wish in wishes:
        parts = wish.lower().split("-")
        for length in range(len(parts), 0, -1):
            if (found := _find("-".join(parts[:length]), offered)) is not None:
                return found
    return None


def _find(wanted: str, offered: Sequence[str]) -> str | None:
    fitting = (tag for tag in offered if wanted in {tag.lower(), tag.lower().partition("-")[0]})
    return next(fitting, None)
