"""The ledger's intake."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

import asyncpg
import pytest
from msgspec.structs import replace

from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.composing import RecordUnfit
from creditbridge.ledger.model import BankName, EventKind, Record, Recorded
from creditbridge.ledger.rules import open_entry, read_names, require_proofs, verify_receipt
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger

Sample: TypeAlias = Callable[[EventKind], Record]
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]


async def test_a_record_opens_to_what_was_recorded(
    database: Database, ledger: Ledger, receipt_key: FileKey, sample: Sample
) -> None:
    """Sealed, stored, unsealed: core, names, proofs and receipt are those of the record."""
    record = sample(EventKind.REPORT_INTENDED)
    async with database.transaction() as tx:
        recorded = await ledger.record(tx, record)
        found = await ledger.openings_for(tx, bank_id="bnk_1", report_id="rpt_1")

    core, commitment = open_entry(found[0].opening)
    names = read_names(found[0].opening)

    assert commitment == recorded.commitment
    assert core.terms == record.terms
    assert (core.bank_seq, core.subject_seq, core.consent_seq) == (1, 1, 1)
    assert names[core.bank or ""] == record.bank
    assert names[core.enterprise or ""] == record.enterprise
    assert found[0].proofs == record.proofs
    assert verify_receipt(found[0].receipt, {receipt_key.key.key_id: receipt_key.key}.get) == (
        recorded.receipt
    )


async def test_counters_run_without_gaps_and_chains_link(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """Each bank, enterprise and consent counts its own entries; the chain names its link before."""
    recorded = await fill(story)
    async with database.transaction() as tx:
        chain = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")

    assert [one.bank_seq for one in recorded] == [None, 1, 2, 3, 4, 5]
    assert [one.subject_seq for one in recorded] == [1, 2, 3, 4, None, 5]
    assert [one.consent_seq for one in recorded] == [None, 1, 2, 3, None, 4]
    cores = [open_entry(one.opening)[0] for one in chain]
    assert [core.consent_seq for core in cores] == [1, 2, 3, 4]
    assert cores[0].consent_prev is None
    assert len({core.consent_prev for core in cores}) == 4


async def test_a_transaction_undone_leaves_no_gap(
    database: Database, ledger: Ledger, sample: Sample
) -> None:
    """A record is as durable as what it is about: undone with it, counter and all."""
    record = sample(EventKind.CALLER_REFUSED)

    async def record_and_fail() -> None:
        async with database.transaction() as tx:
            await ledger.record(tx, record)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await record_and_fail()
    async with database.transaction() as tx:
        recorded = await ledger.record(tx, record)

    assert recorded.bank_seq == 1


async def test_racers_for_one_chain_count_without_gap(
    database: Database, ledger: Ledger, sample: Sample
) -> None:
    """Twenty records at once: twenty numbers, none twice."""
    numbers: list[int | None] = []

    async def record() -> None:
        async with database.transaction() as tx:
            numbers.append((await ledger.record(tx, sample(EventKind.REPORT_INTENDED))).consent_seq)

    async with asyncio.TaskGroup() as racers:
        for _ in range(20):
            racers.create_task(record())

    assert sorted(number or 0 for number in numbers) == list(range(1, 21))


async def test_another_banks_entries_are_as_absent_as_none(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """A bank that asks for another's report or consent gets what it gets for none."""
    other = BankName(bank_id="bnk_2", uscc="91330104YY0000A13Q", legal_name="Other")
    await fill([*story, replace(story[4], bank=other)])

    async with database.transaction() as tx:
        for bank_id in ("bnk_2", "bnk_unknown"):
            assert await ledger.openings_for(tx, bank_id=bank_id, report_id="rpt_1") == []
            assert await ledger.openings_for(tx, bank_id=bank_id, consent_id="cns_1") == []
            story_of = await ledger.story_of(
                tx, report_id="rpt_1", bank_id=bank_id, consent_id="cns_1"
            )
            assert story_of == []


