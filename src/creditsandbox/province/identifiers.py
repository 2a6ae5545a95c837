"""Synthetic identifiers with true check characters (GB 32100-2015, GB 11714).

A body begins with `YY`, a convention of test codes: nothing that was issued is meant. In the
population the six digits after it are the entity's index, so that a code finds its entity without
a table.
"""

import re

from creditbridge.protocols.uscc import inner_check, outer_check

ENTITIES_MAX = 1_000_000
_POPULATION_CODE = re.compile(r"[0-9]{8}YY([0-9]{6})[0-9A-Y]{2}")


def complete_uscc(prefix: str, *, division: str, body: str) -> str:
    """Return the 18 characters: prefix (2), division (6), body (8), and both check characters."""
    code = f"{prefix}{division}{body}{inner_check(body)}"
    return code + outer_check(code)


def body_of(index: int) -> str:
    """Return the body that carries an index below a million."""
    return f"YY{index:06d}"


def index_of(uscc: str) -> int | None:
    """Return the index that a code of the population carries; None for any other code."""
    found = _POPULATION_CODE.fullmatch(uscc)
    return int(found[1]) if found else None
