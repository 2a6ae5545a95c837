"""Checks of a consent on paper: a scan that operators confirmed, and nobody's signature."""

from creditbridge.evidence.examination import Examination, Finding, OpenedEntry
from creditbridge.evidence.model import PackUntrue, Strength
from creditbridge.ledger.model import DocumentConfirmed, OperatorEnrolled


def check_operators(examination: Examination, approval: OpenedEntry) -> Finding:
    """Check that as many different operators as had to confirmed, each enrolled before."""
    terms = approval.core.terms
    if not isinstance(terms, DocumentConfirmed):
        raise PackUntrue(detail="the approval is no confirmation of a scan")
    people = list[str]()
    for link in examination.chain:
        said = link.core.terms
        if not isinstance(said, DocumentConfirmed) or link.index > approval.index:
            continue
        if said.artefact_digest != terms.artefact_digest:
            raise PackUntrue(detail=f"entry {link.index} confirms another scan")
        _require_enrolled(examination, link, said)
        people.append(link.core.person or "")
    # How many had to, the replay derives from the policy: here they must be as many, and different.
    if len(set(people)) != len(people) or len(people) < terms.needed:
        raise PackUntrue(
            detail=f"{len(set(people))} operators confirmed, and {terms.needed} had to"
        )
    detail = f"{len(people)} of {terms.needed} operators, each enrolled before"
    return Finding(strength=Strength.LOG_PROVEN, detail=detail)


def tell_scan(terms: DocumentConfirmed) -> Finding:
    """Say what stands in place of the approver's signature: less than one."""
    detail = (
        f"no signature of the enterprise: a scan of a letter on paper (SHA-256 {terms.document}) "
        f"that {terms.given} operators confirmed"
    )
    return Finding(strength=Strength.SCAN_CONFIRMED, detail=detail)


def _require_enrolled(examination: Examination, link: OpenedEntry, said: DocumentConfirmed) -> None:
    for entry in examination.entries:
        enrolled = entry.core.terms
        # Enrolled after the word is not enrolled: nobody is made an operator backwards.
        if not isinstance(enrolled, OperatorEnrolled) or entry.index >= link.index:
            continue
        if (entry.core.person, enrolled.key_id) == (link.core.person, said.key_id):
            return
    raise PackUntrue(detail=f"entry {link.index}: the operator had not been enrolled with that key")
