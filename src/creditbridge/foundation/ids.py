"""Ids that carry their kind: `cns_` and a UUIDv7 (RFC 9562, section 5.7) in Crockford base32."""

import re
import secrets
from datetime import datetime
from enum import StrEnum

# Without i, l, o and u: read over the telephone, no two of them are one.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_CHARACTERS = 26
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_SHAPE = re.compile(rf"[a-z]{{3}}_[0-7][{ALPHABET}]{{{ID_CHARACTERS - 1}}}")


class Kind(StrEnum):
    """What an id names; the value is its prefix."""

    BANK = "bnk"
    CLIENT = "cli"
    ENTERPRISE = "ent"
    PERSON = "prs"
    PASSKEY = "psk"
    SIGNING = "sgn"
    OPERATOR = "opr"
    CHANGE = "chg"
    CONSENT = "cns"
    GRANT = "grt"
    REQUEST = "req"
    REPORT = "rpt"
    PROFILE = "prf"
    QUERY = "qry"
    EVENT = "evt"
    INTENT = "int"
    NODE = "nod"
    NOTICE = "ntc"
    STATEMENT = "stm"
    RECEIPT = "rcp"
    DISPUTE = "dsp"
    PERSON_CONSENT = "pcs"


def new_id(kind: Kind, *, now: datetime) -> str:
    """Return a fresh id, sortable by its millisecond, with 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # The version (RFC 9562, section 5.7).
    value = value & ~(0x3 << 62) | 0x2 << 62  # The variant.
    return f"{kind}_{_encode(value)}"


def is_id(kind: Kind, text: str) -> bool:
    """Tell whether a text has the shape of an id of this kind."""
    # The shape decides what reaches the database; whether it names anything, the row.
    return text.startswith(f"{kind}_") and _SHAPE.fullmatch(text) is not None


def _encode(value: int) -> str:
    # Two characters at a time: 26 of them are 13 pairs.
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def new_reference() -> str:
    """Return a random reference: 128 bits in Crockford base32, naming nothing."""
    return _encode(secrets.randbits(128))
