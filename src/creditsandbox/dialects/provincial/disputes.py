"""Disputes as the platform handles them: marked at once, decided by fixed enterprises.

One dispute id and stage is one case, however often it comes. How a case stands, and what it does
to an answer, follows from the case and the instant.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from creditbridge.foundation.errors import Malformed, Refused, Unavailable
from creditbridge.protocols.strict_json import JsonMalformed, decode
from creditsandbox.dialects.provincial.sections import Section
from creditsandbox.dialects.provincial.words import write_date
from creditsandbox.province.disputes import Dispute, DisputeOutcome, due_on
from creditsandbox.province.fixed import Outcome, find_outcome
from creditsandbox.province.tables import CHINA

CASES_MAX = 10_000
CORRECTED = "（经异议核查更正）"
Record = dict[str, object]
# What is decided of whose records; whoever is not here is never answered, and so overdue one day.
DECISIONS: Mapping[tuple[Outcome, Section], DisputeOutcome] = {
    (Outcome.FOUND, Section.PENALTIES): DisputeOutcome.DELETE,
    (Outcome.FOUND, Section.LISTS): DisputeOutcome.CORRECT,
    (Outcome.SERIOUS_LIST, Section.PENALTIES): DisputeOutcome.SUPPLEMENT,
    (Outcome.SERIOUS_LIST, Section.LISTS): DisputeOutcome.KEEP,
}
# The text of a record that a correction touches.
TEXTS = {Section.PENALTIES: "illegal_fact", Section.LISTS: "reason"}


class ObjectionMalformed(Malformed):
    """A body that is no objection."""

    code = "objection-malformed"
    message = "The body is not an objection to a record."


class DisputeChanged(Refused):
    """The id came before with other words, or a review is asked of what was not answered."""

    code = "dispute-changed"
    message = "This dispute is another than the one that came under its id."


class DisputesFull(Unavailable):
    """The sandbox takes ten thousand disputes in one life; then it must be started anew."""

    code = "disputes-full"
    message = "This sandbox has taken as many disputes as it can; start it again."


class Objection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway hands over."""

    dispute_id: str
    stage: Literal["FIRST", "REVIEW"]
    uscc: str
    section: Section
    record_no: str
    ground: str
    text: str
    filed_on: date


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of a dispute; `decision` comes at `answers_at`, where there is one."""

    objection: Objection
    is_known: bool
    received_at: datetime
    answers_at: datetime
    decision: DisputeOutcome | None

    def outcome_at(self, now: datetime) -> DisputeOutcome | None:
        """Return what was decided by an instant."""
        return self.decision if now >= self.answers_at else None

    @property
    def due_on(self) -> date:
        """The last day on which it may be answered."""
        objection = self.objection
        return due_on(
            Dispute(
                dispute_no=objection.dispute_id,
                uscc=objection.uscc,
                section=objection.section,
                record_no=objection.record_no,
                opened_on=objection.filed_on,
                is_review=objection.stage == "REVIEW",
            )
        )


def parse_objection(body: bytes) -> Objection:
    """Return the objection that a body holds.

    Raises:
        ObjectionMalformed: not its JSON.
    """
    try:
        return decode(body, Objection)
    except JsonMalformed as error:
        raise ObjectionMalformed(detail=error.detail) from error


class Disputes:
    """The cases of one platform process, in memory."""

    def __init__(self, *, answer_seconds: float, cases_max: int = CASES_MAX) -> None:
        self._answer_time = timedelta(seconds=answer_seconds)
        self._cases_max = cases_max
        self._cases: dict[str, tuple[Case, ...]] = {}
        self._by_uscc: dict[str, dict[str, None]] = {}

    def take(self, objection: Objection, *, is_known: bool, now: datetime) -> Case:
        """Return the one case of an objection: a new one, or the one that came before.

        Raises:
            DisputeChanged: other words under the same id, or a review out of turn.
            DisputesFull: no room.
        """
        stages = self._cases.get(objection.dispute_id, ())
        for case in stages:
            if case.objection.stage == objection.stage:
                if case.objection != objection:
                    raise DisputeChanged
                return case
        self._require_turn(objection, stages, now=now)
        if not stages and len(self._cases) >= self._cases_max:
            raise DisputesFull
        case = Case(
            objection=objection,
            is_known=is_known,
            received_at=now,
            answers_at=now + self._answer_time,
            decision=decide(objection) if is_known else None,
        )
        self._cases[objection.dispute_id] = (*stages, case)
        self._by_uscc.setdefault(objection.uscc, {})[objection.dispute_id] = None
        return case

    def find(self, dispute_id: str) -> Case | None:
        """Return the latest stage of a dispute."""
        stages = self._cases.get(dispute_id)
        return None if stages is None else stages[-1]

    def amend(
        self, uscc: str, sections: Mapping[Section, msgspec.Raw], *, at: datetime
    ) -> dict[Section, msgspec.Raw]:
        """Return the sections asked for as they are answered at an instant, disputes and all."""
        amended = dict(sections)
        for dispute_id in self._by_uscc.get(uscc, ()):
            for case in self._cases[dispute_id]:
                code = case.objection.section
                if case.is_known and case.received_at <= at and code in amended:
                    amended[code] = _amend(amended[code], case, at=at)
        return amended

    @staticmethod
    def _require_turn(objection: Objection, stages: tuple[Case, ...], *, now: datetime) -> None:
        is_review = objection.stage == "REVIEW"
        if is_review is not bool(stages):
            raise DisputeChanged(detail="a review without a first time")
        if stages and stages[0].outcome_at(now) is None:
            raise DisputeChanged(detail="a review of what was not answered")


def decide(objection: Objection) -> DisputeOutcome | None:
    """Return what is decided of an objection; a review changes nothing any more."""
    outcome = find_outcome(objection.uscc)
    decision = None if outcome is None else DECISIONS.get((outcome, objection.section))
    if decision is not None and objection.stage == "REVIEW":
        return DisputeOutcome.KEEP
    return decision


def holds_record(section: msgspec.Raw, record_no: str) -> bool:
    """Tell whether a section holds a record of this number."""
    return any(record["record_no"] == record_no for record in _records_of(section))


def _records_of(section: msgspec.Raw) -> list[Record]:
    body = msgspec.json.decode(section, type=Record)
    return msgspec.convert(body.get("records", []), list[Record])


def _amend(section: msgspec.Raw, case: Case, *, at: datetime) -> msgspec.Raw:
    body = msgspec.json.decode(section, type=Record)
    amended = [
        record
        if record["record_no"] != case.objection.record_no
        else _amend_record(record, case, at=at)
        for record in _records_of(section)
    ]
    records = [record for record in amended if record is not None]
    if not amended:
        return section
    if not records:
        return msgspec.Raw(msgspec.json.encode({"status": "NO_RECORD", "as_of": body["as_of"]}))
    return msgspec.Raw(msgspec.json.encode({**body, "records": records}))


def _amend_record(record: Record, case: Case, *, at: datetime) -> Record | None:
    objection = case.objection
    match case.outcome_at(at):
        case None:
            return {**record, "dispute": _mark(case, "OPEN")}
        case DisputeOutcome.DELETE:
            return None
        case DisputeOutcome.CORRECT:
            text = TEXTS[objection.section]
            return {**record, "dispute": None, text: f"{record[text]}{CORRECTED}"}
        case DisputeOutcome.SUPPLEMENT:
            return {**record, "dispute": None, "statement": objection.text}
        case DisputeOutcome.KEEP:
            # What the enterprise says stays beside what the department found (CRR 25).
            return {**record, "dispute": _mark(case, "REJECTED"), "statement": objection.text}


def _mark(case: Case, state: str) -> Record:
    return {
        "state": state,
        "opened_on": write_date(case.received_at.astimezone(CHINA).date()),
        "due_on": write_date(case.due_on),
        "note": None,
        "hides": False,
    }
