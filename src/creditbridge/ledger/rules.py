"""What an entry's bytes are, and what opens and proves them. Pure, for the replay runs the same.

entry   = 0x01 || commitment, 33 bytes, public for ever
commitment = SHA-256("creditbridge-entry-v1" || 0x00 || salt || core)
core    = the decision as canonical JSON (RFC 8785), private
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec

from creditbridge.foundation.errors import Malformed, SignatureInvalid, Untrusted
from creditbridge.foundation.keys import PublicKey, Signer
from creditbridge.ledger.catalogue import CATALOGUE, DigestName
from creditbridge.ledger.encoding import (
    SpellingUnknown,
    convert,
    decode,
    encode,
    from_base64url,
    require_same,
    to_base64url,
)
from creditbridge.ledger.model import (
    Core,
    EnterpriseChanged,
    IntentOutcome,
    Name,
    Opening,
    PersonEnrolled,
    PolicyChanged,
    Proofs,
    Receipt,
    ReportIntended,
    RepresentativeLimited,
)
from creditbridge.protocols.canonical_json import require_canonical

ENTRY_VERSION = b"\x01"
ENTRY_DOMAIN = b"creditbridge-entry-v1\x00"
RECEIPT_DOMAIN = b"creditbridge-receipt-v1\x00"
SALT_BYTES = 32
COMMITMENT_BYTES = 32
INCLUDE_WITHIN = timedelta(seconds=60)


class OpeningUnsound(Untrusted):
    """An opening's parts do not belong to each other."""

    code = "opening-unsound"
    message = "What should open an entry of the ledger does not fit it."


def commit(salt: bytes, core: bytes) -> bytes:
    """Return the commitment, 32 bytes."""
    return hashlib.sha256(ENTRY_DOMAIN + salt + core).digest()


def entry_of(commitment: bytes) -> bytes:
    """Return the log's entry, 33 bytes: its version and the commitment."""
    return ENTRY_VERSION + commitment


def salted_digest(salt: bytes, raw: bytes) -> bytes:
    """Return SHA-256(salt || bytes), 32 bytes."""
    return hashlib.sha256(salt + raw).digest()


def join_parts(parts: Iterable[bytes]) -> bytes:
    """Return parts as one sequence of bytes that only they give: each behind its length.

    A digest over several platforms' messages is taken of this, in the order of their names.
    """
    return b"".join(len(part).to_bytes(8) + part for part in parts)


def decode_core(raw: bytes) -> Core:
    """Return what the bytes of a core say.

    Raises:
        Malformed: not canonical, an unknown version or kind, unknown members, or a spelling that
            `encode` would not give.
    """
    members = require_canonical(raw)
    if not isinstance(members, dict):
        raise SpellingUnknown(detail="a core is an object")
    # Which struct the terms have depends on the kind, so they are read after it.
    head = convert({**members, "terms": {}}, Core)
    terms = convert(members.get("terms"), CATALOGUE[head.kind].terms)
    core = msgspec.structs.replace(head, terms=terms)
    require_same(core, raw)
    return core


def open_entry(opening: Opening) -> tuple[Core, bytes]:
    """Return the core of an opening and the commitment that it opens.

    Raises:
        OpeningUnsound: unreadable, the personal part is another's, or it neither stands nor is
            marked as erased.
    """
    try:
        raw = from_base64url(opening.core)
        commitment = commit(_salt_of(opening.salt), raw)
        core = decode_core(raw)
        _require_personal(core, opening)
    except Malformed as error:
        raise OpeningUnsound(detail=f"{error.code} {error.detail}") from error
    # A digest whose salt was withheld could later be claimed to be of anything.
    if core.digests.keys() != opening.digest_salts.keys():
        raise OpeningUnsound(detail="a digest without its salt, or a salt without its digest")
    return core, commitment


def authorities_of(opening: Opening) -> frozenset[str]:
    """Return the event ids of the entries by which those might do it who did what this says."""
    core, _ = open_entry(opening)
    match core.terms:
        case PersonEnrolled(appointed_by=str(entry)) | RepresentativeLimited(acted=str(entry)):
            return frozenset({entry})
        case EnterpriseChanged(agreed=entries):
            return entries or frozenset()
        case _:
            return frozenset()


def persons_of(openings: Iterable[Opening]) -> frozenset[str]:
    """Return the event ids of the natural persons' consents on which intents among these rest."""
    terms = (open_entry(opening)[0].terms for opening in openings)
    named = (one.persons or () for one in terms if isinstance(one, ReportIntended))
    return frozenset[str]().union(*named)


def read_names(opening: Opening) -> dict[str, Name]:
    """Return who is behind each reference; nobody where the personal part was erased.

    Raises:
        OpeningUnsound: the personal part cannot be read.
    """
    if opening.personal is None:
        return {}
    try:
        raw = from_base64url(opening.personal)
        names = msgspec.convert(require_canonical(raw), dict[str, Name])
    except (Malformed, msgspec.ValidationError) as error:
        raise OpeningUnsound(detail="personal part") from error
    return names


def require_digest(opening: Opening, core: Core, name: str, raw: bytes) -> None:
    """Accept bytes that the entry's salted digest of this name was taken of.

    Raises:
        OpeningUnsound: other bytes, or the entry has no such digest.
    """
    try:
        salt = _salt_of(opening.digest_salts.get(name, ""))
    except Malformed as error:
        raise OpeningUnsound(detail=f"no salt for {name}") from error
    if core.digests.get(name) != to_base64url(salted_digest(salt, raw)):
        raise OpeningUnsound(detail=f"digest {name} is of other bytes")


