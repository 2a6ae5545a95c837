"""The ledger's intake: a record in the caller's own transaction, and a receipt at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import Signers
from creditbridge.foundation.sharing import PutOff
from creditbridge.ledger.composing import Prepared, Salts, prepare, report_of, require_fit
from creditbridge.ledger.model import (
    CATALOGUE,
    EventKind,
    Intent,
    IntentOutcome,
    LeaseLost,
    Opened,
    Receipt,
    Record,
    Recorded,
    ReferenceKind,
    Silence,
)
from creditbridge.ledger.rules import authorities_of, persons_of, sign_receipt
from creditbridge.ledger.sealing import OpeningKeys
from creditbridge.ledger.service.credentials import last_rules, select_credentials
from creditbridge.ledger.service.numbering import Numbering, take_numbers
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.ledger.store import intake, intents, openings, silences
from creditbridge.ledger.vault import NO_PROOFS, Vault, draw_salts

LEASES_KEPT = timedelta(days=1)
_APPROVALS = frozenset({EventKind.CONSENT_APPROVED, EventKind.CONSENT_COUNTERSIGNED})
CHAINED = tuple(sorted(kind for kind, row in CATALOGUE.items() if row.chained))


class _Made(msgspec.Struct, frozen=True):
    """An entry as it will be kept, and the salts that open it."""

    prepared: Prepared
    salts: Salts


class Ledger:
    """Records what was decided, opens it to its owners, and keeps account of open intents.

    Everything here runs in the caller's transaction and is durable when that is.
    """

    def __init__(
        self,
        settings: LedgerSettings,
        *,
        receipt_signer: Signers,
        opening_keys: OpeningKeys,
        node_id: str,
    ) -> None:
        self._settings = settings
        self._signers = receipt_signer
        self._vault = Vault(keys=opening_keys)
        self._node_id = node_id
        self._put_off = PutOff(self._write_put_off)

    async def record(self, tx: Transaction, record: Record) -> Recorded:
        """Write a record down at `tx.now` and return its receipt.

        The counters of its bank, enterprise and consent stay locked until the caller commits: call
        this last, and commit soon.

        Raises:
            RecordUnfit: the catalogue of events does not foresee such a record.
        """
        require_fit(record)
        numbering = await take_numbers(tx, [record])
        made = _make(record, numbering, now=tx.now)
        receipt = self._promise(made)
        await intake.write_entries(tx, [self._lock(record, made, receipt)])
        core = made.prepared.core
        return Recorded(
            event_id=core.event_id,
            kind=core.kind,
            commitment=made.prepared.commitment,
            decided_at=core.decided_at,
            bank_seq=core.bank_seq,
            subject_seq=core.subject_seq,
            consent_seq=core.consent_seq,
            receipt=receipt,
        )

    def put_off(self, tx: Transaction, record: Record) -> None:
        """Have a record written right before the commit, with all others of its transaction.

        No receipt is signed where its kind may lack one: nobody would be handed it.

        Raises:
            RecordUnfit: the catalogue of events does not foresee such a record.
        """
        require_fit(record)
        self._put_off.add(tx, record)

    async def _write_put_off(self, tx: Transaction, records: Sequence[Record]) -> None:
        numbering = await take_numbers(tx, records)
        rows = list[intake.EntryRow]()
        for record in records:
            made = _make(record, numbering, now=tx.now)
            lacks_receipt = CATALOGUE[record.kind].may_lack_receipt
            rows.append(self._lock(record, made, None if lacks_receipt else self._promise(made)))
        await intake.write_entries(tx, rows)

    def _promise(self, made: _Made) -> Receipt:
        signer, origin = self._signers.current(), self._settings.origin
        return sign_receipt(made.prepared.core, made.prepared.commitment, signer, origin=origin)

    def _lock(self, record: Record, made: _Made, receipt: Receipt | None) -> intake.EntryRow:
        core = made.prepared.core
        locked = self._vault.lock(made.prepared, made.salts, record.proofs)
        return intake.EntryRow(
            event_id=core.event_id,
            commitment=made.prepared.commitment,
            decided_at=core.decided_at,
            kind=core.kind,
            bank=core.bank,
            enterprise=core.enterprise,
            consent=core.consent,
            person=core.person,
            request_id=report_of(record.terms),
            key_id=locked.key_id,
            opening=locked.opening,
            proofs=locked.proofs,
            receipt=None if receipt is None else receipt.encode(),
            sealed=locked.sealed,
            wrapped=locked.wrapped,
            chained=core.consent_seq is not None,
        )

    def unlock(self, rows: Sequence[openings.OpeningRow]) -> list[Opened]:
        """Return what rows hold, for whoever may read all of them."""
        return [self._vault.unlock(row) for row in rows]

    async def openings_for(
        self,
        tx: Transaction,
        *,
        bank_id: str,
        report_id: str | None = None,
        consent_id: str | None = None,
        kinds: Sequence[EventKind] = CHAINED,
    ) -> list[Opened]:
        """Return the bank's own entries about a report, or a consent's chain, in the log's order.

        With `kinds`, those about the consent and none of its chain.

        Another bank's entries are as absent as those that never were.
        """
        if report_id is not None:
            rows = await openings.find_by_request(tx, report_id, bank_id=bank_id)
        else:
            rows = await openings.find_by_consent(
                tx, consent_id or "", bank_id=bank_id, kinds=kinds
            )
        return [self._vault.unlock(row) for row in rows]

    async def story_of(
        self, tx: Transaction, *, report_id: str, bank_id: str, consent_id: str | None
    ) -> list[Opened]:
        """Return what the pack of a report needs, each entry once, in the log's order.

        The report's entries; with a consent also its whole chain, up to the report and after it,
        how whoever approved came to speak for the enterprise, with their passkeys, or which
        operators confirmed a letter on paper, the policies of the house, and what natural persons
        whom the chain's looks rest on consented to themselves. Proofs stay with the report's own
        entries, the consent's approvals and its request.
        """
        story = {
            one.event_id: one
            for one in await self.openings_for(tx, bank_id=bank_id, report_id=report_id)
        }
        if story and consent_id is not None:
            chain = await self.openings_for(tx, bank_id=bank_id, consent_id=consent_id)
            for link in chain:
                story.setdefault(link.event_id, _without_requests(link))
            approvals = [one.event_id for one in chain if one.kind in _APPROVALS]
            for opened in await self._open_voices(tx, approvals):
                story[opened.event_id] = opened
            confirmed = [one.event_id for one in chain if one.kind is EventKind.DOCUMENT_CONFIRMED]
            for row in await openings.find_operators(tx, confirmed):
                story[row.event_id] = self._vault.unlock(row)
            for row in await openings.find_policies(tx):
                story[row.event_id] = self._vault.unlock(row)
            intents = [one for one in story.values() if one.kind is EventKind.REPORT_INTENDED]
            persons = persons_of(one.opening for one in intents)
            for row in await openings.find_persons(tx, sorted(persons)):
                story[row.event_id] = self._vault.unlock(row)
            found = await openings.find_credentials(tx, approvals)
            for one in select_credentials(chain, map(self._vault.unlock, found)):
                story[one.event_id] = one
        return sorted(story.values(), key=_place_of)

    async def find_person(self, tx: Transaction, person_id: str) -> str | None:
        """Return the reference of a person; None where nothing was ever recorded of them."""
        return await openings.find_reference(tx, kind=ReferenceKind.PERSON, subject=person_id)

    async def _open_voices(self, tx: Transaction, approvals: Sequence[str]) -> list[Opened]:
        """Return what shows that those who approved might, and that they were enough."""
        found = [self._vault.unlock(row) for row in await openings.find_voices(tx, approvals)]
        changes = map(self._vault.unlock, await openings.find_rules(tx, approvals))
        found += last_rules(changes)
        # Who appointed them, and who agreed to the rules: the entries by which those might.
        named = frozenset(one for opened in found for one in authorities_of(opened.opening))
        rows = await openings.find_events(tx, sorted(named))
        return found + [self._vault.unlock(row) for row in rows]

    async def erase_personal(self, tx: Transaction, event_id: str, *, erased_by: str) -> bool:
        """Destroy the names of one entry with their key; everything else of it stays provable."""
        return await openings.erase_personal(tx, event_id, erased_by=erased_by)

    async def await_silence(self, tx: Transaction, consent_id: str, withdrawn: Recorded) -> None:
        """Keep in mind that a consent was withdrawn, until nothing runs under it any more."""
        await silences.await_silence(
            tx, consent_id, event_id=withdrawn.event_id, withdrawn_at=withdrawn.decided_at
        )

    async def list_awaited(self, tx: Transaction) -> list[str]:
        """Return withdrawn consents of which this node has not said that it is quiet."""
        return await silences.list_awaited(tx, node_id=self._node_id)

    async def say_quiet(self, tx: Transaction, consent_ids: Sequence[str]) -> None:
        """Say that this node has nothing under way under these withdrawn consents, for good."""
        await silences.say_quiet(tx, consent_ids, node_id=self._node_id)

    async def take_silences(self, tx: Transaction) -> list[Silence]:
        """Take out the withdrawn consents that have fallen silent, for their record; once.

        Silent is what every node with a live lease has said to be quiet about.
        """
        return await silences.take_silences(tx)

    async def renew_lease(self, tx: Transaction) -> int:
        """Begin or renew this node's lease and return its epoch."""
        expires_at = tx.now + timedelta(seconds=self._settings.lease_seconds)
        return await intents.renew_lease(tx, self._node_id, expires_at=expires_at)

    async def end_lease(self, tx: Transaction) -> None:
        """Give this node's lease up: it delivers nothing any more, and nobody waits for it."""
        await intents.end_lease(tx, self._node_id)

    async def purge_leases(self, tx: Transaction) -> int:
        """Delete the leases of nodes long gone that left no open intent; return how many."""
        return await intents.purge_leases(tx, before=tx.now - LEASES_KEPT)

    async def open_intent(self, tx: Transaction, intent: Intent) -> None:
        """Open an intent under this node's lease.

        Raises:
            LeaseLost: the lease ran out; whoever asks again finds it renewed.
        """
        if not await intents.open_intent(tx, intent, node_id=self._node_id):
            raise LeaseLost(detail=f"node {self._node_id} has no live lease")

    async def close_intent(self, tx: Transaction, intent_id: str, outcome: IntentOutcome) -> bool:
        """Close an intent, once; False where another closed it or it is not this node's to close.

        Who gets False delivers nothing: another node has said how the intent ended.
        """
        return await intents.close_intent(tx, intent_id, outcome, node_id=self._node_id)

    async def overdue_intents(self, tx: Transaction) -> list[Intent]:
        """Return intents past their deadline this node may close: its own, or an orphan."""
        return await intents.read_overdue(tx, node_id=self._node_id)

    async def unknown_intents(self, tx: Transaction) -> list[Intent]:
        """Return intents whose outcome only the platform can tell."""
        return await intents.read_unknown(tx)

    async def find_returnable(self, tx: Transaction, consent_ids: Sequence[str]) -> set[str]:
        """Return of which of these consents a use may still come back."""
        return await intents.find_returnable(tx, consent_ids)

    async def reconcile_intent(self, tx: Transaction, intent_id: str, *, counted: bool) -> bool:
        """Settle an unknown outcome by the platform's word, once; False where that was done."""
        outcome = IntentOutcome.UNKNOWN if counted else IntentOutcome.NOT_SENT
        return await intents.reconcile_intent(tx, intent_id, outcome)


def _make(record: Record, numbering: Numbering, *, now: datetime) -> _Made:
    salts = draw_salts(record)
    numbers, event_id = numbering.number(record), new_id(Kind.EVENT, now=now)
    prepared = prepare(record, numbers, salts, event_id=event_id, decided_at=now)
    numbering.end_chain(record, prepared.commitment)
    return _Made(prepared, salts)


def _without_requests(link: Opened) -> Opened:
    """Return a link of the chain without what other reports were asked with."""
    return link if link.kind is not EventKind.REPORT_INTENDED else replace(link, proofs=NO_PROOFS)


def _place_of(one: Opened) -> tuple[bool, int]:
    return one.opening.index is None, one.opening.index or 0
