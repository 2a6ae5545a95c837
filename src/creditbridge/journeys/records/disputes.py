"""What is recorded of disputes."""

from creditbridge.disputes.model import Dispute, Stage, Words
from creditbridge.disputes.rules import stage_of
from creditbridge.ledger.model import (
    DigestName,
    DisputeAnswered,
    DisputeFiled,
    EnterpriseName,
    EventKind,
    PersonName,
    Record,
)
from creditbridge.ledger.rules import join_parts

RULE = "dispute"
RULE_VERSION = "1"


def filed_record(
    dispute: Dispute, enterprise: EnterpriseName, person: PersonName, words: Words | None = None
) -> Record:
    """Return the record that a dispute was filed, or its review asked for, by whom."""
    parts = [] if words is None else [words.number.encode(), words.text.encode()]
    return Record(
        kind=EventKind.DISPUTE_FILED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=DisputeFiled(
            dispute_id=dispute.dispute_id,
            stage=stage_of(dispute),
            report_id=dispute.report_id,
            record_id=dispute.record_id,
            platform=dispute.platform,
            section=dispute.section,
            ground=dispute.ground,
        ),
        enterprise=enterprise,
        person=person,
        digests={DigestName.WORDS: join_parts(parts)} if parts else {},
    )


def answered_record(dispute: Dispute, enterprise: EnterpriseName, answer: bytes) -> Record:
    """Return the record that the platform answered a dispute, with its signed bytes' digest."""
    stage = stage_of(dispute)
    outcome = dispute.outcome if stage is Stage.FIRST else dispute.review_outcome
    return Record(
        kind=EventKind.DISPUTE_ANSWERED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=DisputeAnswered(
            dispute_id=dispute.dispute_id,
            stage=stage,
            report_id=dispute.report_id,
            record_id=dispute.record_id,
            platform=dispute.platform,
            section=dispute.section,
            outcome=outcome,
        ),
        enterprise=enterprise,
        digests={DigestName.STANDING: answer},
    )