def require_proofs(opening: Opening, core: Core, proofs: Proofs) -> None:
    """Accept signed bytes that the entry's digests were taken of.

    Raises:
        OpeningUnsound: other bytes.
    """
    if (request := proofs.request) is not None:
        require_digest(opening, core, DigestName.REQUEST, request.base or request.body)
    if proofs.artefact is not None:
        require_digest(opening, core, DigestName.ARTEFACT, proofs.artefact.artefact)
    # Asked of the core, not of the proofs: a signature or an exchange taken out must be missed.
    if DigestName.APPROVAL in core.digests:
        parts = () if proofs.approval is None else proofs.approval.parts
        require_digest(opening, core, DigestName.APPROVAL, join_parts(parts))
    # What was erased with the names is not missed.
    if DigestName.TEXT in core.digests and opening.erased is None:
        require_digest(opening, core, DigestName.TEXT, proofs.text or b"")
    if DigestName.QUERY in core.digests:
        bases = join_parts(exchange.query_base for exchange in proofs.exchanges)
        require_digest(opening, core, DigestName.QUERY, bases)
    if DigestName.ANSWER in core.digests:
        require_digest(opening, core, DigestName.ANSWER, _join_answers(proofs))


def _join_answers(proofs: Proofs) -> bytes:
    return join_parts(exchange.answer_base or b"" for exchange in proofs.exchanges)


def read_policy_signature(terms: PolicyChanged) -> bytes:
    """Return the consent key's signature over a policy, as its entry holds it.

    Raises:
        SpellingUnknown: not base64url as the ledger spells it.
    """
    return from_base64url(terms.signature)


def sign_receipt(core: Core, commitment: bytes, signer: Signer, *, origin: str) -> Receipt:
    """Return the signed promise that the entry will be in the log within a minute."""
    receipt = Receipt(
        v=1,
        origin=origin,
        commitment=to_base64url(commitment),
        bank_seq=core.bank_seq,
        decided_at=core.decided_at,
        include_by=core.decided_at + INCLUDE_WITHIN,
        kid=signer.key.key_id,
    )
    signature = signer.sign(receipt_message(receipt))
    return msgspec.structs.replace(receipt, signature=to_base64url(signature))


def receipt_message(receipt: Receipt) -> bytes:
    """Return the bytes that a receipt's signature is over."""
    return RECEIPT_DOMAIN + encode(msgspec.structs.replace(receipt, signature=None))


def verify_receipt(raw: bytes, find_key: Callable[[str], PublicKey | None]) -> Receipt:
    """Return the receipt that the bytes hold.

    Raises:
        Malformed: no receipt of a version that is known here.
        SignatureInvalid: an unknown key, or a signature over other bytes.
    """
    receipt = decode(raw, Receipt)
    key = find_key(receipt.kid)
    if key is None or receipt.signature is None:
        raise SignatureInvalid(detail="a receipt without a signature by a known key")
    key.verify(from_base64url(receipt.signature), receipt_message(receipt))
    return receipt


def require_promised(receipt: Receipt, core: Core, commitment: bytes) -> None:
    """Accept a receipt that was given for this entry.

    Raises:
        OpeningUnsound: it was given for another.
    """
    promised = (receipt.commitment, receipt.bank_seq, receipt.decided_at, receipt.include_by)
    due = core.decided_at + INCLUDE_WITHIN
    if promised != (to_base64url(commitment), core.bank_seq, core.decided_at, due):
        raise OpeningUnsound(detail="the receipt is another entry's")


def require_link(core: Core, *, seq: int, before: bytes | None) -> None:
    """Accept an entry as the link of this number, behind the commitment before it, in its chain.

    Raises:
        OpeningUnsound: a gap, or a link to something else.
    """
    prev = None if before is None else to_base64url(before)
    if (core.consent_seq, core.consent_prev) != (seq, prev):
        raise OpeningUnsound(detail=f"link {core.consent_seq} where {seq} should follow")


def may_close(current: IntentOutcome | None, outcome: IntentOutcome) -> bool:
    """Tell whether an intent may go on to this outcome: ends are final, UNKNOWN until proven.

    What turned out as never counted was never sent; nothing else follows on UNKNOWN.
    """
    if current is None:
        return True
    return current is IntentOutcome.UNKNOWN and outcome is IntentOutcome.NOT_SENT


def _salt_of(text: str) -> bytes:
    salt = from_base64url(text)
    if len(salt) != SALT_BYTES:
        raise SpellingUnknown(detail=f"a salt of {len(salt)} bytes")
    return salt


def _require_personal(core: Core, opening: Opening) -> None:
    if opening.salt2 is None or opening.personal is None:
        _require_none_or_erased(core, opening)
        return
    digest = salted_digest(_salt_of(opening.salt2), from_base64url(opening.personal))
    if opening.erased is not None or core.personal != to_base64url(digest):
        raise OpeningUnsound(detail="the personal part is another entry's")


def _require_none_or_erased(core: Core, opening: Opening) -> None:
    is_half_left = bool(opening.salt2 or opening.personal)
    # Erased, and the entry says by which event; or there never was a personal part.
    if is_half_left or (core.personal is None) != (opening.erased is None):
        raise OpeningUnsound(detail="the personal part is gone without an erasure")
