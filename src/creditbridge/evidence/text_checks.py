"""The check of the very words that an approver read before they said yes (CRR 19)."""

from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.examination import Examination, Finding, OpenedEntry
from creditbridge.evidence.model import PackUntrue, StepState, Strength
from creditbridge.ledger.model import ConsentApproved, ConsentCountersigned, DigestName
from creditbridge.ledger.rules import require_digest


def check_text(examination: Examination) -> Finding:
    """Check that each page in the pack is the one whose digest the log has held since the yes.

    The bytes are compared, and nothing is rendered anew: templates may have changed since.
    """
    kept, named = 0, ""
    known = {entry.index for entry in examination.chain}
    if strange := sorted(examination.pack.texts.keys() - known):
        raise PackUntrue(detail=f"texts: entry {strange[0]} is no link of the chain")
    for entry in examination.chain:
        terms = entry.core.terms
        text = examination.pack.texts.get(entry.index)
        if not isinstance(terms, ConsentApproved | ConsentCountersigned):
            if text is not None:
                raise PackUntrue(detail=f"texts: entry {entry.index} is no approval")
            continue
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
    detail = f"{named}, {kept} pages, byte for byte"
    return Finding(strength=Strength.GATEWAY_ATTESTED, detail=detail)


def _require_text(
    entry: OpenedEntry, terms: ConsentApproved | ConsentCountersigned, text: bytes | None
) -> None:
    if text is None:
        raise PackUntrue(detail=f"texts: the page of entry {entry.index} is missing")
    require_digest(entry.opening, entry.core, DigestName.TEXT, text)
    if digest_of(text) != terms.text_digest:
        raise PackUntrue(detail=f"texts: entry {entry.index} names another page")
