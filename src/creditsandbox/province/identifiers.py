"""Synthetic identifiers with true check characters (GB 32100-2015, GB 11714).

A body begins with `YY`, a convention of test codes: nothing that was issued is meant. In the
population the six characters after it are the entity's index, so that a code finds its entity
without a table.
"""

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
OUTER_WEIGHTS = tuple(pow(3, power, 31) for power in range(17))
ENTITIES_MAX = 1_000_000
_POPULATION_CODE = re.compile(r"[0-9]{8}YY([0-9]{6})[0-9A-Y]{2}")


def complete_uscc(prefix: str, *, division: str, body: str) -> str:
    """Return the 18 characters: prefix (2), division (6), body (8), and both check characters."""
    code = f"{prefix}{division}{body}{_inner_check(body)}"
    weighed = zip(OUTER_WEIGHTS, code, strict=True)
    total = sum(weight * ALPHABET.index(character) for weight, character in weighed)
    return code + ALPHABET[-total % 31]  # GB/T 17710, MOD 31-3.


def _inner_check(body: str) -> str:
    weighed = zip(INNER_WEIGHTS, body, strict=True)
    total = sum(weight * INNER_ALPHABET.index(character) for weight, character in weighed)
    return "0123456789X"[-total % 11]  # GB 11714: 10 is written X, and 11 is 0.


def body_of(index: int) -> str:
    """Return the body that carries an index below a million."""
    return f"YY{index:06d}"


def index_of(uscc: str) -> int | None:
    """Return the index that a code of the population carries; None for any other code."""
    found = _POPULATION_CODE.fullmatch(uscc)
    return int(found[1]) if found else None
