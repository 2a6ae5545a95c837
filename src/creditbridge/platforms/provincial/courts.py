"""What courts hold, in our words: entries of the list of defaulters, judgments. Pure."""

from msgspec.structs import asdict, replace

from creditbridge.platforms.provincial.head import RecordContext, map_head
from creditbridge.platforms.provincial.reading import read_code, read_money
from creditbridge.platforms.provincial.schema.departments import (
    TheirDefaulter,
    TheirJudgment,
    TheirUnfulfilled,
)
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import Lifecycle
from creditbridge.profile.removal import follow_list
from creditbridge.profile.repair import retention_end
from creditbridge.profile.sections.judgments import Defaulter, Performance, UnfulfilledJudgment


def map_judgment(
    theirs: TheirJudgment, context: RecordContext, reader: FieldReader
) -> Defaulter | UnfulfilledJudgment:
    """Return one record of either source; the two never become one."""
    if isinstance(theirs, TheirDefaulter):
        return map_defaulter(theirs, context, reader)
    return map_unfulfilled(theirs, context, reader)


def map_defaulter(theirs: TheirDefaulter, context: RecordContext, reader: FieldReader) -> Defaulter:
    """Return one entry of the list; only its removal ends it (SPC 7, ZJ 16)."""
    head = map_head(theirs, context, reader)
    included = reader.day("included", theirs.publish_dt)
    removed = reader.day("removed", theirs.remove_dt)
    return Defaulter(
        **asdict(follow_list(head, included=included, removed=removed)),
        case_no=theirs.case_no,
        court=theirs.executed_court,
        filed=reader.day("filed", theirs.fil_dt),
        included=included,
        basis=reader.text("basis", theirs.enforce_basis),
        duty=reader.text("duty", theirs.effect_doc_obli),
        performance=read_code(Performance, theirs.executed_perfor, on=included, reader=reader),
        performance_text=theirs.executed_perfor,
        conduct=reader.text("conduct", theirs.dishonest_behav),
        removed=removed,
    )


def map_unfulfilled(
    theirs: TheirUnfulfilled, context: RecordContext, reader: FieldReader
) -> UnfulfilledJudgment:
    """Return one judgment; the day on which it was performed ends it."""
    head = map_head(theirs, context, reader)
    published = reader.day("published", theirs.expo_dt)
    filed = reader.day("filed", theirs.filing_dt)
    fulfilled = reader.day("fulfilled", theirs.fulfil_tm)
    if fulfilled is not None and head.lifecycle is Lifecycle.ACTIVE:
        head = replace(head, lifecycle=Lifecycle.REMOVED)
    since = published or filed or head.record_date
    head = replace(head, retention_end=head.retention_end or retention_end(since))
    text = reader.text("performance", theirs.executed_perfor)
    return UnfulfilledJudgment(
        **asdict(head),
        case_no=theirs.case_no,
        court=theirs.execute_court,
        cause=reader.text("cause", theirs.execute_causes),
        amount=read_money("amount", theirs.execute_amt, reader),
        unperformed=read_money("unperformed", theirs.not_execute_amt, reader),
        performance=(
            None if text is None else read_code(Performance, text, on=published, reader=reader)
        ),
        filed=filed,
        published=published,
        fulfilled=fulfilled,
    )
