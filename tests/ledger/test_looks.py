"""Every look under a consent, for the enterprise that gave it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from creditbridge.foundation.database import Database
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import Intent, IntentOutcome, Record, Recorded
from creditbridge.ledger.service import IN_PROGRESS, Ledger, find_last_looks, tell_consent

Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]


async def test_looks_are_listed_newest_first_with_their_outcomes(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """One delivered, one under way; what else the consent's chain holds is no look."""
    recorded = await fill([*story, story[3]])
    first, second = recorded[3], recorded[6]
    async with database.transaction() as tx:
        await ledger.renew_lease(tx)
        intent = Intent(
            intent_id="int_1",
            report_id="rpt_1",
            bank_id="bnk_1",
            client_id="cli_1",
            consent_id="cns_1",
            uscc="91330100YY0000A13Y",
            query_id="qry_1",
            event_id=first.event_id,
            deadline_at=tx.now,
        )
        await ledger.open_intent(tx, intent)
        await ledger.close_intent(tx, "int_1", IntentOutcome.DELIVERED)
        told = await tell_consent(tx, ledger, consent_id="cns_1", bank_id="bnk_1")
        last = await find_last_looks(tx, ["cns_1", "cns_2"])

    looks = told.looks
    assert [(look.event_id, look.outcome) for look in looks] == [
        (second.event_id, IN_PROGRESS),
        (first.event_id, "DELIVERED"),
    ]
    assert looks[1].commitment == to_base64url(first.commitment)
    assert looks[1].sections == frozenset({"REG", "PEN"})
    assert last == {"cns_1": first.decided_at}
    assert [(turn.kind, turn.person and turn.person.name) for turn in told.turns] == [
        ("consent.requested", None),
        ("consent.approved", "Li Example"),
        ("consent.withdrawn", "Li Example"),
    ]
