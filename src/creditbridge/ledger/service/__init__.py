"""The ledger, for everybody above: every call takes the caller's transaction."""

from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.service.looks import (
    IN_PROGRESS,
    Look,
    Story,
    Turn,
    find_last_looks,
    list_deliveries,
    tell_consent,
    was_delivered,
)
from creditbridge.ledger.service.publication import (
    NothingPublished,
    count_entries,
    find_checkpoint,
    find_size,
    find_tile,
    prove_growth,
    prove_inclusions,
    read_backlog,
)
from creditbridge.ledger.service.reports import (
    ReportState,
    ReportStory,
    find_consent_of,
    get_report,
)
from creditbridge.ledger.service.statements import (
    ENTRIES_MAX,
    Found,
    Span,
    keep_statement,
    list_due_statements,
    list_statements,
    open_about,
)
from creditbridge.ledger.store.looks import Delivered
from creditbridge.ledger.store.statements import StatementDue, StatementRow

__all__ = [
    "ENTRIES_MAX",
    "IN_PROGRESS",
    "Delivered",
    "Found",
    "Ledger",
    "Look",
    "NothingPublished",
    "ReportState",
    "ReportStory",
    "Span",
    "StatementDue",
    "StatementRow",
    "Story",
    "Turn",
    "count_entries",
    "find_checkpoint",
    "find_consent_of",
    "find_last_looks",
    "find_size",
    "find_tile",
    "get_report",
    "keep_statement",
    "list_deliveries",
    "list_due_statements",
    "list_statements",
    "open_about",
    "prove_growth",
    "prove_inclusions",
    "read_backlog",
    "tell_consent",
    "was_delivered",
]
