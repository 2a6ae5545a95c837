"""The provincial platform's records of REG, PEN, LST, EVA, PSN, in our words. Pure."""

from datetime import date, datetime

from msgspec.structs import asdict, replace

from creditbridge.platforms.provincial.head import (
    LEVELS,
    RecordContext,
    map_head,
)
from creditbridge.platforms.provincial.reading import read_code, read_money
from creditbridge.platforms.provincial.schema import (
    TheirEvaluation,
    TheirKeyPerson,
    TheirListing,
    TheirMeasure,
    TheirPenalty,
    TheirRegistration,
)
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import (
    DataClass,
    Finality,
    KeyPosition,
    QualityCode,
    Severity,
)
from creditbridge.profile.removal import follow_list
from creditbridge.profile.repair import latest_publicity_end, retention_end
from creditbridge.profile.sections.evaluations import DimensionScore, Evaluation
from creditbridge.profile.sections.listings import Listing, ListType, Measure
from creditbridge.profile.sections.penalties import (
    Penalty,
    PenaltyKind,
    Procedure,
    class_of,
    is_fine_over_limit,
    severity_of,
)
from creditbridge.profile.sections.persons import KeyPersonRecord, PersonMeasure
from creditbridge.profile.sections.registration import EntityStatus, Industry, Registration

DIVISION_DIGITS = 6
KEY_POSITIONS = {"1": KeyPosition.LEGAL_REP, "2": KeyPosition.CONTROLLER}


def map_registration(
    theirs: TheirRegistration, context: RecordContext, reader: FieldReader
) -> Registration:
    """Return the registration; its legal representative in full, for `mask_legal_rep` to hide."""
    head = map_head(theirs, context, reader)
    division = reader.text("division", theirs.division)
    return Registration(
        **asdict(head),
        name=theirs.name,
        former_names=theirs.former_names,
        type=reader.text("type", theirs.reg_type),
        status=read_code(EntityStatus, theirs.reg_state, on=None, reader=reader),
        status_text=theirs.reg_state,
        legal_rep=reader.text("legal_rep", theirs.legal_rep),
        capital=read_money("capital", theirs.reg_capital, reader),
        established=reader.day("established", theirs.est_date),
        term_from=reader.day("term_from", theirs.term_from),
        term_to=reader.day("term_to", theirs.term_to),
        scope=reader.text("scope", theirs.scope),
        address=reader.text("address", theirs.address),
        # Feeds carry street codes of 9 or 12 digits as well; the county is in the first six.
        division=None if division is None else division[:DIVISION_DIGITS],
        division_source=division,
        industry=_map_industry(theirs),
        authority=reader.text("authority", theirs.reg_organ),
        approved=reader.day("approved", theirs.approved_date),
    )


def map_penalty(theirs: TheirPenalty, context: RecordContext, reader: FieldReader) -> Penalty:
    """Return one decision; amounts go from 万元 to 元 without rounding."""
    head = map_head(theirs, context, reader)
    decided = reader.day("decided", theirs.set_time)
    kinds = tuple(
        read_code(PenaltyKind, text, on=decided, reader=reader) for text in theirs.punish_types
    )
    procedure = None if theirs.case_process_type is None else Procedure(theirs.case_process_type)
    fine = read_money("fine", theirs.fine, reader)
    if is_fine_over_limit(procedure, fine):
        reader.note(QualityCode.SIMPLE_FINE_OVER_LIMIT, "fine")
    # The source's own severity wins over any that we derive; "not known" is not final.
    severity = head.severity if theirs.severity is not None else severity_of(kinds, procedure)
    finality = _finality_of(theirs, head.finality)
    since = decided or head.record_date
    head = replace(
        head,
        severity=severity,
        finality=finality,
        info_class=class_of(finality, procedure),
        retention_end=head.retention_end or retention_end(since),
        publicity_end=head.publicity_end or _derive_publicity_end(severity, since, reader),
    )
    return Penalty(
        **asdict(head),
        document_no=reader.text("document_no", theirs.punish_document_code),
        action=reader.text("action", theirs.punish_action_name),
        kinds=kinds,
        kind_texts=theirs.punish_types,
        procedure=procedure,
        fact=reader.text("fact", theirs.illegal_fact),
        basis=reader.text("basis", theirs.punish_basis),
        content=reader.text("content", theirs.punish_content),
        fine=fine,
        confiscated=read_money("confiscated", theirs.confiscated, reader),
        licence_affected=reader.text("licence_affected", theirs.licence_affected),
        decided=decided,
        authority=theirs.organ_name,
        authority_uscc=theirs.organ_uscc,
    )


