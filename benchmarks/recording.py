"""The ledger's part, measured alone: one record in one transaction, on a database of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from msgspec.structs import replace

from benchmarks.accounting import read_cpu
from benchmarks.crew import postmaster_of
from benchmarks.parts import Part
from benchmarks.plan import Plan
from benchmarks.rounds import MICROSECONDS
from benchmarks.sides import DATABASE
from creditbridge.cli.demo.layout import Layout
from creditbridge.foundation.database import Database, open_database
from creditbridge.foundation.keys import load_file_key
from creditbridge.ledger.catalogue import DigestName
from creditbridge.ledger.model import (
    BankName,
    EnterpriseName,
    EventKind,
    HttpExchange,
    Proofs,
    Record,
    ReportDelivered,
    ReportIntended,
    RequestProof,
)
from creditbridge.ledger.sealing import OpeningKeys, load_opening_key
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.server.cluster import Cluster

DATABASE_NAME = "parts"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECTIONS = frozenset({"REG", "PEN", "LST", "EVA"})
BASE = b"a signature base of the usual size ".ljust(700, b".")
PROFILE = b"a sealed profile of the usual size ".ljust(6_000, b".")
SIGNATURE = bytes(64)
INTENDED = Record(
    kind=EventKind.REPORT_INTENDED,
    rule="consent-coverage",
    rule_version="1",
    terms=ReportIntended(
        report_id="rpt_1",
        query_id="qry_1",
        client="north-lending",
        purpose="PRE_LOAN_REVIEW",
        asked=SECTIONS,
        sections=SECTIONS,
        consent_version=2,
        use_number=1,
        deadline_at=NOON,
    ),
    bank=BankName(bank_id="bnk_1", uscc="91330100YY0000B1X5", legal_name="北岸银行（示例）"),
    enterprise=EnterpriseName(uscc="91330100YY0000A13Y", name="杭州澄砚智能装备（沙盒）有限公司"),
    consent_id="cns_1",
    digests={DigestName.REQUEST: BASE},
    request_id="rpt_1",
    proofs=Proofs(
        request=RequestProof(body=bytes(200), base=BASE, signature=SIGNATURE, key_id="bank")
    ),
)
DELIVERED = replace(
    INTENDED,
    kind=EventKind.REPORT_DELIVERED,
    rule="report-delivery",
    terms=ReportDelivered(
        report_id="rpt_1",
        profile_id="prf_1",
        intended="evt_1",
        query_id="qry_1",
        sections=SECTIONS,
        query_out_at=NOON,
        answer_in_at=NOON,
    ),
    digests={DigestName.QUERY: BASE, DigestName.ANSWER: BASE, DigestName.PROFILE: PROFILE},
    key_ids={"seal": "seal"},
    proofs=Proofs(
        exchanges=(
            HttpExchange(
                platform="provincial",
                query_id="qry_1",
                query_base=BASE,
                query_signature=SIGNATURE,
                query_key_id="message",
                grant=bytes(360),
                answer_base=BASE,
                answer_signature=SIGNATURE,
                answer_key_id="provincial-1",
            ),
        )
    ),
)


async def measure_recording(plan: Plan, layout: Layout, cluster: Cluster) -> list[Part]:
    """Return what a transaction costs that holds nothing, an intent's record, a delivery's."""
    connection = await asyncpg.connect(cluster.url)
    await connection.execute(f"CREATE DATABASE {DATABASE_NAME}")
    await connection.close()
    database = await open_database(cluster.url_of(DATABASE_NAME), connections_max=1)
    try:
        recorder = Recorder(database, layout, plan, cluster.folder)
        return [
            await recorder.measure("transaction of the caller's admission, empty", None),
            await recorder.measure("intent recorded, in its transaction", INTENDED),
            await recorder.measure("delivery recorded, in its transaction", DELIVERED),
        ]
    finally:
        await database.close()


class Recorder:
    """A ledger of its own, with the keys of the house."""

    def __init__(self, database: Database, layout: Layout, plan: Plan, folder: Path) -> None:
        keys = layout.pki / "gateway"
        self._database = database
        self._folder = folder
        self._repeats = plan.batches * plan.repeats
        self._ledger = Ledger(
            LedgerSettings(origin="ledger.creditbridge.example/parts"),
            receipt_signer=load_file_key(keys / "receipt.key"),
            opening_keys=OpeningKeys(current=load_opening_key(keys / "openings.secret")),
            node_id="nod_1",
        )

    async def measure(self, name: str, record: Record | None) -> Part:
        """Return what one such transaction costs here and in the database."""
        await self._write(record)
        with self._spent() as spent:
            for _ in range(self._repeats):
                await self._write(record)
        gateway, database = (MICROSECONDS * seconds / self._repeats for seconds in spent)
        return Part(name=name, gateway=gateway, database=database)

    async def _write(self, record: Record | None) -> None:
        async with self._database.transaction() as tx:
            if record is not None:
                await self._ledger.record(tx, record)

    @contextmanager
    def _spent(self) -> Iterator[list[float]]:
        spent = list[float]()
        roles = {DATABASE: (postmaster_of(self._folder),)}
        before, began = read_cpu(roles), time.process_time()
        yield spent
        spent.append(time.process_time() - began)
        spent.append(read_cpu(roles).since(before)[DATABASE])
