"""The national platform's words, as it spells them; its contract's README says what they mean.

Names are the initials of Chinese words, as in the national tables of 2019. A member that is not
here, or another type, is an error of its section alone. Closed codes are literals: a new one is a
change of the contract. Open texts are mapped, with OTHER for new ones.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

PAGES_MAX = 50
PAGE_RECORDS_MAX = 100

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
ShortText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
DateText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
DecimalText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class TheirMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any message: nothing in it that the contract does not know."""


class TheirTicket(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """202: the query is counted, and its answer is not ready."""

    query_id: str
    state: Literal["ACCEPTED", "RUNNING"]


class TheirRefusal(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """404 SUBJECT_UNKNOWN (counted), 403 GRANT_REFUSED (not counted), 404 PAGE_UNKNOWN."""

    query_id: str
    uscc: str
    code: Literal["SUBJECT_UNKNOWN", "GRANT_REFUSED", "PAGE_UNKNOWN"]


class TheirQueryState(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """Whether a query was counted."""

    query_id: str
    state: Literal["COUNTED", "NOT_COUNTED"]


class TheirStanding(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """How a dispute stands; `outcome` where it was answered, and nowhere else."""

    dispute_id: str
    uscc: str
    stage: Literal["FIRST", "REVIEW"]
    state: Literal["ACCEPTED", "NOT_ACCEPTED", "ANSWERED"]
    extended: bool
    outcome: Literal["DELETE", "CORRECT", "SUPPLEMENT", "KEEP"] | None


class TheirDisputeRefusal(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """404: no such dispute came."""

    dispute_id: str
    code: Literal["DISPUTE_UNKNOWN"]


class TheirSubject(TheirMessage, frozen=True, kw_only=True):
    """The enterprise that the answer is about: its code, name and former names."""

    tyshxydm: str
    mc: ShortText
    cym: tuple[ShortText, ...]


class TheirFound(TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="FOUND"):
    """A section with so many records on the pages."""

    as_of: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="asOf")
    count: Annotated[int, msgspec.Meta(ge=1, le=PAGES_MAX * PAGE_RECORDS_MAX)]


class TheirNoRecord(TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="NO_RECORD"):
    """The source holds nothing."""

    as_of: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="asOf")


class TheirNotAvailable(
    TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="NOT_AVAILABLE"
):
    """The platform does not supply the section."""


class TheirFailed(
    TheirMessage, frozen=True, kw_only=True, rename="camel", tag_field="status", tag="ERROR"
):
    """The source behind the platform failed."""

    code: Literal["SOURCE_DOWN", "SOURCE_TIMEOUT", "SOURCE_INVALID"]
    last_good_at: Instant | None


TheirSection: TypeAlias = TheirFound | TheirNoRecord | TheirNotAvailable | TheirFailed


class TheirResult(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """200: what binds the answer to its query, the rest unparsed, and SM3 of each page's body."""

    query_id: str
    uscc: str
    consent_digest: str
    question_digest: Digest
    answered_at: Instant
    subject: msgspec.Raw
    sections: dict[str, msgspec.Raw]
    pages: Annotated[tuple[Digest, ...], msgspec.Meta(max_length=PAGES_MAX)]


class TheirPageRecord(TheirMessage, frozen=True, kw_only=True):
    """One record on a page, still unparsed: its digest is of the bytes as they came."""

    section: str
    record: msgspec.Raw


class TheirPage(TheirMessage, frozen=True, kw_only=True, rename="camel"):
    """A page of records, in the sections' order."""

    query_id: str
    page: int
    records: Annotated[tuple[TheirPageRecord, ...], msgspec.Meta(max_length=PAGE_RECORDS_MAX)]


class TheirDispute(TheirMessage, frozen=True, kw_only=True):
    """An objection: state, from, until, words, and whether disclosure rests meanwhile."""

    zt: Literal["OPEN", "UPHELD", "REJECTED"]
    slrq: DateText
    jzrq: DateText | None
    sm: Text | None
    zzgk: bool


class TheirRecord(TheirMessage, frozen=True, kw_only=True):
    """What every record carries."""

    jlbh: ShortText  # Its number at the source.
    mlbm: ShortText  # Catalogue item,
    mlbb: ShortText  # and the catalogue's edition.
    xxlb: Literal["1", "2", "3"]  # Basic, adverse, trustworthy.
    xdrlb: Literal["01", "02", "03", "04"]  # 01: about a natural person.
    gksx: Literal["0", "1", "2"]  # Public, on query, government only.
    sjly: ShortText  # Supplying department: name,
    sjlydm: str | None  # code,
    sjlyjb: Literal["1", "2", "3", "4"]  # level from national to county,
    sjlyxt: ShortText  # system.
    jlrq: DateText | None  # Days: of the record,
    fbrq: DateText | None  # published,
    yxqq: DateText | None  # valid from,
    yxqz: DateText | None  # valid to,
    gsjzq: DateText | None  # end of publication,
    bcjzq: DateText | None  # end of keeping.
    jssj: Instant | None  # Received,
    gxsj: Instant | None  # updated.
    yzcd: Literal["1", "2", "3"] | None  # Minor, general, serious.
    xlzt: Literal["1", "2", "3", "9"] | None  # Final, appeal open, under review, revoked.
    zt: Literal["1", "2", "3", "4", "5"]  # In force, removed, expired, repaired, withdrawn.
    yy: TheirDispute | None
    ztsm: Text | None  # The subject's own statement.
    zdly: tuple[ShortText, ...]  # Key areas.
    ppfs: Literal["USCC", "ORG_CODE", "REG_NO", "TAX_NO", "NAME"]


class TheirRegistration(TheirRecord, frozen=True, kw_only=True):
    """REG: one registration; capital in 万元, the legal representative's name in full."""

    jgmc: ShortText
    cym: tuple[ShortText, ...]
    jglx: ShortText | None
    djzt: ShortText
    fddbr: ShortText | None
    zczb: DecimalText | None
    zczbbz: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None
    clrq: DateText | None
    yyqxq: DateText | None
    yyqxz: DateText | None
    jyfw: Text | None
    zs: ShortText | None
    xzqh: ShortText | None
    hybb: Literal["2011", "2017", "2017A1"] | None
    hydm: ShortText | None
    hymc: ShortText | None
    djjg: ShortText | None
    hzrq: DateText | None


class TheirPenalty(TheirRecord, frozen=True, kw_only=True):
    """PEN: one decision; amounts in 万元, kinds in one text, joined by 、."""

    cf_wsh: ShortText
    cf_wfxw: ShortText | None
    cf_sy: Text | None
    cf_yj: Text | None
    cf_cflb: ShortText
    cf_cxlx: Literal["01", "02"] | None
    cf_nr: Text | None
    cf_nr_fk: DecimalText | None
    cf_nr_wfff: DecimalText | None
    cf_nr_zkdx: ShortText | None
    cf_jdrq: DateText | None
    cf_cfjg: ShortText
    cf_cfjgdm: str | None
    cf_sfcx: Literal["0", "1"]


class TheirMeasure(TheirMessage, frozen=True, kw_only=True):
    """A measure of joint punishment: code, basis, whether that is published, by whom, from, to."""

    csbm: ShortText
    csyj: ShortText | None
    sfgb: bool
    csjg: ShortText | None
    ksrq: DateText | None
    jsrq: DateText | None


class TheirListing(TheirRecord, frozen=True, kw_only=True):
    """LST: one entry on a list."""

    mdmc: ShortText
    mdbb: ShortText | None
    jdwh: ShortText | None
    lrrq: DateText | None
    lryy: Text | None
    lryj: Text | None
    rdjg: ShortText
    rdjgdm: str | None
    qxjz: DateText | None
    ycrq: DateText | None
    ycyy: Text | None
    cs: tuple[TheirMeasure, ...]


class TheirDimension(TheirMessage, frozen=True, kw_only=True):
    """The score in one dimension."""

    wdbm: ShortText
    df: DecimalText
    zf: DecimalText | None


class TheirEvaluation(TheirRecord, frozen=True, kw_only=True):
    """EVA: one evaluation; a grade only where the source has one."""

    pjfa: ShortText
    mxbb: ShortText
    df: DecimalText | None
    zf: DecimalText | None
    djdm: ShortText | None
    djmc: ShortText | None
    pjrq: DateText | None
    pjyxq: DateText | None
    wd: tuple[TheirDimension, ...]
