"""Checks of the consent: its chain, its artefact, its approver, and the rule run again."""

from enum import StrEnum
from typing import TypeVar

from creditbridge.consents.artefact import verify_artefact
from creditbridge.consents.model import ConsentArtefact
from creditbridge.consents.policy import verify_policy
from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.examination import Examination, Finding, OpenedEntry, require_key
from creditbridge.evidence.model import PackUntrue, Strength
from creditbridge.evidence.paper_checks import check_operators
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.voices import Voices
from creditbridge.ledger.model import (
    BankName,
    ConsentApproved,
    ConsentCountersigned,
    ConsentExtent,
    ConsentName,
    DocumentConfirmed,
    EnterpriseName,
    PersonConsented,
    PersonEnded,
    PolicyChanged,
    Proofs,
)
from creditbridge.ledger.rules import read_policy_signature, require_link, require_proofs
from creditbridge.profile.codes import ConsentForm, Until

T = TypeVar("T", bound=StrEnum)


def check_chain(examination: Examination) -> Finding:
    """Check that the consent's uses and transitions are one gapless, linked chain."""
    before: bytes | None = None
    consent = examination.decided.core.consent
    for seq, link in enumerate(examination.chain, start=1):
        if link.core.consent != consent:
            raise PackUntrue(detail=f"entry {link.index} is of another consent")
        # From the first link: a withdrawal left out of the middle would break the numbers or the
        # links.
        require_link(link.core, seq=seq, before=before)
        before = link.commitment
    if examination.decided not in examination.chain:
        raise PackUntrue(detail="the use is no link of the chain")
    last = examination.chain[-1]
    detail = f"{len(examination.chain)} links, the last is {last.core.kind} at index {last.index}"
    return Finding(strength=Strength.LOG_PROVEN, detail=detail)


def check_artefact(examination: Examination) -> Finding:
    """Check that the gateway signed the artefact, and that it says what the approval says."""
    approval, pins, proof = examination.get_approval(), examination.pins, examination.pack.artefact
    if proof is None or not isinstance(approval.core.terms, ConsentApproved | DocumentConfirmed):
        raise PackUntrue(detail="consent/artefact.json: missing")
    terms = approval.core.terms
    find_key = pins.finder(pins.file.consent_keys, approval.index)
    key = require_key(find_key, proof.key_id, "consent/signature")
    artefact = verify_artefact(proof.artefact, proof.signature, key)
    signed = examination.pack.approvals.get(approval.index)
    # The text is no proof of the artefact, and has a step of its own.
    proofs = Proofs(
        artefact=proof, approval=signed, text=examination.pack.texts.get(approval.index)
    )
    require_proofs(approval.opening, approval.core, proofs)
    if digest_of(proof.artefact) != terms.artefact_digest:
        raise PackUntrue(detail="consent/artefact.json: not the one approved")
    _require_extent(artefact, terms)
    _require_names(artefact, approval)
    detail = f"{', '.join(sorted(terms.purposes))}: {', '.join(sorted(terms.sections))}"
    return Finding(strength=Strength.GATEWAY_SIGNED, detail=detail)


def check_approver(examination: Examination) -> Finding:
    """Check that whoever approved might by then, and that they were as many people as had to."""
    approval, voices = examination.get_approval(), Voices()
    core = approval.core
    if isinstance(core.terms, DocumentConfirmed):
        return check_operators(examination, approval)
    if not isinstance(core.terms, ConsentApproved):
        raise PackUntrue(detail="the approval says nothing of who had to approve")
    indexes = dict[str, int]()
    for entry in examination.entries:
        # Enrolled after the approval is not enrolled: nobody may be made entitled backwards.
        if entry.index < approval.index:
            voices.see(entry.core)
            indexes[entry.core.event_id] = entry.index
    if (fault := voices.find_fault(core, core.terms)) is not None:
        raise PackUntrue(detail=fault)
    voice = voices.get(core)
    detail = f"{voice.role}, enrolled at index {indexes[voice.entry]}"
    if others := core.terms.countersigned:
        detail += f", with {len(others)} others"
    if confirmed := _count_confirmations(examination, approval):
        detail += f", confirmed {confirmed} times by new legal representatives"
    return Finding(strength=Strength.LOG_PROVEN, detail=detail)


