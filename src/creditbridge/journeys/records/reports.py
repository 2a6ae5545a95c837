"""What a report's story leaves in the ledger: the records of its steps, and nothing else."""

from collections.abc import Iterable

from msgspec.structs import replace

from creditbridge.admission.rules import (
    LOOKS_RULE,
    LOOKS_RULE_VERSION,
    EnterpriseLimited,
)
from creditbridge.consents.model import Asked, Consent, Coverage
from creditbridge.consents.rules import COVERAGE_RULE, COVERAGE_RULE_VERSION
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.report_query import sections_of
from creditbridge.ledger.model import (
    BankName,
    DeliveryStopped,
    DigestName,
    EnterpriseName,
    EventKind,
    ExchangeProof,
    HttpExchange,
    Intent,
    IntentOutcome,
    Proofs,
    Record,
    Recorded,
    ReportDelivered,
    ReportFailed,
    ReportIntended,
    ReportReconciled,
    ReportRefused,
    RequestProof,
    Sm2Exchange,
    Terms,
    UseReturned,
)
from creditbridge.ledger.rules import join_parts
from creditbridge.parties.licence import (
    RULE as LICENCE_RULE,
    RULE_VERSION as LICENCE_RULE_VERSION,
    NotLicensed,
)
from creditbridge.platforms.model import PlatformAnswer, QueryProof, QueryState, Sm2QueryProof
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.persons import sections_opened
from creditbridge.profile.seal import SealedProfile

DELIVERY_RULE = "report-delivery"
DELIVERY_RULE_VERSION = "1"


def name_enterprise(consent: Consent) -> EnterpriseName:
    """Return how the ledger names the enterprise of a consent."""
    return EnterpriseName(uscc=consent.uscc, name=consent.name)


def name_bank(consent: Consent) -> BankName:
    """Return how the ledger names the bank of a consent."""
    return BankName(bank_id=consent.bank_id, uscc=consent.bank_uscc, legal_name=consent.bank_name)


def refusal_record(
    caller: Caller, asked: Asked, refusal: CreditbridgeError, *, report_id: str
) -> Record:
    """Return the record of a refused report: the caller's own facts, and no others.

    Neither enterprise nor consent is named: an unknown consent and a foreign one look alike.
    """
    rule, rule_version = COVERAGE_RULE, COVERAGE_RULE_VERSION
    if isinstance(refusal, NotLicensed):
        rule, rule_version = LICENCE_RULE, LICENCE_RULE_VERSION
    if isinstance(refusal, EnterpriseLimited):
        rule, rule_version = LOOKS_RULE, LOOKS_RULE_VERSION
    return Record(
        kind=EventKind.REPORT_REFUSED,
        rule=rule,
        rule_version=rule_version,
        terms=ReportRefused(
            report_id=report_id,
            client=caller.client_id,
            code=refusal.code,
            purpose=asked.purpose,
            asked=frozenset(map(str, asked.sections)),
        ),
        bank=caller.bank_name,
        digests={DigestName.REQUEST: request_bytes(caller.request)},
        request_id=report_id,
        proofs=Proofs(request=caller.request),
    )


def intent_record(caller: Caller, asked: Asked, coverage: Coverage, intent: Intent) -> Record:
    """Return the record that must be durable before a query goes out."""
    consent = coverage.consent
    return Record(
        kind=EventKind.REPORT_INTENDED,
        rule=coverage.rule,
        rule_version=coverage.rule_version,
        terms=ReportIntended(
            report_id=intent.report_id,
            query_id=intent.query_id,
            client=caller.client_id,
            purpose=asked.purpose,
            asked=frozenset(map(str, asked.sections)),
            sections=frozenset(map(str, coverage.sections)),
            consent_version=consent.version,
            use_number=coverage.use_number,
            deadline_at=intent.deadline_at,
            business_ref=asked.business_ref,
            product=asked.product,
            role=asked.role,
            policy=coverage.policy,
            person_purpose=asked.person_purpose,
            persons=frozenset(one.entry for one in coverage.persons) or None,
            person_sections=_words(sections_opened(coverage.persons, asked.sections)),
        ),
        bank=caller.bank_name,
        enterprise=name_enterprise(consent),
        consent_id=consent.consent_id,
        digests={DigestName.REQUEST: request_bytes(caller.request)},
        request_id=intent.report_id,
        proofs=Proofs(request=caller.request),
    )


