"""What the yes to a newer consent does to the one whose place it takes. No journey."""

from collections.abc import Iterable

import msgspec

from creditbridge.access.granted.model import Grant
from creditbridge.access.granted.service import revoke_grants
from creditbridge.consents.model import Consent
from creditbridge.consents.moves.service import supersede
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.records.consents import end_record
from creditbridge.journeys.records.grants import GrantEnd, ended_grant_record
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.model import EventKind, PersonName, Record


class Superseded(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that another took the place of, and the grants that ended with it."""

    consent: Consent
    grants: tuple[Grant, ...]

    def to_records(self, person: PersonName) -> list[Record]:
        """Return what the ledger holds of it."""
        ends = [
            ended_grant_record(grant, GrantEnd.SUPERSEDED, self.consent, person)
            for grant in self.grants
        ]
        return [end_record(EventKind.CONSENT_SUPERSEDED, self.consent, person), *ends]


async def end_superseded(tx: Transaction, given: Iterable[Consent]) -> list[Superseded]:
    """End each consent whose place one of the given takes, with its grants, while it still stands.

    After a new grant is made and before the ledger is written: the order in which rows are locked.
    """
    ended = list[Superseded]()
    for consent in given:
        before = await supersede(tx, consent)
        if before is None:
            continue
        grants = await revoke_grants(tx, before.consent_id)
        await tell_nodes(tx, before.consent_id)
        ended.append(Superseded(consent=before, grants=tuple(grants)))
    return ended
