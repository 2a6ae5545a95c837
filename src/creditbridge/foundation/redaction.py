"""What may stand in a log: our own words, ids and numbers; nothing that names or opens.

Two nets, one behind the other: by key (`token`, `legal_name`, `payload` ...) and, wherever a value
goes, by shape (unified social credit codes, identity card numbers, tokens, keys, Han text). What is
neither a plain value nor a container of such is named by its type and never shown.
"""

import re
from datetime import date
from enum import Enum
from functools import lru_cache
from itertools import islice
from math import isfinite

import msgspec

REDACTED = "[redacted]"
TEXT_CHARACTERS_MAX = 1_000
ITEMS_MAX = 50
DEPTH_MAX = 4
KEYS_MAX = 1_024
# An integer of 11 digits or more may be a telephone or an identity card number.
INTEGER_PLAIN_MAX = 9_999_999_999

# A key is sensitive where one of its words is, unless its last word says that it names or measures:
# `key_id`, `body_bytes`. The id of a session or a token is as good as the thing.
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SENSITIVE_WORDS = frozenset(
    word
    for line in (
        "address artefact assertion authorization bearer body bodies birthday card",
        "certificate cookie cookies credential credentials email idcard jwk key keys name",
        "names opening password passphrase payload pem phone private profile proof salt",
        "secret secrets session signature statement telephone token tokens uscc verifier",
    )
    for word in line.split()
)
_MEASURES = frozenset({"at", "bytes", "count", "rows", "seconds"})
_NAMES = frozenset({"id", "ids"})
_OPENING = frozenset({"session", "token"})

_SHAPES = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]+-----.*?(?:-----END[ ][A-Z ]+-----|\Z)    # PEM (RFC 7468)
    | \b[A-Za-z]*eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+             # JWS, JWE (RFC 7515, RFC 7516)
    | \bMI[A-Za-z0-9+/_-]{40,}={0,2}                                # DER in base64
    | cbt_[A-Za-z0-9_-]+                                            # our access tokens
    | (?i:\b(?:bearer|dpop|basic))\s+[A-Za-z0-9._~+/=-]+            # RFC 6750, section 2.1
    | (?<=://)[^\s/@]+@                                             # user and password of a URL
    | \b[0-9A-Za-z][0-9A-Za-z][0-9]{6}[0-9A-Za-z]{10}\b             # USCC (GB 32100-2015)
    | (?<![0-9])[0-9]{17}[0-9Xx]|(?<![0-9])[0-9]{15}(?![0-9])       # identity cards (GB 11643-1999)
    | (?<![0-9])1[3-9][0-9]{9}(?![0-9])                             # mobile telephones
    | [\w.+-]+@[\w-]+\.[\w.-]+                                      # mail addresses
    | [\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f·]{2,}        # Han: we write English
    """,
    re.VERBOSE | re.DOTALL,
)

# What most parts of most events are, none of which has any of the shapes above: an id of ours, an
# instant, an event. To look for the shapes takes ten times as long.
_OURS = re.compile(
    r"(?!cbt_)[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00"
    r"|[a-z]{1,20}\.[a-z]{1,20}"
)


def redact(key: str, value: object, *, depth: int = 0) -> object:
    """Return what of a value may be logged under a key, ready for JSON."""
    if value is None or isinstance(value, bool):
        return value
    # The name first: a secret of no known shape is caught by what it is called.
    if is_sensitive(key):
        return REDACTED
    if isinstance(value, Enum):
        return redact(key, value.value, depth=depth)
    plain = _redact_plain(value)
    return _redact_container(key, value, depth) if plain is None else plain


def _redact_plain(value: object) -> float | str | None:
    match value:
        case float():
            return value if isfinite(value) else str(value)
        case int():
            return value if abs(value) <= INTEGER_PLAIN_MAX else redact_text(str(value))
        case str():
            return redact_text(value)
        case date():
            return value.isoformat()
        case _:
            return None


# Nearly every key is a word of our own that comes with each event.
@lru_cache(KEYS_MAX)
def is_sensitive(key: str) -> bool:
    """Tell whether a value may not be logged, whatever it is, for the name it stands under."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if words and words[-1] in _NAMES:
        return not _OPENING.isdisjoint(words)
    if words and words[-1] in _MEASURES:
        return False
    return not _SENSITIVE_WORDS.isdisjoint(words)


def redact_text(text: str) -> str:
    """Return a text without what looks like a secret or a person, at most 1,000 characters."""
    if _OURS.fullmatch(text) is not None:
        return text
    # Twice what is shown: a secret across the cut would lose its shape and half of it be printed.
    shown = _SHAPES.sub(REDACTED, text[: 2 * TEXT_CHARACTERS_MAX])
    return shown if len(shown) <= TEXT_CHARACTERS_MAX else f"{shown[:TEXT_CHARACTERS_MAX]}…"


def _redact_container(key: str, value: object, depth: int) -> object:
    if depth < DEPTH_MAX:
        match value:
            case msgspec.Struct():
                fields = {name: getattr(value, name) for name in value.__struct_fields__}
                return redact(key, fields, depth=depth + 1)
            case dict():
                return _redact_items(msgspec.convert(value, dict[object, object]), depth)
            case list() | tuple() | set() | frozenset():
                members = msgspec.convert(value, list[object])[:ITEMS_MAX]
                return [redact(key, member, depth=depth + 1) for member in members]
            case _:
                pass
    return f"[{type(value).__name__}]"


def _redact_items(items: dict[object, object], depth: int) -> dict[str, object]:
    # A key can hold a name as well as a value can: a mapping from USCC to state, for one.
    return {
        redact_text(str(name)): redact(str(name), item, depth=depth + 1)
        for name, item in islice(items.items(), ITEMS_MAX)
    }