def _finality_of(theirs: TheirPenalty, stated: Finality | None) -> Finality:
    # A cancelled decision was final once, and its record may still say so (APL 48).
    return Finality.REVOKED if theirs.is_cancelled == "1" else stated or Finality.UNKNOWN


def map_listing(theirs: TheirListing, context: RecordContext, reader: FieldReader) -> Listing:
    """Return one entry; while it is listed nothing but its removal ends it (ZJ 16)."""
    head = map_head(theirs, context, reader)
    included = reader.day("included", theirs.include_date)
    removed = reader.day("removed", theirs.remove_date)
    head = follow_list(head, included=included, removed=removed)
    return Listing(
        **asdict(head),
        list_type=read_code(ListType, theirs.list_name, on=included, reader=reader),
        list_text=theirs.list_name,
        list_version=reader.text("list_version", theirs.list_edition),
        decision_no=reader.text("decision_no", theirs.decision_no),
        included=included,
        reason=reader.text("reason", theirs.reason),
        basis=reader.text("basis", theirs.legal_basis),
        authority=theirs.organ_name,
        authority_uscc=theirs.organ_uscc,
        term_end=reader.day("term_end", theirs.term_end),
        removed=removed,
        removal_reason=reader.text("removal_reason", theirs.remove_reason),
        measures=tuple(_map_measure(each, reader) for each in theirs.measures),
    )


def map_key_person(
    theirs: TheirKeyPerson, context: RecordContext, reader: FieldReader
) -> KeyPersonRecord:
    """Return one measure against a person, PERSONAL whatever the feed says of it (ZJ 19)."""
    head = map_head(theirs, context, reader)
    decided = reader.day("decided", theirs.decide_date)
    level, pfi_class = LEVELS[DataClass.PERSONAL]
    head = replace(
        head,
        data_class=DataClass.PERSONAL,
        data_level=level,
        pfi_class=pfi_class,
        # Persons' adverse data ends five years after the act (CRR 16).
        retention_end=head.retention_end or retention_end(decided or head.record_date),
    )
    return KeyPersonRecord(
        **asdict(head),
        person=theirs.person_name.strip(),
        positions=tuple(KEY_POSITIONS[one] for one in theirs.positions),
        measure=read_code(PersonMeasure, theirs.measure_name, on=decided, reader=reader),
        measure_text=theirs.measure_name,
        document_no=reader.text("document_no", theirs.document_code),
        decided=decided,
        ends=reader.day("ends", theirs.end_date),
        authority=theirs.organ_name,
        authority_uscc=theirs.organ_uscc,
    )


def map_evaluation(
    theirs: TheirEvaluation, context: RecordContext, reader: FieldReader
) -> Evaluation:
    """Return one evaluation; a grade that the source does not give stays absent."""
    head = map_head(theirs, context, reader)
    valid_until = reader.day("valid_until", theirs.valid_to_date) or head.valid_until
    head = replace(head, valid_until=valid_until)
    dimensions = (
        (each.code, reader.number("dimensions", each.score), each.max_score)
        for each in theirs.dimensions
    )
    return Evaluation(
        **asdict(head),
        scheme=theirs.scheme,
        model_version=theirs.model_version,
        score=reader.number("score", theirs.score),
        max_score=reader.number("max_score", theirs.max_score),
        grade_code=reader.text("grade_code", theirs.grade_code),
        grade_name=reader.text("grade_name", theirs.grade_name),
        evaluated_at=reader.day("evaluated_at", theirs.evaluated_date),
        dimensions=tuple(
            DimensionScore(code=code, score=score, max_score=reader.number("dimensions", max_score))
            for code, score, max_score in dimensions
        ),
    )


def _map_measure(theirs: TheirMeasure, reader: FieldReader) -> Measure:
    return Measure(
        code=theirs.code,
        legal_basis=reader.text("measures.legal_basis", theirs.legal_basis),
        basis_published=theirs.basis_published,
        authority=reader.text("measures.authority", theirs.authority),
        since=reader.day("measures.since", theirs.from_),
        until=reader.day("measures.until", theirs.to),
    )


def _map_industry(theirs: TheirRegistration) -> Industry | None:
    if (industry := theirs.industry) is None:
        return None
    return Industry(
        standard_version=industry.edition, code=industry.code, name_from_source=industry.name
    )


def _derive_publicity_end(
    severity: Severity, decided: date | None, reader: FieldReader
) -> datetime | None:
    end = latest_publicity_end(severity, decided)
    if end is not None:
        reader.note(QualityCode.PUBLICITY_END_DERIVED, "publicity_end")
    return end
