"""Letters on paper: in the words of the bank door, and for operators on the operations door."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from creditbridge.consents.letter import (
    BOUND_MAX,
    NAME_CHARACTERS_MAX,
    SCAN_BYTES_MAX,
    BoundParty,
    BoundRole,
    Letter,
    LetterScope,
    MediaType,
    TickedBusiness,
    read_letter,
)
from creditbridge.consents.model import Consent, DocumentDigest
from creditbridge.consents.paper.model import DISOWNED, Confirmed, WaitingLetter
from creditbridge.consents.paper.rules import digest_lodged
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.words import UsccText
from creditbridge.ledger.encoding import from_base64url, to_base64url
from creditbridge.parties.acts import ConfirmationAct, SignedConfirmation
from creditbridge.parties.model import Role
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

NO_STORE = {"cache-control": "no-store"}
SCAN = "SCAN"


class DocumentWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scan of a signed letter, which stays with the bank: digests in lower-case hexadecimal."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=SCAN_BYTES_MAX)]
    media_type: MediaType
    sm3: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    locator: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None


class BoundWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organization that the letter binds besides the grantor."""

    role: BoundRole
    uscc: UsccText
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]


class LetterWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the letter says beside the terms of the consent; a term left out has no end."""

    signed_on: date
    ticked: Annotated[
        list[TickedBusiness], msgspec.Meta(min_length=1, max_length=len(TickedBusiness))
    ]
    scopes: Annotated[list[LetterScope], msgspec.Meta(min_length=1, max_length=len(LetterScope))]
    signed_by: Role
    sealed: bool
    query_until: date | None = None
    reporting_until: date | None = None
    not_returned: bool = False
    bound: Annotated[list[BoundWords], msgspec.Meta(max_length=BOUND_MAX)] = []
    bound_persons: Annotated[int, msgspec.Meta(ge=0, le=BOUND_MAX)] = 0


class ConfirmationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed confirmation of a scan."""

    act: ConfirmationAct
    signature: Annotated[str, msgspec.Meta(max_length=86)]


def digest_of(document: DocumentWords | None) -> DocumentDigest | None:
    """Return by what the scan is known."""
    if document is None:
        return None
    return DocumentDigest(document.sha256, document.sm3, document.locator)


def letter_of(letter: LetterWords | None, document: DocumentWords | None) -> Letter | None:
    """Return the letter that a bank lodges; None where there is none, or no scan of it."""
    if letter is None or document is None:
        return None
    return Letter(
        scan_bytes=document.size_bytes,
        scan_media_type=document.media_type,
        signed_on=letter.signed_on,
        # Sorted, and each once: a box is ticked or not.
        ticked=tuple(sorted(set(letter.ticked))),
        scopes=tuple(sorted(set(letter.scopes))),
        signed_by=letter.signed_by,
        sealed=letter.sealed,
        query_until=letter.query_until,
        reporting_until=letter.reporting_until,
        not_returned=letter.not_returned,
        bound=tuple(
            BoundParty(role=one.role, uscc=parse_uscc(one.uscc).value, name=one.name)
            for one in letter.bound
        ),
        bound_persons=letter.bound_persons,
    )


def show_document(consent: Consent) -> dict[str, object]:
    """Return what a consent says of its form, and how strong that is."""
    document = consent.document
    if document is None or consent.letter is None:
        return {"form": consent.form, "document": None}
    letter = read_letter(consent.letter)
    return {
        "form": consent.form,
        "assurance": SCAN,
        "document": {
            "sha256": document.sha256,
            "sm3": document.sm3,
            "size_bytes": letter.scan_bytes,
            "media_type": letter.scan_media_type,
        },
        "letter": {
            name: value
            for name, value in msgspec.structs.asdict(letter).items()
            if not name.startswith("scan_")
        },
    }


@get("/documents")
async def list_documents(house: AtHouse) -> Response[bytes]:
    """Show the letters that wait for an operator, and those that an enterprise disowned."""
    async with house.database.transaction() as tx:
        letters = await house.letters.list_letters(tx)
    return _answer({"documents": [_show_letter(one) for one in letters]}, 200)


@get("/documents/{consent_id:str}")
async def read_document(consent_id: FromPath[str], house: AtHouse) -> Response[bytes]:
    """Show one letter to the operator who is to confirm it."""
    async with house.database.transaction() as tx:
        letter = await house.letters.read_letter(tx, consent_id)
    return _answer(_show_letter(letter), 200)


@post("/confirmations", status_code=201)
async def confirm_document(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Keep an operator's word that the scan of a letter says what was lodged."""
    body = decode(await request.body(), ConfirmationBody)
    confirmation = SignedConfirmation(act=body.act, signature=from_base64url(body.signature))
    confirmed = await house.operators.confirm_document(confirmation)
    return _answer(_show_confirmed(confirmed), 201)


def _show_confirmed(confirmed: Confirmed) -> dict[str, object]:
    consent = confirmed.consent
    return {
        "consent_id": consent.consent_id,
        "state": consent.state,
        "confirmations": {"given": confirmed.given, "needed": confirmed.needed},
    }


def _show_letter(waiting: WaitingLetter) -> dict[str, object]:
    consent = waiting.consent
    return {
        "consent_id": consent.consent_id,
        "version": consent.version,
        "state": consent.state,
        "disowned": consent.reason == DISOWNED,
        "confirmations": {"given": waiting.given, "needed": waiting.needed},
        "artefact_digest": to_base64url(digest_lodged(consent)),
        "authorization_no": consent.authorization_no,
        "bank": {
            "bank_id": consent.bank_id,
            "uscc": consent.bank_uscc,
            "legal_name": consent.bank_name,
        },
        "enterprise": {"uscc": consent.uscc, "name": consent.name},
        "purposes": sorted(consent.purposes),
        "sections": sorted(consent.sections),
        "products": sorted(consent.products),
        "valid_from": consent.valid_from,
        "valid_to": consent.valid_to,
        "max_queries": consent.max_queries,
        "requested_at": consent.requested_at,
        "lapses_at": consent.lapses_at,
        **show_document(consent),
        "locator": consent.document and consent.document.locator,
    }


def _answer(members: object, status: int) -> Response[bytes]:
    return Response(
        msgspec.json.encode(members),
        status_code=status,
        media_type="application/json",
        headers=NO_STORE,
    )
