"""The check of the very words that a person read before they said yes (CRR 19)."""

from typing import TypeAlias

from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.examination import Examination, Finding, OpenedEntry
from creditbridge.evidence.model import PackUntrue, StepState, Strength
from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    DigestName,
    PersonConsented,
)
from creditbridge.ledger.rules import require_digest

Yes: TypeAlias = ConsentApproved | ConsentCountersigned | PersonConsented
YESES = (ConsentApproved, ConsentCountersigned, PersonConsented)


def check_text(examination: Examination) -> Finding:
    """Check that each page in the pack is the one whose digest the log has held since the yes.

    The bytes are compared, and nothing is rendered anew: templates may have changed since.
    """
    kept, named = 0, ""
    said = [
        (entry, terms)
        for entry in examination.entries
        if isinstance(terms := entry.core.terms, YESES)
    ]
    if strange := sorted(examination.pack.texts.keys() - {entry.index for entry, _ in said}):
        raise PackUntrue(detail=f"texts: entry {strange[0]} is nobody's yes")
    for entry, terms in said:
        text = examination.pack.texts.get(entry.index)
        named = f"{terms.template_id} {terms.template_version}"
        # Asked of the core: a page that was taken out of the pack must be missed, but where it went
        # with the names.
        is_kept = DigestName.TEXT in entry.core.digests
        if text is not None or (is_kept and entry.opening.erased is None):
            _require_text(entry, terms, text)
            kept += 1
    if not kept:
        told = f"{named}: its digest alone was kept, or its words were erased"
        detail = told if named else "no page was read: the consent came on paper"
        return Finding(strength=Strength.GATEWAY_ATTESTED, detail=detail, state=StepState.SKIPPED)
    detail = f"{named}, {kept} page(s), byte for byte"
    return Finding(strength=Strength.GATEWAY_ATTESTED, detail=detail)


def _require_text(entry: OpenedEntry, terms: Yes, text: bytes | None) -> None:
    if text is None:
        raise PackUntrue(detail=f"texts: the page of entry {entry.index} is missing")
    require_digest(entry.opening, entry.core, DigestName.TEXT, text)
    if digest_of(text) != terms.text_digest:
        raise PackUntrue(detail=f"texts: entry {entry.index} names another page")
