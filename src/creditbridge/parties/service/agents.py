"""Agents: appointed, limited and ended by the legal representative."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.parties.model import Role
from creditbridge.parties.store import representatives
from creditbridge.parties.voices.model import (
    AgentUnknown,
    Appointment,
    EndReason,
    Representative,
)
from creditbridge.parties.voices.rules import require_appointable


async def list_representatives(tx: Transaction, uscc: str) -> list[Representative]:
    """Return the latest right of each person who ever spoke for an enterprise, up to 200."""
    return await representatives.list_representatives(tx, uscc)


async def hold_representatives(tx: Transaction, uscc: str) -> list[Representative]:
    """Return who may speak for an enterprise; whoever would change that waits for `tx`."""
    return await representatives.hold_representatives(tx, uscc)


async def appoint_agent(
    tx: Transaction, appointment: Appointment
) -> tuple[Representative, Representative]:
    """Keep what an agent may do from now on; return their right as it was, and as it is.

    Whose authority was ended may be appointed anew. Who appoints is the caller's to judge.

    Raises:
        AppointmentMalformed: no such appointment can be.
        AgentUnknown: nobody of this id ever was an agent of this enterprise.
    """
    require_appointable(appointment.document, appointment.limits, now=tx.now)
    person_id, uscc = appointment.person_id, appointment.uscc
    before = await _get_agent(tx, person_id=person_id, uscc=uscc)
    if before.ended_at is not None:
        await representatives.restore_representative(tx, person_id=person_id, uscc=uscc)
    after = await representatives.appoint(tx, appointment)
    if after is None:
        raise AgentUnknown(detail="ended while it was appointed")
    return before, after


async def end_agent(tx: Transaction, *, person_id: str, uscc: str) -> Representative:
    """End an agent's right at once and return it.

    Raises:
        AgentUnknown: no live agent of this id.
    """
    await _get_agent(tx, person_id=person_id, uscc=uscc)
    ended = await representatives.end_representative(
        tx, person_id=person_id, uscc=uscc, reason=EndReason.ENTERPRISE
    )
    if ended is None:
        raise AgentUnknown(detail="ended before")
    return ended


async def note_entry(tx: Transaction, representative: Representative, entry: str) -> None:
    """Keep by which entry of the ledger (its event id) a live right is known."""
    await representatives.note_entry(
        tx, person_id=representative.person_id, uscc=representative.uscc, entry=entry
    )


async def _get_agent(tx: Transaction, *, person_id: str, uscc: str) -> Representative:
    found = None
    if is_id(Kind.PERSON, person_id):
        found = await representatives.find_last_representative(tx, person_id=person_id, uscc=uscc)
    # The legal representative is nobody's agent: only a successor ends that right.
    if found is None or found.role is not Role.AGENT:
        raise AgentUnknown
    return found
