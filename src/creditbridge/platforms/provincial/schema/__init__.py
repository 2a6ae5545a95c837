"""The provincial platform's words, as it spells them; `messages.schema.json` says what they mean.

Here stand the envelope, what every record carries, and REG, PEN, LST, EVA; in `departments` the
rest. A member that is not here, or another type, is an error of its section alone. Closed codes are
literals: a new one is a change of the contract. Open texts are mapped, with OTHER for new ones.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
ShortText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
DateText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
DecimalText: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]


class TheirMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any message: nothing in it that the contract does not know."""


class TheirEnvelope(TheirMessage, frozen=True, kw_only=True):
    """An answer before it is believed: what binds it to its query, and the rest unparsed."""

    query_id: str
    uscc: str
    consent_digest: str
    answered_at: Instant
    subject: msgspec.Raw
    sections: dict[str, msgspec.Raw]


class TheirRefusal(TheirMessage, frozen=True, kw_only=True):
    """A signed refusal: 404 SUBJECT_UNKNOWN, 403 GRANT_REFUSED."""

    query_id: str
    uscc: str
    code: Literal["SUBJECT_UNKNOWN", "GRANT_REFUSED"]


class TheirQueryState(TheirMessage, frozen=True, kw_only=True):
    """Whether a query was counted."""

    query_id: str
    state: Literal["COUNTED", "NOT_COUNTED"]


class TheirStanding(TheirMessage, frozen=True, kw_only=True):
    """How a dispute stands; `outcome` where it was answered, and nowhere else."""

    dispute_id: str
    uscc: str
    stage: Literal["FIRST", "REVIEW"]
    state: Literal["ACCEPTED", "NOT_ACCEPTED", "ANSWERED"]
    extended: bool
    due_on: DateText | None
    outcome: Literal["DELETE", "CORRECT", "SUPPLEMENT", "KEEP"] | None


class TheirDisputeRefusal(TheirMessage, frozen=True, kw_only=True):
    """A signed refusal: 404 DISPUTE_UNKNOWN, 409 DISPUTE_CHANGED."""

    dispute_id: str
    code: Literal["DISPUTE_UNKNOWN", "DISPUTE_CHANGED"]


class TheirToken(TheirMessage, frozen=True, kw_only=True):
    """An access token (RFC 6749, section 5.1); `expires_in` in seconds."""

    access_token: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=3600)]
    scope: str | None = None


class TheirSubject(TheirMessage, frozen=True, kw_only=True):
    """The enterprise that the answer is about."""

    uscc: str
    name: ShortText
    former_names: tuple[ShortText, ...]


class TheirFound(TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="FOUND"):
    """Records, each still unparsed: their digests are of the bytes as they came."""

    as_of: Instant
    records: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=1000)]


class TheirNoRecord(TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="NO_RECORD"):
    """The source holds nothing."""

    as_of: Instant


class TheirNotAvailable(
    TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="NOT_AVAILABLE"
):
    """The platform does not supply the section."""


class TheirFailed(TheirMessage, frozen=True, kw_only=True, tag_field="status", tag="ERROR"):
    """The source behind the platform failed."""

    code: Literal["SOURCE_DOWN", "SOURCE_TIMEOUT", "SOURCE_INVALID"]
    last_good_at: Instant | None


TheirSection: TypeAlias = TheirFound | TheirNoRecord | TheirNotAvailable | TheirFailed


class TheirMoney(TheirMessage, frozen=True, kw_only=True):
    """An amount with the unit that the source uses."""

    amount: DecimalText
    unit: Literal["元", "万元"]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class TheirSupplier(TheirMessage, frozen=True, kw_only=True):
    """The department that answers for a record."""

    dept_name: ShortText
    dept_uscc: str | None
    dept_level: Literal["NATIONAL", "PROVINCE", "CITY", "COUNTY"]
    system: ShortText


class TheirDispute(TheirMessage, frozen=True, kw_only=True):
    """An objection; `hides` where disclosure is suspended meanwhile."""

    state: Literal["OPEN", "UPHELD", "REJECTED"]
    opened_on: DateText
    due_on: DateText | None
    note: Text | None
    hides: bool


