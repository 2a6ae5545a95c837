"""Checks of what was said: the bank's request, the queries and answers, the profile."""

from collections.abc import Sequence
from contextlib import suppress

from creditbridge.evidence.examination import Examination, Finding
from creditbridge.evidence.model import PackKind, PackUntrue, StepState, Strength
from creditbridge.evidence.suites import SUITES
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import PublicKey
from creditbridge.ledger.model import (
    BankName,
    ConsentApproved,
    ConsentName,
    DocumentConfirmed,
    EnterpriseName,
    ExchangeProof,
    PersonConsented,
    Proofs,
    ReportDelivered,
    ReportIntended,
    ReportRefused,
    RequestProof,
)
from creditbridge.ledger.rules import require_digest, require_proofs
from creditbridge.profile.model import shows_persons
from creditbridge.profile.seal import verify_seal
from creditbridge.protocols.canonical_json import JsonValue, require_canonical
from creditbridge.protocols.content_digest import require_digest as require_content_digest
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    SignatureRejected,
    verify_base,
)
from creditbridge.protocols.signature_input import ParsedBase
from creditbridge.protocols.strict_json import parse


def check_request(examination: Examination) -> Finding:
    """Check that the bank signed what it asked, or say that only the gateway attests it."""
    decided, proof = examination.decided, examination.pack.request
    if proof is None:
        raise PackUntrue(detail="request/body: missing")
    require_proofs(decided.opening, decided.core, Proofs(request=proof))
    _require_asked(examination, proof)
    if proof.base is None or proof.signature is None:
        detail = "unsigned: TLS and token spoke for the bank"
        return Finding(strength=Strength.GATEWAY_ATTESTED, detail=detail)
    pins = examination.pins
    keys = pins.list_keys(pins.file.bank_keys, decided.index, proof.key_id)
    base = _verify_request(proof.base, proof.signature, keys)
    # The signature covers the digest alone: only this ties the body to it (RFC 9421, section
    # 7.2.8).
    require_content_digest(base.find_value("content-digest") or "", proof.body)
    detail = f"{base.find_value('@method')} {base.find_value('@target-uri')}"
    return Finding(strength=Strength.BANK_SIGNED, detail=detail)


def _verify_request(base: bytes, signature: bytes, keys: Sequence[PublicKey]) -> ParsedBase:
    """Accept the signature of any of a bank's keys under one name.

    A bank that publishes its keys itself names them as it likes: two machines, or one machine at
    two times, may call different keys the same. Each of them is the bank's.
    """
    if not keys:
        raise PackUntrue(detail="request/signature: no such key is pinned for this index")
    for key in keys[:-1]:
        with suppress(SignatureRejected):
            return verify_base(base, signature, key, profile=BANK_REQUEST)
    return verify_base(base, signature, keys[-1], profile=BANK_REQUEST)


def check_refusal(examination: Examination) -> Finding:
    """Check that the pack shows the caller's own facts, and no others."""
    core = examination.subject.core
    if not isinstance(core.terms, ReportRefused) or len(examination.entries) != 1:
        raise PackUntrue(detail="a refused report with more than its refusal")
    if examination.pack.texts:
        raise PackUntrue(detail="texts: a refusal was read by nobody")
    # Whether the consent is unknown or another bank's must not show (consents, ConsentMissing).
    if core.enterprise is not None or core.consent is not None:
        raise PackUntrue(detail="a refusal that names more than its caller")
    return Finding(strength=Strength.GATEWAY_ATTESTED, detail=core.terms.code)


def check_queries(examination: Examination) -> Finding:
    """Check that the gateway signed each query and its grant, within what was covered."""
    exchanges = examination.pack.exchanges
    if not exchanges:
        return _without_exchange(examination)
    for exchange in exchanges:
        SUITES[exchange.suite].verify_query(examination, exchange)
        _require_granted(examination, exchange)
    detail = f"{exchanges[0].query_id} to {', '.join(one.platform for one in exchanges)}"
    return Finding(strength=Strength.GATEWAY_SIGNED, detail=detail)


def check_answers(examination: Examination) -> Finding:
    """Check that each platform signed its answer, and bound it to this query."""
    exchanges = examination.pack.exchanges
    answered = [one for one in exchanges if one.answer_base is not None]
    if examination.kind is PackKind.DELIVERED and len(answered) < len(exchanges):
        raise PackUntrue(detail="a delivery without an answer")
    if not answered:
        return _without_exchange(examination)
    for exchange in answered:
        SUITES[exchange.suite].verify_answer(examination, exchange)
    detail = f"signed by {', '.join(one.platform for one in answered)}"
    return Finding(strength=Strength.PLATFORM_SIGNED, detail=detail)


def check_messages(examination: Examination) -> Finding:
    """Check that queries and answers are those that the subject's digests were taken of."""
    subject = examination.subject
    require_proofs(subject.opening, subject.core, Proofs(exchanges=examination.pack.exchanges))
    names = ", ".join(sorted(subject.core.digests)) or "none"
    return Finding(strength=Strength.DIGEST, detail=f"digests in the entry: {names}")


