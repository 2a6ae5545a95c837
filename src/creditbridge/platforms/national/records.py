"""The national platform's records, one by one, in our words. Pure; amounts come in 万元."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from msgspec.structs import asdict, replace

from creditbridge.platforms.national.head import RecordContext, map_head
from creditbridge.platforms.national.schema import (
    TheirEvaluation,
    TheirListing,
    TheirMeasure,
    TheirPenalty,
    TheirRegistration,
)
from creditbridge.platforms.rules import WAN_YUAN, FieldReader
from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import Finality, QualityCode, Severity
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
from creditbridge.profile.sections.registration import EntityStatus, Industry, Registration
from creditbridge.profile.tables.entities import ENTITY_STATUS
from creditbridge.profile.tables.records import LIST_TYPE, PENALTY_KIND
from creditbridge.profile.tables.row import CodeRow, find_value

Coded = TypeVar("Coded", EntityStatus, PenaltyKind, ListType)

DIVISION_DIGITS = 6
KIND_SEPARATOR = "、"
YUAN_CURRENCY = "CNY"
# The field that a code stands in, and the table that it is read by.
CODE_ROWS: Mapping[type[StrEnum], tuple[str, tuple[CodeRow, ...]]] = {
    EntityStatus: ("status", ENTITY_STATUS),
    PenaltyKind: ("kinds", PENALTY_KIND),
    ListType: ("list_type", LIST_TYPE),
}


def map_registration(
    theirs: TheirRegistration, context: RecordContext, reader: FieldReader
) -> Registration:
    """Return the registration; its legal representative in full, for `mask_legal_rep` to hide."""
    head = map_head(theirs, context, reader)
    division = reader.text("division", theirs.xzqh)
    return Registration(
        **asdict(head),
        name=theirs.jgmc,
        former_names=theirs.cym,
        type=reader.text("type", theirs.jglx),
        status=_read_code(EntityStatus, theirs.djzt, on=None, reader=reader),
        status_text=theirs.djzt,
        legal_rep=reader.text("legal_rep", theirs.fddbr),
        capital=_map_wan("capital", theirs.zczb, reader, currency=theirs.zczbbz or YUAN_CURRENCY),
        established=reader.day("established", theirs.clrq),
        term_from=reader.day("term_from", theirs.yyqxq),
        term_to=reader.day("term_to", theirs.yyqxz),
        scope=reader.text("scope", theirs.jyfw),
        address=reader.text("address", theirs.zs),
        # Feeds carry street codes of 9 or 12 digits as well; the county is in the first six.
        division=None if division is None else division[:DIVISION_DIGITS],
        division_source=division,
        industry=_map_industry(theirs),
        authority=reader.text("authority", theirs.djjg),
        approved=reader.day("approved", theirs.hzrq),
    )


def map_penalty(theirs: TheirPenalty, context: RecordContext, reader: FieldReader) -> Penalty:
    """Return one decision; amounts go from 万元 to 元 without rounding."""
    head = map_head(theirs, context, reader)
    decided = reader.day("decided", theirs.cf_jdrq)
    texts = tuple(text.strip() for text in theirs.cf_cflb.split(KIND_SEPARATOR))
    kinds = tuple(_read_code(PenaltyKind, text, on=decided, reader=reader) for text in texts)
    procedure = None if theirs.cf_cxlx is None else Procedure(theirs.cf_cxlx)
    fine = _map_wan("fine", theirs.cf_nr_fk, reader)
    if is_fine_over_limit(procedure, fine):
        reader.note(QualityCode.SIMPLE_FINE_OVER_LIMIT, "fine")
    # The source's own severity wins over any that we derive; "not known" is not final.
    severity = head.severity if theirs.yzcd is not None else severity_of(kinds, procedure)
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
        document_no=reader.text("document_no", theirs.cf_wsh),
        action=reader.text("action", theirs.cf_wfxw),
        kinds=kinds,
        kind_texts=texts,
        procedure=procedure,
        fact=reader.text("fact", theirs.cf_sy),
        basis=reader.text("basis", theirs.cf_yj),
        content=reader.text("content", theirs.cf_nr),
        fine=fine,
        confiscated=_map_wan("confiscated", theirs.cf_nr_wfff, reader),
        licence_affected=reader.text("licence_affected", theirs.cf_nr_zkdx),
        decided=decided,
        authority=theirs.cf_cfjg,
        authority_uscc=theirs.cf_cfjgdm,
    )


def map_listing(theirs: TheirListing, context: RecordContext, reader: FieldReader) -> Listing:
    """Return one entry; while it is listed nothing but its removal ends it (ZJ 16)."""
    head = map_head(theirs, context, reader)
    included = reader.day("included", theirs.lrrq)
    removed = reader.day("removed", theirs.ycrq)
    head = follow_list(head, included=included, removed=removed)
    return Listing(
        **asdict(head),
        list_type=_read_code(ListType, theirs.mdmc, on=included, reader=reader),
        list_text=theirs.mdmc,
        list_version=reader.text("list_version", theirs.mdbb),
        decision_no=reader.text("decision_no", theirs.jdwh),
        included=included,
        reason=reader.text("reason", theirs.lryy),
        basis=reader.text("basis", theirs.lryj),
        authority=theirs.rdjg,
        authority_uscc=theirs.rdjgdm,
        term_end=reader.day("term_end", theirs.qxjz),
        removed=removed,
        removal_reason=reader.text("removal_reason", theirs.ycyy),
        measures=tuple(_map_measure(each, reader) for each in theirs.cs),
    )


def map_evaluation(
    theirs: TheirEvaluation, context: RecordContext, reader: FieldReader
) -> Evaluation:
    """Return one evaluation; a grade that the source does not give stays absent."""
    head = map_head(theirs, context, reader)
    valid_until = reader.day("valid_until", theirs.pjyxq) or head.valid_until
    head = replace(head, valid_until=valid_until)
    dimensions = (
        (each.wdbm, reader.number("dimensions", each.df), reader.number("dimensions", each.zf))
        for each in theirs.wd
    )
    return Evaluation(
        **asdict(head),
        scheme=theirs.pjfa,
        model_version=theirs.mxbb,
        score=reader.number("score", theirs.df),
        max_score=reader.number("max_score", theirs.zf),
        grade_code=reader.text("grade_code", theirs.djdm),
        grade_name=reader.text("grade_name", theirs.djmc),
        evaluated_at=reader.day("evaluated_at", theirs.pjrq),
        dimensions=tuple(
            DimensionScore(code=code, score=score, max_score=max_score)
            for code, score, max_score in dimensions
        ),
    )


def _finality_of(theirs: TheirPenalty, stated: Finality | None) -> Finality:
    # A cancelled decision was final once, and its record may still say so (APL 48).
    return Finality.REVOKED if theirs.cf_sfcx == "1" else stated or Finality.UNKNOWN


def _map_measure(theirs: TheirMeasure, reader: FieldReader) -> Measure:
    return Measure(
        code=theirs.csbm,
        legal_basis=reader.text("measures.legal_basis", theirs.csyj),
        basis_published=theirs.sfgb,
        authority=reader.text("measures.authority", theirs.csjg),
        since=reader.day("measures.since", theirs.ksrq),
        until=reader.day("measures.until", theirs.jsrq),
    )


def _map_industry(theirs: TheirRegistration) -> Industry | None:
    if theirs.hybb is None:
        return None
    return Industry(standard_version=theirs.hybb, code=theirs.hydm, name_from_source=theirs.hymc)


def _map_wan(
    field: str, text: str | None, reader: FieldReader, *, currency: str = YUAN_CURRENCY
) -> Amount | None:
    return None if text is None else reader.amount(field, text, unit=WAN_YUAN, currency=currency)


def _derive_publicity_end(
    severity: Severity, decided: date | None, reader: FieldReader
) -> datetime | None:
    end = latest_publicity_end(severity, decided)
    if end is not None:
        reader.note(QualityCode.PUBLICITY_END_DERIVED, "publicity_end")
    return end


def _read_code(kind: type[Coded], text: str, *, on: date | None, reader: FieldReader) -> Coded:
    """Return the code that a Chinese word stands for; a new word is OTHER, and noted."""
    field, rows = CODE_ROWS[kind]
    value = find_value(rows, text.strip(), on=on)
    if value is None:
        reader.note(QualityCode.UNKNOWN_CODE, field)
        return kind("OTHER")
    return kind(value)
