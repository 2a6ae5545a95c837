"""What a caller takes for an answer: the ranges of `Accept` (RFC 9110, section 12.5.1). Pure."""

import re
from collections.abc import Iterable

_NOTHING = re.compile(r"0(?:\.0{0,3})?")  # A weight that excludes (section 12.4.2).


def accepts(values: Iterable[str], media_type: str) -> bool:
    """Tell whether the `Accept` headers of a request let a media type through.

    Without a range everything is welcome; else the most specific one that covers the type decides.
    Parameters but the weight are passed over: what we send has none that a caller could choose.
    """
    ranges = dict(_read(part) for value in values for part in value.split(",") if part.strip())
    if not ranges:
        return True
    kind = media_type.partition("/")[0]
    return next(
        (ranges[known] for known in (media_type, f"{kind}/*", "*/*") if known in ranges), False
    )


def _read(part: str) -> tuple[str, bool]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    excluded = any(
        name.strip() == "q" and _NOTHING.fullmatch(weight.strip())
        for name, _, weight in (parameter.partition("=") for parameter in parameters)
    )
    return media_range, not excluded
