"""The audit of entries: each against what opens it, and all against their counters and chains.

It takes entries in the log's order, then those that wait, and names what does not fit.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.foundation.keys import PublicKey
from creditbridge.ledger.catalogue import CATALOGUE
from creditbridge.ledger.composing import report_of, subject_of
from creditbridge.ledger.model import (
    Core,
    LedgerCorrupt,
    Opened,
)
from creditbridge.ledger.rules import (
    OpeningUnsound,
    open_entry,
    read_names,
    require_link,
    require_promised,
    require_proofs,
    verify_receipt,
)
from creditbridge.ledger.sealing import SealBroken
from creditbridge.ledger.store.openings import OpeningRow, Reference
from creditbridge.ledger.vault import Vault

VIOLATIONS_MAX = 1_000

FindKey = Callable[[str], PublicKey | None]


class Violated(StrEnum):
    """What the ledger's rows can be found to violate."""

    HEAD_MISSING = "head-missing"
    ENTRY_MISSING = "entry-missing"
    ENTRY_BEYOND_HEAD = "entry-beyond-head"
    COMMITMENT_DIFFERS = "commitment-differs"
    OPENING_UNREADABLE = "opening-unreadable"
    ROW_DIFFERS = "row-differs"
    NAME_DIFFERS = "name-differs"
    PROOFS_DIFFER = "proofs-differ"
    RECEIPT_INVALID = "receipt-invalid"
    COUNTER_BROKEN = "counter-broken"
    CHAIN_BROKEN = "chain-broken"
    TILE_DIFFERS = "tile-differs"
    ROOT_DIFFERS = "root-differs"
    CHECKPOINT_INVALID = "checkpoint-invalid"
    ROLLED_BACK = "rolled-back"
    RECEIPT_UNKEPT = "receipt-unkept"


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not fit, and where: `index` is None for what stands outside the log."""

    name: Violated
    detail: str
    index: int | None = None


class Audit:
    """What was seen of the entries so far, and what of it does not fit."""

    def __init__(
        self,
        vault: Vault,
        *,
        find_receipt_key: FindKey,
        references: Mapping[str, Reference],
        size: int,
    ) -> None:
        self._vault = vault
        self._find_receipt_key = find_receipt_key
        self._references = references
        self._size = size  # What stands behind it may be newer than the references.
        self._last_seen: dict[str, int] = {}
        self._last_commitment: dict[str, bytes] = {}
        self._ends: dict[str, bytes] = {}
        self.violations: list[Violation] = []

    def find(self, name: Violated, detail: str, *, index: int | None = None) -> None:
        """Keep a violation; the first `VIOLATIONS_MAX` of them are enough."""
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(Violation(name=name, detail=detail, index=index))

    def see(self, row: OpeningRow) -> Core | None:
        """Look at the next entry; return its core where it can be read."""
        try:
            opened = self._vault.unlock(row)
            core, commitment = open_entry(opened.opening)
            names = read_names(opened.opening)
        except (SealBroken, LedgerCorrupt, OpeningUnsound, Malformed) as error:
            self.find(Violated.OPENING_UNREADABLE, error.detail or error.code, index=row.log_index)
            return None
        # Each fault is named and the walk goes on: one changed entry must not hide the next.
        if commitment != row.commitment:
            self.find(Violated.COMMITMENT_DIFFERS, row.event_id, index=row.log_index)
        if not _fits(row, core):
            self.find(Violated.ROW_DIFFERS, row.event_id, index=row.log_index)
        for reference, name in names.items():
            if not self._is_kept(row, reference, subject_of(name)):
                self.find(Violated.NAME_DIFFERS, row.event_id, index=row.log_index)
        self._see_proofs(row, opened, core)
        self._see_receipt(row, core)
        self._see_counters(row, core)
        return core

    def finish(self) -> None:
        """Compare what was seen with the counters that intake keeps."""
        for reference, kept in self._references.items():
            seen = self._last_seen.get(reference, 0)
            if seen < kept.entries:
                detail = f"{kept.kind} {reference}: {kept.entries} counted, {seen} there"
                self.find(Violated.COUNTER_BROKEN, detail)
            elif self._ends.get(reference) != kept.last_commitment:
                self.find(Violated.CHAIN_BROKEN, f"{kept.kind} {reference}: another end is kept")

    def _is_kept(self, row: OpeningRow, reference: str, subject: str) -> bool:
        kept = self._references.get(reference)
        if kept is None:
            return row.log_index is None or row.log_index >= self._size
        return kept.subject == subject

    def _see_proofs(self, row: OpeningRow, opened: Opened, core: Core) -> None:
        try:
            require_proofs(opened.opening, core, opened.proofs)
        except OpeningUnsound as error:
            self.find(Violated.PROOFS_DIFFER, error.detail, index=row.log_index)

    def _see_receipt(self, row: OpeningRow, core: Core) -> None:
        if row.receipt is None and CATALOGUE[core.kind].may_lack_receipt:
            return
        try:
            receipt = verify_receipt(row.receipt or b"", self._find_receipt_key)
            require_promised(receipt, core, row.commitment)
        except (Malformed, Untrusted) as error:
            detail = f"{row.event_id}: {error.detail or error.code}"
            self.find(Violated.RECEIPT_INVALID, detail, index=row.log_index)

    def _see_counters(self, row: OpeningRow, core: Core) -> None:
        if core.consent is not None and core.consent_seq is not None:
            self._see_link(row, core, core.consent, core.consent_seq)
        for reference, seq in ((core.bank, core.bank_seq), (core.enterprise, core.subject_seq)):
            if reference is None or seq is None:
                continue
            expected = self._last_seen.get(reference, 0) + 1
            if seq != expected:
                detail = f"{reference}: {seq} where {expected} should stand"
                self.find(Violated.COUNTER_BROKEN, detail, index=row.log_index)
            # Go on from what is there, or one gap would be named again at each later entry.
            self._last_seen[reference] = seq

    def _see_link(self, row: OpeningRow, core: Core, consent: str, seq: int) -> None:
        expected = self._last_seen.get(consent, 0) + 1
        try:
            require_link(core, seq=expected, before=self._last_commitment.get(consent))
        except OpeningUnsound as error:
            self.find(Violated.CHAIN_BROKEN, f"{consent}: {error.detail}", index=row.log_index)
        self._last_seen[consent] = seq
        self._last_commitment[consent] = row.commitment
        kept = self._references.get(consent)
        if kept is not None and kept.entries == seq:
            self._ends[consent] = row.commitment


def _fits(row: OpeningRow, core: Core) -> bool:
    """Tell whether the columns beside a sealed opening say what is in it."""
    beside = (row.event_id, row.decided_at, row.kind, row.request_id)
    named = (row.bank, row.enterprise, row.consent, row.person)
    return (
        beside == (core.event_id, core.decided_at, core.kind, report_of(core.terms))
        and named == (core.bank, core.enterprise, core.consent, core.person)
        # A key that outlives its names would bring them back from a backup.
        and (row.sealed is None) == (row.wrapped is None)
    )
