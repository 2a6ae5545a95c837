"""From a look in the ledger to what a consent's page shows of it. Pure."""

from creditbridge.endpoints.views import LookOutcome, LookView, ReceiptView
from creditbridge.ledger.service import Look
from creditbridge.profile.codes import SectionCode


def look_view(look: Look) -> LookView:
    """Return one look as its consent's page shows it."""
    return LookView(
        at=look.decided_at,
        outcome=LookOutcome(look.outcome),
        code=look.code,
        report_id=look.report_id,
        receipt=ReceiptView(
            event_id=look.event_id, commitment=look.commitment, number=look.bank_seq
        ),
        sections=tuple(code for code in SectionCode if code in look.sections),
    )
