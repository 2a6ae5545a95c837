"""How a pack is put together. Everything in it comes out of the ledger; no credit data does.

manifest.json                       every file with its SHA-256
checkpoint                          the signed checkpoint all proofs lead to
entries/<index>/opening.json        what opens the commitment
entries/<index>/inclusion.tlog-proof
receipt.json                        the promise that the bank was given
request/…  consent/…  queries/<n>/… signed bytes: base, signature, key id
approvals/<index>/…                 what an approver's passkey signed, and with which key
acts/<index>/…                      what an operator signed over a letter on paper, and their key
texts/<index>.html                  the page that an approver read, byte for byte
"""

import hashlib
from base64 import urlsafe_b64encode

import msgspec

from creditbridge.evidence.archive import pack_files
from creditbridge.evidence.model import (
    ExchangeFile,
    Manifest,
    PackKind,
    PackMaterial,
    PackUnready,
)
from creditbridge.ledger.model import (
    ActProof,
    ApprovalProof,
    ArtefactProof,
    EventKind,
    ExchangeProof,
    Opened,
    RequestProof,
)
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.tlog_proof import parse_proof

MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
RECEIPT = "receipt.json"

# In which entry a report ends, and what its pack then proves.
ENDS = {
    EventKind.REPORT_DELIVERED: PackKind.DELIVERED,
    EventKind.REPORT_FAILED: PackKind.FAILED,
    EventKind.DELIVERY_STOPPED: PackKind.FAILED,
    EventKind.REPORT_REFUSED: PackKind.REFUSED,
}


def assemble_pack(material: PackMaterial) -> bytes:
    """Return the pack of a report that has ended.

    Raises:
        PackUnready: it has not, or an entry up to its end has no proof yet. Entries behind the
            end that have none are left to a later pack.
    """
    subject = _find_subject(material)
    end = _index_of(subject)
    entries = [one for one in material.entries if _is_shown(one, material, end)]
    if subject.kind is EventKind.REPORT_REFUSED:
        # The caller's own facts and no others, whatever else is known of the report.
        entries = [subject]
    files: dict[str, bytes] = {RECEIPT: subject.receipt}
    for one in entries:
        files |= _entry_files(one, material)
        files |= _signed_files(one)
    files[CHECKPOINT] = parse_proof(material.inclusions[end]).checkpoint_note.encode()
    manifest = Manifest(
        v=1,
        kind=ENDS[subject.kind],
        report_id=material.report_id,
        subject=end,
        files={name: digest_of(content) for name, content in files.items()},
    )
    return pack_files({**files, MANIFEST: canonicalize(msgspec.to_builtins(manifest))})


def digest_of(content: bytes) -> str:
    """Return the SHA-256 as a manifest names it, base64url."""
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")


def name_entry_file(index: int, name: str) -> str:
    """Return where a file of an entry stands: indexes sort as numbers do."""
    # Of fixed width, as the archive sorts by name and readers walk in the log's order.
    return f"entries/{index:012d}/{name}"


def _find_subject(material: PackMaterial) -> Opened:
    for one in reversed(material.entries):
        if one.kind in ENDS:
            return one
    raise PackUnready(detail=f"{material.report_id} has not ended")


def _index_of(one: Opened) -> int:
    if one.opening.index is None:
        raise PackUnready(detail=f"{one.event_id} has no index yet")
    return one.opening.index


def _is_shown(one: Opened, material: PackMaterial, end: int) -> bool:
    index = one.opening.index
    if index in material.inclusions:
        return True
    if index is not None and index <= end:
        raise PackUnready(detail=f"{one.event_id} has no proof")
    return False


def _entry_files(one: Opened, material: PackMaterial) -> dict[str, bytes]:
    index = _index_of(one)
    return {
        name_entry_file(index, "opening.json"): one.opening.encode(),
        name_entry_file(index, "inclusion.tlog-proof"): material.inclusions[index].encode(),
    }


def _signed_files(one: Opened) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    # The request for the consent is another message: one pack shows one bank request.
    if one.proofs.request is not None and one.kind is not EventKind.CONSENT_REQUESTED:
        files |= _request_files(one.proofs.request)
    if one.proofs.artefact is not None:
        files |= _artefact_files(one.proofs.artefact)
    if one.proofs.approval is not None:
        files |= _approval_files(_index_of(one), one.proofs.approval)
    if one.proofs.act is not None:
        files |= _act_files(_index_of(one), one.proofs.act)
    if one.proofs.text is not None:
        files[name_text_file(_index_of(one))] = one.proofs.text
    for number, exchange in enumerate(one.proofs.exchanges, start=1):
        files |= _exchange_files(f"queries/{number:02d}", exchange)
    return files


def _request_files(request: RequestProof) -> dict[str, bytes]:
    files = {"request/body": request.body}
    if request.base is not None and request.signature is not None and request.key_id is not None:
        files["request/base"] = request.base
        files["request/signature"] = request.signature
        files["request/key-id"] = request.key_id.encode()
    return files


def _artefact_files(proof: ArtefactProof) -> dict[str, bytes]:
    return {
        "consent/artefact.json": proof.artefact,
        "consent/signature": proof.signature,
        "consent/key-id": proof.key_id.encode(),
    }


def name_approval_file(index: int, name: str) -> str:
    """Return where a file of what an approver signed stands: one folder for each entry."""
    return f"approvals/{index:012d}/{name}"


def name_text_file(index: int) -> str:
    """Return where the page stands that was read before the yes of an entry."""
    return f"texts/{index:012d}.html"


def _approval_files(index: int, proof: ApprovalProof) -> dict[str, bytes]:
    files = {
        "statement.json": proof.statement,
        "client-data.json": proof.client_data,
        "authenticator-data": proof.authenticator_data,
        "signature": proof.signature,
        "credential-id": proof.credential_id,
        "public-key": proof.public_key,
    }
    return {name_approval_file(index, name): content for name, content in files.items()}


def name_act_file(index: int, name: str) -> str:
    """Return where a file of what an operator signed stands: one folder for each entry."""
    return f"acts/{index:012d}/{name}"


def _act_files(index: int, proof: ActProof) -> dict[str, bytes]:
    files = {"act.json": proof.act, "key.json": proof.key}
    return {name_act_file(index, name): content for name, content in files.items()}


def _exchange_files(folder: str, proof: ExchangeProof) -> dict[str, bytes]:
    exchange = ExchangeFile(
        platform=proof.platform,
        query_id=proof.query_id,
        query_key_id=proof.query_key_id,
        answer_key_id=proof.answer_key_id,
        suite=proof.suite,
    )
    files = {
        "exchange.json": canonicalize(msgspec.to_builtins(exchange)),
        "grant.json": proof.grant,
        "query.base": proof.query_base,
        "query.signature": proof.query_signature,
    }
    if proof.answer_base is not None and proof.answer_signature is not None:
        files["answer.base"] = proof.answer_base
        files["answer.signature"] = proof.answer_signature
    return {f"{folder}/{name}": content for name, content in files.items()}
