"""Synthetic identifiers with true check characters (GB 32100-2015, GB 11714).

A body begins with `YY`, a convention of test codes: nothing that was issued is meant. In the
population the six digits after it are the entity's index, so that a code finds its entity without
a table.
"""

import re
from datetime import date

from creditbridge.protocols.uscc import inner_check, outer_check

ENTITIES_MAX = 1_000_000
# Of no division that ever was (GB/T 2260): nobody bears an identity number of the sandbox.
NOWHERE = "339900"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_POPULATION_CODE = re.compile(r"[0-9ANY][0-9]{7}YY([0-9]{6})[0-9A-Y]{2}")


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


def complete_id_number(born_on: date, sequence: int) -> str:
    """Return the 18 characters of a person's number (GB 11643), of a division that never was.

    The check character is true (ISO 7064, MOD 11-2); the sequence has three digits.
    """
    digits = f"{NOWHERE}{born_on:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=True))
    return digits + _ID_CHECKS[total % len(_ID_CHECKS)]