def _count_confirmations(examination: Examination, approval: OpenedEntry) -> int:
    """Return how often the consent was confirmed before the use, each time by who might then."""
    voices, confirmed = Voices(), 0
    for entry in examination.entries:
        if entry.index >= examination.decided.index:
            break
        is_later = entry.index > approval.index and entry.core.consent == approval.core.consent
        if is_later and isinstance(entry.core.terms, ConsentCountersigned):
            if not voices.is_led_by(entry.core):
                raise PackUntrue(detail=f"entry {entry.index} confirms without the right to")
            confirmed += 1
        voices.see(entry.core)
    return confirmed


def check_coverage(examination: Examination) -> Finding:
    """Run the rule that decided again, on the consent as its chain builds it.

    Within the policy of that instant, which the gateway signed.
    """
    replay, decided = Replay(), examination.decided
    for entry in examination.entries:
        is_policy = isinstance(entry.core.terms, PolicyChanged)
        if is_policy:
            _require_signed_policy(examination, entry)
        is_read = is_policy or isinstance(entry.core.terms, PersonConsented | PersonEnded)
        # Only what stood before the decision; what came later could not have decided it.
        if entry.index < decided.index and (is_read or entry in examination.chain):
            replay.step(entry.core)
    coverage = replay.take_use(decided.core, examination.get_intended())
    uses = f"use {coverage.use_number} of {coverage.consent.max_queries}"
    sections = ", ".join(sorted(coverage.sections))
    return Finding(strength=Strength.REPLAYED, detail=f"{uses}, covering {sections}")


def _require_signed_policy(examination: Examination, entry: OpenedEntry) -> None:
    terms, pins = entry.core.terms, examination.pins
    if not isinstance(terms, PolicyChanged):
        return
    find_key = pins.finder(pins.file.consent_keys, entry.index)
    key = require_key(find_key, entry.core.key_ids.get("consent"), "the policy's signature")
    verify_policy(terms.policy.encode(), read_policy_signature(terms), key)


def check_end(examination: Examination) -> Finding:
    """Check that the subject ends this very intent, as a replay of all entries allows."""
    replay = Replay()
    for entry in examination.entries:
        replay.step(entry.core)
    core = examination.subject.core
    detail = f"{core.kind} at index {examination.subject.index}, decided {core.decided_at} "
    return Finding(strength=Strength.LOG_PROVEN, detail=detail.strip())


def _words(codes: tuple[T, ...]) -> frozenset[str] | None:
    return frozenset(map(str, codes)) or None


def _require_extent(artefact: ConsentArtefact, terms: ConsentExtent) -> None:
    signed = (
        frozenset(map(str, artefact.purposes)),
        frozenset(map(str, artefact.sections)),
        frozenset(artefact.grantee.clients),
        artefact.valid_from,
        artefact.valid_to,
        artefact.max_queries,
        artefact.authorization_no,
        artefact.business_ref,
        _words(artefact.data_classes),
        _words(artefact.products),
        _words(artefact.roles),
        artefact.recurring,
        artefact.per_day,
        artefact.min_interval_seconds,
        artefact.retention_days,
        artefact.until,
        artefact.form,
        artefact.monitoring,
        None if artefact.document is None else artefact.document.sha256,
    )
    recorded = (
        terms.purposes,
        terms.sections,
        terms.clients,
        terms.valid_from,
        terms.valid_to,
        terms.max_queries,
        terms.authorization_no,
        terms.business_ref,
        terms.data_classes,
        terms.products,
        terms.roles,
        terms.recurring is not False,
        terms.per_day,
        terms.min_interval_seconds,
        terms.retention_days,
        terms.until or Until.TERM,
        terms.form or ConsentForm.E_SIGN,
        terms.monitoring is True,
        terms.document,
    )
    # Entries from before it was said there leave out whose place a consent takes.
    if signed != recorded or terms.supersedes not in {None, artefact.supersedes}:
        raise PackUntrue(detail="consent/artefact.json: another extent than the approval's")


def _require_names(artefact: ConsentArtefact, approval: OpenedEntry) -> None:
    """Compare whom the artefact names with whom the entry names, where names still stand."""
    core = approval.core
    bank = approval.find_name(core.bank, BankName)
    enterprise = approval.find_name(core.enterprise, EnterpriseName)
    consent = approval.find_name(core.consent, ConsentName)
    same = (
        bank is None or bank.bank_id == artefact.grantee.bank_id,
        enterprise is None or enterprise.uscc == artefact.grantor.uscc,
        consent is None or consent.consent_id == artefact.consent_id,
    )
    if not all(same):
        raise PackUntrue(detail="consent/artefact.json: names others than the approval does")