async def test_a_story_holds_report_chain_and_enrolment(
    fill: Fill,
    story: list[Record],
    database: Database,
    ledger: Ledger,
    sequencer: Sequencer,
) -> None:
    """In the log's order, each once; the entry that is no part of it is left out."""
    await fill(story)
    await sequencer.run_once()

    async with database.transaction() as tx:
        found = await ledger.story_of(tx, report_id="rpt_1", bank_id="bnk_1", consent_id="cns_1")
        without = await ledger.story_of(tx, report_id="rpt_1", bank_id="bnk_1", consent_id=None)

    assert [one.opening.index for one in found] == [0, 1, 2, 3, 5]
    assert [one.kind for one in without] == [EventKind.REPORT_INTENDED]


async def test_a_story_keeps_other_reports_requests_to_itself(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """Uses for other reports are links of the chain; what those were asked with is not shown."""
    await fill(story)

    async with database.transaction() as tx:
        found = await ledger.story_of(tx, report_id="rpt_2", bank_id="bnk_1", consent_id="cns_1")
        chain = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")

    assert found == []
    assert chain[2].proofs.request is not None


async def test_erased_names_leave_the_rest(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """The core still opens and names its references; who is behind them is gone, once."""
    recorded = await fill(story)
    event_id = recorded[3].event_id

    async with database.transaction() as tx:
        assert await ledger.erase_personal(tx, event_id, erased_by="evt_erasure")
        assert not await ledger.erase_personal(tx, event_id, erased_by="evt_again")
        found = await ledger.openings_for(tx, bank_id="bnk_1", report_id="rpt_1")

    core, commitment = open_entry(found[0].opening)
    assert commitment == recorded[3].commitment
    assert core.bank is not None
    assert found[0].opening.erased == "evt_erasure"
    assert read_names(found[0].opening) == {}


async def test_erased_names_take_the_words_that_were_read_along(
    fill: Fill, story: list[Record], database: Database, ledger: Ledger
) -> None:
    """They stand while the names do; afterwards they are gone, and the digest of them stands."""
    text = "北方银行请求查询".encode()
    approved = story[2]
    story[2] = replace(
        approved,
        digests={**approved.digests, "text": text},
        proofs=replace(approved.proofs, text=text),
    )
    recorded = await fill(story)

    async with database.transaction() as tx:
        before = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")
        await ledger.erase_personal(tx, recorded[2].event_id, erased_by="evt_erasure")
        after = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")

    assert (before[1].proofs.text, after[1].proofs.text) == (text, None)
    for one in (before[1], after[1]):
        core, _ = open_entry(one.opening)
        require_proofs(one.opening, core, one.proofs)
        assert "text" in core.digests


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET commitment = sha256('x')",
        "UPDATE ledger_entries SET decided_at = now()",
        "UPDATE ledger_entries SET log_index = 7",
        "UPDATE ledger_entries SET log_index = NULL",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries CASCADE",
        "UPDATE ledger_openings SET kind = 'x'",
        "DELETE FROM ledger_openings",
        "UPDATE ledger_personal SET sealed = 'x'",
        "DELETE FROM ledger_personal",
    ],
)
async def test_rows_of_the_ledger_stay_as_they_are(
    statement: str, fill: Fill, story: list[Record], database: Database, sequencer: Sequencer
) -> None:
    """An index is given once; no other change passes."""
    await fill(story)
    await sequencer.run_once()

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as tx:
            await tx.execute(statement)


async def test_a_record_that_the_catalogue_does_not_foresee_is_refused(
    database: Database, ledger: Ledger, sample: Sample
) -> None:
    """A kind with too few names is a fault of ours, found before anything is written."""
    record = replace(sample(EventKind.CALLER_REFUSED), bank=None)

    with pytest.raises(RecordUnfit):
        async with database.transaction() as tx:
            await ledger.record(tx, record)


async def test_decisions_carry_the_databases_instant(
    database: Database, ledger: Ledger, sample: Sample
) -> None:
    """decided_at is `tx.now`; inclusion is promised within a minute of it."""
    async with database.transaction() as tx:
        recorded = await ledger.record(tx, sample(EventKind.CALLER_REFUSED))

    assert recorded.decided_at == tx.now
    assert recorded.receipt.include_by - recorded.decided_at == timedelta(seconds=60)
    assert recorded.receipt.header_value().startswith(":")
