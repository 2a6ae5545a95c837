"""A pack made from a real ledger proves what was recorded in it."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Result
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.verifying import verify_pack
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.checking import Trust, check_ledger
from creditbridge.ledger.model import BankName, Record, Recorded
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger, find_size, prove_inclusions
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.protocols.signed_note import note_key

ORIGIN = "log.example/creditbridge"
OPENING_KEYS = OpeningKeys(current=name_opening_key(bytes(32)))
OTHER_BANK = BankName(bank_id="bnk_2", uscc="91330104YY0000A13Q", legal_name="Other Bank")


@pytest.fixture
def ledger(keys: Mapping[str, FileKey]) -> Ledger:
    """A node's ledger."""
    return Ledger(
        LedgerSettings(origin=ORIGIN),
        receipt_signer=keys["receipt"],
        opening_keys=OPENING_KEYS,
        node_id="nod_1",
    )


@pytest.fixture
def sequencer(database: Database, keys: Mapping[str, FileKey]) -> Sequencer:
    """The log's sequencer."""
    return Sequencer(database, LedgerSettings(origin=ORIGIN), log_signer=keys["log"])


async def tell(
    database: Database, ledger: Ledger, story: Sequence[Record], refused: Record
) -> list[Recorded]:
    """Record the story with entries of another bank between; the consent runs from today on."""
    recorded: list[Recorded] = []
    for record in story:
        terms = record.terms
        if "intended" in terms.__struct_fields__:
            terms = replace(terms, intended=recorded[3].event_id)
        async with database.transaction() as tx:
            await ledger.record(tx, replace(refused, bank=OTHER_BANK))
            recorded.append(await ledger.record(tx, replace(record, terms=terms)))
    return recorded


async def assemble(database: Database, ledger: Ledger, *, consent_id: str | None) -> bytes:
    """Assemble the pack as the journey does."""
    async with database.transaction() as tx:
        entries = await ledger.story_of(
            tx, report_id="rpt_1", bank_id="bnk_1", consent_id=consent_id
        )
        size = await find_size(tx)
        indexes = [place for one in entries if (place := one.opening.index) is not None]
        assert max(indexes) < size
        inclusions = await prove_inclusions(tx, indexes)
    return assemble_pack(
        PackMaterial(report_id="rpt_1", entries=tuple(entries), inclusions=inclusions)
    )


async def test_a_delivery_of_a_real_ledger_verifies(
    database: Database,
    ledger: Ledger,
    sequencer: Sequencer,
    story: list[Record],
    refused_story: list[Record],
    pins: Pins,
) -> None:
    """Recorded, sequenced, opened, proven: up to the rule, which judges by the real instant.

    The story's consent ran in another month than this test does: that is what the replay finds,
    and everything before it holds.
    """
    await tell(database, ledger, story, refused_story[0])
    await sequencer.run_once()

    verdict = verify_pack(await assemble(database, ledger, consent_id="cns_1"), pins)

    assert verdict.steps[-1].name == "coverage"
    assert "consent-expired" in verdict.steps[-1].detail
    assert [step.name for step in verdict.steps[:-1]] == [
        "archive",
        "openings",
        "checkpoint",
        "inclusion",
        "receipt",
        "request",
        "chain",
        "consent",
        "approver",
        "signature",
        "text",
    ]


async def test_a_refusal_of_a_real_ledger_verifies(
    database: Database,
    ledger: Ledger,
    sequencer: Sequencer,
    refused_story: list[Record],
    pins: Pins,
) -> None:
    """The caller's own facts, and the proof that they were recorded."""
    async with database.transaction() as tx:
        await ledger.record(tx, refused_story[0])
    await sequencer.run_once()

    verdict = verify_pack(await assemble(database, ledger, consent_id=None), pins)

    assert verdict.result is Result.VALID


async def test_the_check_replays_every_core(
    database: Database,
    ledger: Ledger,
    sequencer: Sequencer,
    story: list[Record],
    refused_story: list[Record],
    keys: Mapping[str, FileKey],
) -> None:
    """The whole ledger fits in itself; the use outside its consent's term is a named breach."""
    recorded = await tell(database, ledger, story, refused_story[0])
    await sequencer.run_once()
    trust = Trust(
        opening_keys=OPENING_KEYS,
        log_keys=(note_key(ORIGIN, keys["log"].key),),
        find_receipt_key={keys["receipt"].key.key_id: keys["receipt"].key}.get,
    )
    replay = Replay()

    async with database.transaction() as tx:
        violations = await check_ledger(tx, trust, visit=replay.see)

    assert violations == []
    assert [(one.event_id, one.detail) for one in replay.breaches] == [
        (recorded[3].event_id, "a use without a live consent: consent-expired"),
        (recorded[4].event_id, "report.delivered without an open intent"),
    ]