def check_profile(examination: Examination) -> Finding:
    """Check that the profile's seal holds, and that it is the one that was delivered."""
    raw, subject, pins = examination.profile, examination.subject, examination.pins
    if raw is None:
        detail = "no profile was given; its digest is in the entry"
        return Finding(strength=Strength.GATEWAY_SIGNED, detail=detail, state=StepState.SKIPPED)
    terms, intended = subject.core.terms, examination.get_intended()
    if not isinstance(terms, ReportDelivered):
        raise PackUntrue(detail="a profile, but nothing was delivered")
    profile = verify_seal(raw, pins.finder(pins.file.seal_keys, subject.index))
    # A seal alone proves a profile, not this delivery of it.
    require_digest(subject.opening, subject.core, "profile", raw)
    bank = subject.find_name(subject.core.bank, BankName)
    enterprise = subject.find_name(subject.core.enterprise, EnterpriseName)
    consent = subject.find_name(subject.core.consent, ConsentName)
    same = (
        profile.profile_id == terms.profile_id,
        profile.purpose == intended.purpose,
        bank is None or bank.bank_id == profile.bank_id,
        enterprise is None or enterprise.uscc == profile.subject.uscc,
        consent is None or consent.consent_id == profile.consent_id,
        _opened_by(intended) >= frozenset(map(str, profile.sections)),
    )
    if not all(same):
        raise PackUntrue(detail="the profile is another one than the entries speak of")
    # L13: whoever is shown is named, and whoever is named was covered by a consent of their own.
    if (shows_persons(profile) or profile.persons) and not terms.persons:
        raise PackUntrue(detail="the profile shows a natural person without that person's consent")
    return Finding(strength=Strength.GATEWAY_SIGNED, detail=profile.profile_id)


def _opened_by(intended: ReportIntended) -> frozenset[str]:
    """Return the sections that the enterprise's consent and persons' own opened."""
    return intended.sections | (intended.person_sections or frozenset())


def _without_exchange(examination: Examination) -> Finding:
    if examination.kind is PackKind.DELIVERED:
        raise PackUntrue(detail="a delivery without a query")
    return Finding(
        strength=Strength.GATEWAY_ATTESTED, detail="nothing was kept", state=StepState.SKIPPED
    )


def _require_asked(examination: Examination, proof: RequestProof) -> None:
    """Compare what the body asks with what the entry says was asked, where both say it."""
    core, terms = examination.decided.core, examination.asked
    enterprise = examination.decided.find_name(core.enterprise, EnterpriseName)
    consent = examination.decided.find_name(core.consent, ConsentName)
    recorded: dict[str, JsonValue] = {
        "purpose": terms.purpose,
        "sections": None if terms.asked is None else sorted(terms.asked),
        "uscc": None if enterprise is None else enterprise.uscc,
        "consent_id": None if consent is None else consent.consent_id,
    }
    for name, value in _read_members(proof.body).items():
        said = sorted(map(str, value)) if isinstance(value, list) else value
        # Where names were erased there is nothing to compare: the salted digest still holds.
        if recorded.get(name) is not None and said != recorded[name]:
            raise PackUntrue(detail=f"request/body: {name} is not what was recorded")


def _read_members(body: bytes) -> dict[str, JsonValue]:
    try:
        members = parse(body)
    except Malformed:
        return {}  # The bank may have sent anything; a refusal of it is proven all the same.
    return members if isinstance(members, dict) else {}


def _require_granted(examination: Examination, exchange: ExchangeProof) -> None:
    intended, approval = examination.get_intended(), examination.get_approval()
    grant = require_canonical(exchange.grant)
    if not isinstance(grant, dict) or not isinstance(
        approval.core.terms, ConsentApproved | DocumentConfirmed
    ):
        raise PackUntrue(detail="grant.json: no grant")
    enterprise = approval.find_name(approval.core.enterprise, EnterpriseName)
    sections = grant.get("sections")
    same = (
        grant.get("audience") == exchange.platform,
        grant.get("query_id") == exchange.query_id == intended.query_id,
        grant.get("purpose") == intended.purpose,
        grant.get("consent_digest") == approval.core.terms.artefact_digest,
        isinstance(sections, list) and frozenset(map(str, sections)) <= _opened_by(intended),
        enterprise is None or grant.get("uscc") == enterprise.uscc,
        _list_persons(grant) <= _list_consented(examination, intended),
    )
    if not all(same):
        raise PackUntrue(
            detail=f"{exchange.platform}: the grant is wider than, or other than, the use"
        )


def _list_persons(grant: dict[str, JsonValue]) -> frozenset[str]:
    """Return the digests of the persons' consents on which a grant asks about persons."""
    persons = grant.get("persons")
    named = persons if isinstance(persons, list) else []
    return frozenset(str(one.get("consent_digest")) for one in named if isinstance(one, dict))


def _list_consented(examination: Examination, intended: ReportIntended) -> frozenset[str]:
    """Return the digests of the consents that the intent names, as their own entries have them."""
    return frozenset(
        entry.core.terms.artefact_digest
        for entry in examination.entries
        if isinstance(entry.core.terms, PersonConsented)
        and entry.core.event_id in (intended.persons or ())
    )
