"""The check of the approver's own signature, as PROTOCOLS section 8 has it for a later verifier."""

from base64 import urlsafe_b64encode

from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.examination import Examination, Finding, OpenedEntry
from creditbridge.evidence.model import PackUntrue, Strength
from creditbridge.evidence.paper_checks import tell_scan
from creditbridge.ledger.model import (
    ApprovalProof,
    ConsentApproved,
    ConsentCountersigned,
    CredentialEnded,
    CredentialEnrolled,
    DigestName,
    DocumentConfirmed,
    Proofs,
)
from creditbridge.ledger.rules import require_proofs
from creditbridge.protocols.approval_statement import (
    StatedConsent,
    challenge_of,
    parse_statement,
)
from creditbridge.protocols.webauthn_assertion import Assertion, verify_assertion
from creditbridge.protocols.webauthn_key import parse_key


def check_signature(examination: Examination) -> Finding:
    """Check that the passkey of each approver signed this very artefact, where one signed at all.

    Of several the weakest counts: one who was signed in without a passkey is attested only. A
    letter on paper has no signature here, and the finding says so.
    """
    approval = examination.get_approval()
    terms = approval.core.terms
    if isinstance(terms, DocumentConfirmed):
        return tell_scan(terms)
    if not isinstance(terms, ConsentApproved):
        raise PackUntrue(detail="the approval has other terms")
    # That they are of this consent, earlier and of the same artefact, the step before has shown.
    others = terms.countersigned or frozenset()
    yeses = [entry for entry in examination.entries if entry.core.event_id in others]
    # And those of new legal representatives, who confirmed the same artefact before the use.
    confirmed = [
        entry
        for entry in examination.chain
        if isinstance(entry.core.terms, ConsentCountersigned)
        and approval.index < entry.index < examination.decided.index
    ]
    findings = [_check_yes(examination, yes) for yes in (*yeses, approval, *confirmed)]
    weakest = next((one for one in findings if one.strength is not Strength.APPROVER_SIGNED), None)
    detail = "; ".join(one.detail for one in findings)
    return Finding(strength=(weakest or findings[-1]).strength, detail=detail)


def _check_yes(examination: Examination, yes: OpenedEntry) -> Finding:
    terms = yes.core.terms
    if not isinstance(terms, ConsentApproved | ConsentCountersigned):
        raise PackUntrue(detail="the approval has other terms")
    # Asked of the core: a signature that was taken out of the pack must be missed.
    if terms.credential is None and DigestName.APPROVAL not in yes.core.digests:
        detail = "signed in, without a passkey"
        return Finding(strength=Strength.SESSION_ATTESTED, detail=detail)
    proof = examination.pack.approvals.get(yes.index)
    if proof is None or terms.credential is None:
        raise PackUntrue(detail=f"approvals/{yes.index}: missing")
    if isinstance(terms, ConsentCountersigned):
        text = examination.pack.texts.get(yes.index)
        require_proofs(yes.opening, yes.core, Proofs(approval=proof, text=text))
    enrolment = _find_enrolment(examination, yes, terms.credential)
    enrolled = _require_enrolled(enrolment, proof)
    _require_live(examination, yes, enrolled)
    _require_stated(yes, terms, proof)
    party = examination.pins.find_party(yes.index)
    if party is None:
        raise PackUntrue(detail="the pins name nobody for whom passkeys sign at this index")
    verify_assertion(
        Assertion(
            client_data=proof.client_data,
            authenticator_data=proof.authenticator_data,
            signature=proof.signature,
        ),
        parse_key(proof.public_key),
        party,
        challenge=challenge_of(proof.statement),
        backup_eligible=not enrolled.device_bound,
    )
    bound = "bound to its device" if enrolled.device_bound else "perhaps synced"
    detail = f"passkey enrolled at index {enrolment.index}, {bound}, for {party.rp_id}"
    return Finding(strength=Strength.APPROVER_SIGNED, detail=detail)


def _find_enrolment(examination: Examination, approval: OpenedEntry, event_id: str) -> OpenedEntry:
    for entry in examination.entries:
        # Enrolled after the approval is not enrolled: a key made afterwards proves nothing.
        if entry.core.event_id != event_id or entry.index >= approval.index:
            continue
        if entry.core.person == approval.core.person:
            return entry
    raise PackUntrue(detail="the passkey had not been enrolled before the approval")


def _require_enrolled(enrolment: OpenedEntry, proof: ApprovalProof) -> CredentialEnrolled:
    enrolled = enrolment.core.terms
    credential = digest_of(proof.credential_id)
    # The key is the one in the log: whoever assembles a pack cannot bring another.
    if not isinstance(enrolled, CredentialEnrolled) or enrolled.credential != credential:
        raise PackUntrue(detail="another passkey than the one enrolled")
    if enrolled.public_key != urlsafe_b64encode(proof.public_key).rstrip(b"=").decode("ascii"):
        raise PackUntrue(detail="another key than the one enrolled")
    return enrolled


def _require_live(
    examination: Examination, approval: OpenedEntry, enrolled: CredentialEnrolled
) -> None:
    if approval.core.decided_at < enrolled.approves_from:
        raise PackUntrue(detail="the passkey might not approve yet")
    for entry in examination.entries:
        ended = entry.core.terms
        if not isinstance(ended, CredentialEnded) or entry.index >= approval.index:
            continue
        if ended.credential == enrolled.credential:
            raise PackUntrue(detail=f"the passkey had ended at index {entry.index}")


def _require_stated(
    approval: OpenedEntry, terms: ConsentApproved | ConsentCountersigned, proof: ApprovalProof
) -> None:
    statement = parse_statement(proof.statement)
    # The last yes makes the next version of what all of them read.
    read = terms.version - 1 if isinstance(terms, ConsentApproved) else terms.version
    stated = StatedConsent(artefact=terms.artefact_digest, version=read)
    if stated not in statement.consents:
        raise PackUntrue(detail="the statement is over another artefact or version")
    if statement.approver != approval.core.person:
        raise PackUntrue(detail="the statement is another approver's")
    # By the gateway's clock: the instant is the entry's own, and proven by its place alone.
    if approval.core.decided_at >= statement.expires_at:
        raise PackUntrue(detail="the statement had expired")
