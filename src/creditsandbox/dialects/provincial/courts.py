"""What courts hold, in the platform's words: entries of the list of defaulters, judgments."""

from datetime import datetime

from creditsandbox.dialects.provincial.records import (
    ADVERSE,
    IN_FORCE,
    REMOVED,
    Record,
    write_base,
)
from creditsandbox.dialects.provincial.words import (
    WORDS,
    write_compact_date,
    write_date_or_none,
    write_loose_date,
    write_wan,
    write_yuan,
)
from creditsandbox.province.codes import Disclosure, JudgmentKind
from creditsandbox.province.records import Judgment


def write_judgment(judgment: Judgment, *, as_of: datetime) -> Record:
    """Return a JUD record of either source, those that ended included."""
    is_defaulter = judgment.kind is JudgmentKind.DEFAULTER
    base = write_base(
        f"JUD-{judgment.kind}-{judgment.case_no}",
        "ADVERSE-031" if is_defaulter else "ADVERSE-032",
        judgment.authority,
        recorded_on=judgment.published_on,
        as_of=as_of,
    )
    ended = {
        "info_kind": ADVERSE,
        "state": IN_FORCE if judgment.removed_on is None else REMOVED,
    }
    own = _write_defaulter(judgment) if is_defaulter else _write_unfulfilled(judgment)
    return {**base, **ended, **own}


def _write_defaulter(judgment: Judgment) -> Record:
    return {
        "jud_kind": "DEFAULTER",
        "case_no": judgment.case_no,
        "executed_court": judgment.court,
        "fil_dt": write_compact_date(judgment.filed_on),
        "publish_dt": write_loose_date(judgment.published_on),
        "enforce_basis": None,
        "effect_doc_obli": judgment.duty,
        "executed_perfor": WORDS.performances[judgment.performance],
        "dishonest_behav": judgment.conduct,
        "remove_dt": write_date_or_none(judgment.removed_on),
    }


def _write_unfulfilled(judgment: Judgment) -> Record:
    return {
        # Not on any public list: whoever asks needs consent.
        "open_level": WORDS.disclosures[Disclosure.QUERY],
        "jud_kind": "UNFULFILLED",
        "case_no": judgment.case_no,
        "execute_court": judgment.court,
        "execute_causes": judgment.cause,
        # Two units in one record, as in two real feeds.
        "execute_amt": write_yuan(judgment.amount),
        "not_execute_amt": write_wan(judgment.unperformed),
        "executed_perfor": WORDS.performances[judgment.performance],
        "filing_dt": write_compact_date(judgment.filed_on),
        "expo_dt": write_loose_date(judgment.published_on),
        "fulfil_tm": write_date_or_none(judgment.fulfilled_on),
    }
