"""The unified social credit code, GB 32100-2015 with amendment 1.

    9 1 330203 674737244 W
    | | |      |         +-- outer check character (GB/T 17710, MOD 31-3)
    | | |      +------------ organisation code (GB 11714): 8 characters and the inner check
    | | +------------------- division of the registering authority at that time (GB/T 2260)
    | +--------------------- category of body
    +----------------------- registering department

Never repaired: an O for a 0 is refused with its position. The division is never a reason to
refuse, because abolished ones are normal. A wrong inner check only warns: such codes were issued.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from operator import mul
from types import MappingProxyType
from unicodedata import category as unicode_category, normalize

import msgspec

from creditbridge.foundation.errors import Malformed

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O S V Z
LENGTH = 18
RAW_CHARACTERS_MAX = 64  # before normalisation: room for blanks around, none for a flood

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_OUTER_WEIGHTS = tuple(pow(3, position, 31) for position in range(LENGTH - 1))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_WEIGHTS = tuple(pow(2, 17 - position, 11) for position in range(LENGTH))
_IDENTITY_NUMBER = re.compile(  # division, date of birth, order, check character
    r"[0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_ORGANISATION_CODE = re.compile(r"[0-9A-Z]{8}-?[0-9X]")
_REGISTRATION_NUMBER = re.compile(r"[0-9]{13}|[0-9]{15}")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]")


class EntityCategory(StrEnum):
    """What kind of body a code names. The owner of a 92 is a natural person, so it stays apart."""

    ENTERPRISE = "ENTERPRISE"
    NATURAL_PERSON = "NATURAL_PERSON"
    SOCIAL_ORG = "SOCIAL_ORG"
    PUBLIC_INSTITUTION = "PUBLIC_INSTITUTION"
    GOV_AGENCY = "GOV_AGENCY"
    SOLE_PROPRIETOR = "SOLE_PROPRIETOR"
    OTHER = "OTHER"


# By the first two characters; every other prefix is OTHER. A default: the caller may bring its own.
CATEGORIES: Mapping[str, EntityCategory] = MappingProxyType(
    {
        "11": EntityCategory.GOV_AGENCY,
        "12": EntityCategory.PUBLIC_INSTITUTION,
        "51": EntityCategory.SOCIAL_ORG,
        "52": EntityCategory.SOCIAL_ORG,
        "53": EntityCategory.SOCIAL_ORG,
        "59": EntityCategory.SOCIAL_ORG,
        "91": EntityCategory.ENTERPRISE,
        "92": EntityCategory.SOLE_PROPRIETOR,
        "93": EntityCategory.ENTERPRISE,
    }
)


class UsccFault(StrEnum):
    """Why a text is no code; `EMPTY` to `IDENTITY_NUMBER` are faults of form."""

    EMPTY = "empty"
    LENGTH = "length"
    MASKED = "masked"
    ORGANISATION_CODE = "organisation_code"
    REGISTRATION_NUMBER = "registration_number"
    SEPARATOR = "separator"
    CONTROL = "control"
    INVISIBLE = "invisible"
    NOT_ASCII = "not_ascii"
    ALPHABET = "alphabet"
    DEPARTMENT = "department"
    CATEGORY_NOT_DIGIT = "category_not_digit"
    DIVISION_NOT_DIGIT = "division_not_digit"
    IDENTITY_NUMBER = "identity_number"
    OUTER_CHECK = "outer_check"


# What each position may hold, and the reason to refuse anything else.
_FORM = (
    ("0123456789ANY", UsccFault.DEPARTMENT),
    ("0123456789", UsccFault.CATEGORY_NOT_DIGIT),
    *[("0123456789", UsccFault.DIVISION_NOT_DIGIT)] * 6,
    *[(ALPHABET, UsccFault.ALPHABET)] * 10,
)
_FAULT_OF_SIGN = {"*": UsccFault.MASKED, " ": UsccFault.SEPARATOR, "-": UsccFault.SEPARATOR}


class UsccWarning(StrEnum):
    """What is odd about a code that is accepted all the same."""

    INNER_CHECK = "inner_check"


class UsccInvalid(Malformed):
    """A text is not a unified social credit code.

    `position` counts from 1 in the text without the blanks around it; 0 where no single character
    is at fault.
    """

    code = "uscc-invalid"
    message = "This is not a unified social credit code."

    def __init__(self, reason: UsccFault, *, position: int = 0) -> None:
        where = f", position {position}" if position else ""
        super().__init__(f"This is not a unified social credit code: {reason}{where}.")
        self.reason = reason
        self.position = position


class Uscc(msgspec.Struct, frozen=True, kw_only=True):
    """A code that passed its outer check. `value` is the only form that may be a key."""

    value: str
    department: str
    category_code: str
    category: EntityCategory
    division: str
    organisation_code: str
    warnings: tuple[UsccWarning, ...] = ()


def parse_uscc(text: str, *, categories: Mapping[str, EntityCategory] = CATEGORIES) -> Uscc:
    """Return the code that a text holds, normalised: NFKC, blanks around removed, upper case.

    Nothing inside is removed or repaired. `organisation_code` is written as GB 11714 does, with a
    hyphen before its check character.

    Raises:
        UsccInvalid: with the first reason and its position.
    """
    value = _normalise(text)
    _require_form(value)
    if outer_check(value[:-1]) != value[-1]:
        # GB 11643 numbers have 18 characters too: name the mistake, a person must not be a key.
        if _is_identity_number(value):
            raise UsccInvalid(UsccFault.IDENTITY_NUMBER)
        raise UsccInvalid(UsccFault.OUTER_CHECK, position=LENGTH)
    body, inner = value[8:16], value[16]
    return Uscc(
        value=value,
        department=value[0],
        category_code=value[:2],
        category=categories.get(value[:2], EntityCategory.OTHER),
        division=value[2:8],
        organisation_code=f"{body}-{inner}",
        # Such codes were issued and are in use: to refuse them would lock their owners out.
        warnings=() if inner_check(body) == inner else (UsccWarning.INNER_CHECK,),
    )


def outer_check(characters: str) -> str:
    """Return the check character for the first 17 characters (GB/T 17710, MOD 31-3)."""
    pairs = zip(characters, _OUTER_WEIGHTS, strict=True)
    total = sum(_VALUES[character] * weight for character, weight in pairs)
    return ALPHABET[-total % 31]


def inner_check(body: str) -> str:
    """Return the check character for the 8 of an organisation code: `0` to `9`, or `X`."""
    pairs = zip(body, _INNER_WEIGHTS, strict=True)
    # GB 11714 counts letters as 10 to 35, without the gaps of GB 32100's alphabet.
    total = sum(int(character, 36) * weight for character, weight in pairs)
    return "0123456789X"[-total % 11]


def _normalise(text: str) -> str:
    if len(text) > RAW_CHARACTERS_MAX:
        raise UsccInvalid(UsccFault.LENGTH)
    # NFKC makes ASCII of full-width forms, as Chinese input methods write them.
    # Only around: a blank inside may stand for a character that was lost.
    stripped = normalize("NFKC", text).strip()
    for position, character in enumerate(stripped, start=1):
        match unicode_category(character):
            case "Cc":
                raise UsccInvalid(UsccFault.CONTROL, position=position)
            case "Cf":
                raise UsccInvalid(UsccFault.INVISIBLE, position=position)
            case _ if not character.isascii():
                # Before upper-casing, which would turn a sharp S into two letters.
                raise UsccInvalid(UsccFault.NOT_ASCII, position=position)
            case _:
                pass
    return stripped.upper()


def _require_form(value: str) -> None:
    _require_no_other_identifier(value)
    if (sign := _NOT_ALPHANUMERIC.search(value)) is not None:
        reason = _FAULT_OF_SIGN.get(sign[0], UsccFault.ALPHABET)
        raise UsccInvalid(reason, position=sign.start() + 1)
    if len(value) != LENGTH:
        raise UsccInvalid(UsccFault.LENGTH)
    for position, (character, (domain, reason)) in enumerate(zip(value, _FORM, strict=True), 1):
        if character not in domain:
            raise UsccInvalid(reason, position=position)


def _require_no_other_identifier(value: str) -> None:
    # Feeds carry these under the heading of the code: say which one it is.
    if not value:
        raise UsccInvalid(UsccFault.EMPTY)
    # The shape decides, not the check: a mistyped one is still an organisation code (GB 11714).
    if _ORGANISATION_CODE.fullmatch(value):
        raise UsccInvalid(UsccFault.ORGANISATION_CODE)
    if _REGISTRATION_NUMBER.fullmatch(value):
        raise UsccInvalid(UsccFault.REGISTRATION_NUMBER)


def _is_identity_number(value: str) -> bool:
    """Tell whether a GB 11643 number stands here (ISO 7064, MOD 11-2)."""
    # A code may look like a number by chance: the date, and then the check, must fit as well.
    if not _IDENTITY_NUMBER.fullmatch(value):
        return False
    values = (10 if character == "X" else int(character) for character in value)
    remainder: int = sum(map(mul, values, _IDENTITY_WEIGHTS)) % 11
    return remainder == 1
