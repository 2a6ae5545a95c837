"""A letter of authorization on paper (授权书), as the bank that keeps it reads it out. Pure.

The scan stays with the bank: the house has its digest, and what the letter says (DOMAIN 5.5).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from creditbridge.foundation.errors import Refused
from creditbridge.parties.model import Role
from creditbridge.protocols.canonical_json import canonicalize, require_canonical
from creditbridge.protocols.strict_json import decode

SCAN_BYTES_MAX = 104_857_600
BOUND_MAX = 16
NAME_CHARACTERS_MAX = 128


class MediaType(StrEnum):
    """What a scan is (RFC 6838): pages that nobody can edit in passing."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"


class TickedBusiness(StrEnum):
    """The boxes of a letter: for which of the bank's business it was signed."""

    APPLICATION = "APPLICATION"
    APPROVAL = "APPROVAL"
    DRAWDOWN = "DRAWDOWN"
    POST_LOAN = "POST_LOAN"
    PRESERVATION = "PRESERVATION"
    DISPUTE_CHECK = "DISPUTE_CHECK"
    GUARANTOR = "GUARANTOR"


class LetterScope(StrEnum):
    """What the bank may do with what it reads."""

    QUERY = "QUERY"
    PRINT = "PRINT"
    COPY = "COPY"
    KEEP = "KEEP"


class BoundRole(StrEnum):
    """Why somebody else is bound by the letter, too."""

    GUARANTOR = "GUARANTOR"
    SHAREHOLDER = "SHAREHOLDER"


class SignedDocument(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The scan of a signed letter, as the artefact names it: digests in hexadecimal."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    sm3: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")] | None = None


class BoundParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organization that signed with the grantor; what is read of it needs its own consent."""

    role: BoundRole
    uscc: Annotated[str, msgspec.Meta(pattern=r"^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]


# Signed in the artefact, and kept ten years: add members with a default, never rename.
class Letter(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a letter says beside the terms of its consent, and what kind of scan there is of it.

    Both terms begin when it was signed; one without an end lasts to the end of all business. People
    who signed with the grantor are counted and never named: theirs is a consent of their own.
    """

    scan_bytes: Annotated[int, msgspec.Meta(ge=1, le=SCAN_BYTES_MAX)]
    scan_media_type: MediaType
    signed_on: date
    ticked: Annotated[
        tuple[TickedBusiness, ...], msgspec.Meta(min_length=1, max_length=len(TickedBusiness))
    ]
    scopes: Annotated[
        tuple[LetterScope, ...], msgspec.Meta(min_length=1, max_length=len(LetterScope))
    ]
    signed_by: Role
    sealed: bool  # With the company's seal.
    query_until: date | None = None
    reporting_until: date | None = None
    not_returned: bool = False  # It says that it is not given back where the bank refuses.
    bound: Annotated[tuple[BoundParty, ...], msgspec.Meta(max_length=BOUND_MAX)] = ()
    bound_persons: Annotated[int, msgspec.Meta(ge=0, le=BOUND_MAX)] = 0


class LetterUnfit(Refused):
    """What the letter says does not carry what is asked under it."""

    code = "consent-letter-unfit"
    message = (
        "The letter does not carry this consent: it must be signed by now and sealed, let the bank "
        "query and keep, tick the business of each purpose, and last as long as the consent; and "
        "no letter takes the place of another consent."
    )


class DocumentTaken(Refused):
    """One scan is one letter: it was lodged before, by whichever bank, and is not lodged again."""

    code = "consent-document-taken"
    message = "This scan was lodged before; a new consent needs a new letter."


class NotSignedHere(Refused):
    """A letter was signed on paper: operators confirm its scan, and nobody approves it here."""

    code = "consent-on-paper"
    message = "This consent was signed on paper; it cannot be approved here as well."


def encode_letter(letter: Letter) -> bytes:
    """Return the letter's canonical bytes (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(letter))


def read_letter(raw: bytes) -> Letter:
    """Return the letter that canonical bytes hold.

    Raises:
        Malformed: not canonical JSON, or an unknown member.
    """
    require_canonical(raw)
    return decode(raw, Letter)
