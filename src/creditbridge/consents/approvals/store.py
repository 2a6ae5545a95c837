"""The rows of approvals: one for each consent, version and natural person."""

from creditbridge.consents.approvals.model import Countersignature
from creditbridge.foundation.database import Transaction

# One row per person, in one statement: a second yes of the same person to the same artefact adds
# nothing, and one to another artefact takes the place of the first.
ADD_APPROVAL = """
    INSERT INTO consents_approvals (consent_id, version, person_id, role, artefact_digest,
        template_id, template_version, text_digest, approved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (consent_id, version, person_id) DO UPDATE
    SET role = excluded.role, artefact_digest = excluded.artefact_digest,
        template_id = excluded.template_id, template_version = excluded.template_version,
        text_digest = excluded.text_digest, approved_at = excluded.approved_at, entry = NULL
    WHERE consents_approvals.artefact_digest <> excluded.artefact_digest
"""


async def add_approval(tx: Transaction, approval: Countersignature) -> bool:
    """Tell whether this is a yes that was not given before."""
    added = await tx.execute(
        ADD_APPROVAL,
        approval.consent_id,
        approval.version,
        approval.person_id,
        approval.role,
        approval.artefact_digest,
        approval.template_id,
        approval.template_version,
        approval.text_digest,
        approval.approved_at,
    )
    return added == 1


LIST_APPROVALS = """
    SELECT * FROM consents_approvals WHERE consent_id = $1 AND version = $2
    ORDER BY approved_at, person_id
"""


async def list_approvals(
    tx: Transaction, *, consent_id: str, version: int
) -> list[Countersignature]:
    """Return every approval of one version of a request, in the order of their instants."""
    return await tx.fetch_rows(Countersignature, LIST_APPROVALS, consent_id, version)


NOTE_ENTRY = """
    UPDATE consents_approvals SET entry = $4
    WHERE consent_id = $1 AND version = $2 AND person_id = $3
"""


async def note_entry(tx: Transaction, approval: Countersignature, entry: str) -> None:
    """Keep by which entry of the ledger an approval is known."""
    await tx.execute(NOTE_ENTRY, approval.consent_id, approval.version, approval.person_id, entry)


# Of a request that waits: its version stays, and whoever reads it sees how far it has come.
COUNT_APPROVALS = """
    UPDATE consents SET approvals_given = $3, approvals_needed = $4
    WHERE consent_id = $1 AND version = $2
"""


async def count_approvals(
    tx: Transaction, *, consent_id: str, version: int, given: int, needed: int
) -> None:
    """Keep the count beside the version that was approved."""
    await tx.execute(COUNT_APPROVALS, consent_id, version, given, needed)