def delivery_record(
    coverage: Coverage,
    asked: Asked,
    intent: Intent,
    answer: PlatformAnswer,
    sealed: SealedProfile,
) -> Record:
    """Return the record that must be durable before a byte of the profile leaves."""
    terms = ReportDelivered(
        report_id=intent.report_id,
        profile_id=sealed.profile.profile_id,
        intended=intent.event_id,
        query_id=intent.query_id,
        sections=frozenset(map(str, sections_of(coverage, asked))),
        query_out_at=answer.query_out_at,
        answer_in_at=answer.answer_in_at,
        persons=frozenset(one.entry for one in coverage.persons) or None,
    )
    return replace(
        _record(EventKind.REPORT_DELIVERED, terms, coverage.consent, intent),
        digests={
            DigestName.QUERY: join_parts([proof.query_base for proof in answer.proofs]),
            DigestName.ANSWER: join_parts([proof.answer_base for proof in answer.proofs]),
            DigestName.PROFILE: sealed.raw,
        },
        key_ids={"seal": sealed.profile.seal.kid},
        proofs=Proofs(exchanges=exchanges_of(answer.proofs)),
    )


def _words(sections: frozenset[SectionCode]) -> frozenset[str] | None:
    return frozenset(map(str, sections)) or None


def failure_record(
    consent: Consent, intent: Intent, failure: CreditbridgeError, outcome: IntentOutcome
) -> Record:
    """Return the record of a report that ended without a profile."""
    terms = ReportFailed(
        report_id=intent.report_id,
        intended=intent.event_id,
        query_id=intent.query_id,
        outcome=outcome,
        code=failure.code,
    )
    return _record(EventKind.REPORT_FAILED, terms, consent, intent)


def stopped_record(consent: Consent, intent: Intent, refusal: CreditbridgeError) -> Record:
    """Return the record of an answer that was discarded because its consent had ended."""
    terms = DeliveryStopped(report_id=intent.report_id, intended=intent.event_id, code=refusal.code)
    return _record(EventKind.DELIVERY_STOPPED, terms, consent, intent)


def returned_use_record(consent: Consent, intent: Intent, *, reason: str) -> Record:
    """Return the record that gives a use back: its query provably never reached the platform."""
    terms = UseReturned(report_id=intent.report_id, intended=intent.event_id, reason=reason)
    return _record(EventKind.USE_RETURNED, terms, consent, intent)


def reconciled_record(consent: Consent, intent: Intent, state: QueryState) -> Record:
    """Return the record of what the platform said about a query of unknown outcome."""
    terms = ReportReconciled(
        report_id=intent.report_id,
        intended=intent.event_id,
        query_id=intent.query_id,
        state=state,
    )
    return _record(EventKind.REPORT_RECONCILED, terms, consent, intent)


def _record(kind: EventKind, terms: Terms, consent: Consent, intent: Intent) -> Record:
    return Record(
        kind=kind,
        rule=DELIVERY_RULE,
        rule_version=DELIVERY_RULE_VERSION,
        terms=terms,
        bank=name_bank(consent),
        enterprise=name_enterprise(consent),
        consent_id=consent.consent_id,
        request_id=intent.report_id,
    )


def request_bytes(request: RequestProof) -> bytes:
    """Return what a request's digest is taken of: its signature base, or its body if unsigned."""
    return request.body if request.base is None else request.base


def exchanges_of(proofs: Iterable[QueryProof]) -> tuple[ExchangeProof, ...]:
    """Return the exchanges as evidence keeps them: without the bodies of the answers."""
    return tuple(map(_exchange_of, proofs))


def _exchange_of(proof: QueryProof) -> ExchangeProof:
    kind = Sm2Exchange if isinstance(proof, Sm2QueryProof) else HttpExchange
    return kind(
        platform=proof.platform,
        query_id=proof.query_id,
        query_base=proof.query_base,
        query_signature=proof.query_signature,
        query_key_id=proof.query_key_id,
        grant=proof.grant,
        answer_base=proof.answer_base,
        answer_signature=proof.answer_signature,
        answer_key_id=proof.answer_key_id,
    )


def instants_of(intent: Intent, answer: PlatformAnswer) -> dict[str, str]:
    """Return what the log says of an exchange, so that the platform's time and ours stay apart."""
    return {
        "report": intent.report_id,
        "bank": intent.bank_id,
        "query": intent.query_id,
        "query_out_at": answer.query_out_at.isoformat(),
        "answer_in_at": answer.answer_in_at.isoformat(),
    }


def outcome_of(failure: CreditbridgeError) -> IntentOutcome:
    """Return what is known of a query that failed (law 10).

    `sent` is False only where provably nothing left the house; a platform that knows no such
    enterprise has answered.
    """
    if getattr(failure, "sent", True) is False:
        return IntentOutcome.NOT_SENT
    return IntentOutcome.REFUSED if isinstance(failure, Refused) else IntentOutcome.UNKNOWN


def name_decision(error: CreditbridgeError, report_id: str, recorded: Recorded) -> None:
    """Let the caller know under which id the decision stands, and hold the promise of the log."""
    error.decision_id = report_id
    error.receipt_header = recorded.receipt.header_value()
