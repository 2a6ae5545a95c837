"""Checks of a consent on paper: a scan that operators confirmed, and nobody's signature."""

from creditbridge.consents.model import ConsentState
from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.binary import read_binary
from creditbridge.evidence.examination import Examination, Finding, OpenedEntry
from creditbridge.evidence.model import PackUntrue, Strength
from creditbridge.ledger.model import (
    ConsentName,
    DigestName,
    DocumentConfirmed,
    OperatorEnrolled,
    PersonName,
)
from creditbridge.ledger.rules import require_digest
from creditbridge.parties.acts import ConfirmationAct
from creditbridge.parties.rules import message_of_act, read_key
from creditbridge.protocols.strict_json import decode


def check_operators(examination: Examination, approval: OpenedEntry) -> Finding:
    """Check that as many different operators as had to confirmed, each by their enrolled key."""
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
    detail = f"{len(people)} of {terms.needed} operators, each by a key enrolled before"
    return Finding(strength=Strength.LOG_PROVEN, detail=detail)


def tell_scan(terms: DocumentConfirmed) -> Finding:
    """Say what stands in place of the approver's signature: less than one."""
    detail = (
        f"no signature of the enterprise: a scan of a letter on paper (SHA-256 {terms.document}) "
        f"that {terms.given} operators confirmed and signed for"
    )
    return Finding(strength=Strength.SCAN_CONFIRMED, detail=detail)


def _require_enrolled(examination: Examination, link: OpenedEntry, said: DocumentConfirmed) -> None:
    for entry in examination.entries:
        enrolled = entry.core.terms
        # Enrolled after the word is not enrolled: nobody is made an operator backwards.
        if not isinstance(enrolled, OperatorEnrolled) or entry.index >= link.index:
            continue
        if (entry.core.person, enrolled.key_id) == (link.core.person, said.key_id):
            _require_signed(examination, link, said, enrolled)
            return
    raise PackUntrue(detail=f"entry {link.index}: the operator had not been enrolled with that key")


def _require_signed(
    examination: Examination,
    link: OpenedEntry,
    said: DocumentConfirmed,
    enrolled: OperatorEnrolled,
) -> None:
    proof = examination.pack.acts.get(link.index)
    if proof is None:
        raise PackUntrue(detail=f"acts/{link.index}: missing")
    require_digest(link.opening, link.core, DigestName.ACT, proof.act)
    # The key is the one in the log: whoever assembles a pack cannot bring another.
    if digest_of(proof.key) != enrolled.key_digest:
        raise PackUntrue(detail=f"acts/{link.index}: another key than the one enrolled")
    act = decode(proof.act, ConfirmationAct)
    read_key(proof.key).verify(read_binary(said.signature), message_of_act(act))
    consent = link.find_name(link.core.consent, ConsentName)
    operator = link.find_name(link.core.person, PersonName)
    # Of a letter that waits the version stays; with the last word it is one more.
    version = said.version - (said.state == ConsentState.ACTIVE)
    same = (
        act.artefact_digest == said.artefact_digest,
        act.version == version,
        consent is None or consent.consent_id == act.consent_id,
        operator is None or operator.person_id == act.operator_id,
    )
    if not all(same):
        raise PackUntrue(detail=f"acts/{link.index}: the operator signed for another letter")
