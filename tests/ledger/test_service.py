"""The ledger's intake."""

from datetime import timedelta

import asyncpg
import msgspec
import pytest

from creditbridge.ledger.model import Intent, IntentOutcome, LeaseLost
from creditbridge.ledger.rules import RecordUnfit, open_entry, read_names, verify_receipt


async def test_a_record_opens_to_what_was_recorded(house, samples) -> None:
    """Sealed, stored, unsealed: core, names and commitment are those of the record."""
    async with house.database.transaction() as tx:
        recorded = await house.ledger.record(tx, samples.intention())
        found = await house.ledger.openings_for(tx, bank_id="bnk_1", report_id="rpt_1")

    core, commitment = open_entry(found[0].opening)
    names = read_names(found[0].opening)

    assert commitment == recorded.commitment
    assert core.terms == samples.intention().terms
    assert (core.bank_seq, core.subject_seq, core.consent_seq) == (1, 1, 1)
    assert names[core.bank] == samples.bank
    assert names[core.enterprise] == samples.enterprise
    assert found[0].proofs == samples.intention().proofs
    assert verify_receipt(found[0].receipt, lambda _: house.receipt_key.key) == recorded.receipt