class TheirMatch(TheirMessage, frozen=True, kw_only=True):
    """How a record was matched to the enterprise."""

    by: Literal["USCC", "ORG_CODE", "REG_NO", "TAX_NO", "NAME"]


class TheirRecord(TheirMessage, frozen=True, kw_only=True):
    """What every record carries."""

    record_no: ShortText
    item_code: ShortText
    catalogue_edition: ShortText
    info_kind: Literal["1", "2", "3"]
    subject_kind: Literal["1", "2"]
    open_level: Literal["1", "2", "3"]
    supplier: TheirSupplier
    record_date: DateText | None
    public_date: DateText | None
    received_at: Instant | None
    updated_at: Instant | None
    valid_from: DateText | None
    valid_to: DateText | None
    public_end_date: DateText | None
    keep_end_date: DateText | None
    severity: Literal["0", "1", "2", "3"] | None
    finality: Literal["1", "2", "3", "9"] | None
    state: Literal["1", "2", "3", "4", "5"]
    dispute: TheirDispute | None
    statement: Text | None
    key_areas: tuple[ShortText, ...]
    match: TheirMatch


class TheirIndustry(TheirMessage, frozen=True, kw_only=True):
    """An industry, often only by its Chinese name."""

    edition: Literal["2011", "2017", "2017A1"]
    code: ShortText | None
    name: ShortText | None


class TheirRegistration(TheirRecord, frozen=True, kw_only=True):
    """REG: one registration; the legal representative's name in full."""

    name: ShortText
    former_names: tuple[ShortText, ...]
    reg_type: ShortText | None
    reg_state: ShortText
    legal_rep: ShortText | None
    reg_capital: TheirMoney | None
    est_date: DateText | None
    term_from: DateText | None
    term_to: DateText | None
    scope: Text | None
    address: ShortText | None
    division: ShortText | None
    industry: TheirIndustry | None
    reg_organ: ShortText | None
    approved_date: DateText | None


class TheirPenalty(TheirRecord, frozen=True, kw_only=True):
    """PEN: one decision."""

    punish_document_code: ShortText
    punish_action_name: ShortText | None
    punish_types: tuple[ShortText, ...]
    case_process_type: Literal["01", "02"] | None
    illegal_fact: Text | None
    punish_basis: Text | None
    punish_content: Text | None
    fine: TheirMoney | None
    confiscated: TheirMoney | None
    licence_affected: ShortText | None
    set_time: DateText | None
    organ_name: ShortText
    organ_uscc: str | None
    is_cancelled: Literal["0", "1"]


class TheirMeasure(TheirMessage, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A measure of joint punishment."""

    code: ShortText
    legal_basis: ShortText | None
    basis_published: bool
    authority: ShortText | None
    from_: DateText | None
    to: DateText | None


class TheirKeyPerson(TheirRecord, frozen=True, kw_only=True):
    """PSN: one measure against a key person; the name in full, no number of theirs."""

    person_name: ShortText
    positions: Annotated[tuple[Literal["1", "2"], ...], msgspec.Meta(min_length=1, max_length=2)]
    measure_name: ShortText
    document_code: ShortText | None
    decide_date: DateText | None
    end_date: DateText | None
    organ_name: ShortText
    organ_uscc: str | None


class TheirListing(TheirRecord, frozen=True, kw_only=True):
    """LST: one entry on a list."""

    list_name: ShortText
    list_edition: ShortText | None
    decision_no: ShortText | None
    include_date: DateText | None
    reason: Text | None
    legal_basis: Text | None
    organ_name: ShortText
    organ_uscc: str | None
    term_end: DateText | None
    remove_date: DateText | None
    remove_reason: Text | None
    measures: tuple[TheirMeasure, ...]


class TheirDimension(TheirMessage, frozen=True, kw_only=True):
    """The score in one dimension."""

    code: ShortText
    score: DecimalText
    max_score: DecimalText | None


class TheirEvaluation(TheirRecord, frozen=True, kw_only=True):
    """EVA: one evaluation; a grade only where the source has one."""

    scheme: ShortText
    model_version: ShortText
    score: DecimalText | None
    max_score: DecimalText | None
    grade_code: ShortText | None
    grade_name: ShortText | None
    evaluated_date: DateText | None
    valid_to_date: DateText | None
    dimensions: tuple[TheirDimension, ...]
