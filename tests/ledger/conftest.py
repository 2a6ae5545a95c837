"""A ledger on a database of its own, and records of a small story."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.checking import Trust
from creditbridge.ledger.model import (
    BankName,
    CallerRefused,
    ConsentApproved,
    ConsentEnded,
    ConsentRequested,
    EnterpriseName,
    EventKind,
    PersonEnrolled,
    PersonName,
    Proofs,
    Record,
    Recorded,
    ReportIntended,
    RequestProof,
)
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.protocols.signed_note import note_key

ORIGIN = "log.example/creditbridge"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BANK = BankName(bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="Example Bank")
ENTERPRISE = EnterpriseName(uscc="91330100YY0000A13Y", name="Example Works")
PERSON = PersonName(person_id="prs_1", name="Li Example", role="LEGAL_REP")

Sample: TypeAlias = Callable[[EventKind], Record]
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]
NewLedger: TypeAlias = Callable[[str], Ledger]


def make_log_key() -> FileKey:
    """Return a fresh Ed25519 key, as notes want it."""
    private = Ed25519PrivateKey.generate()
    return FileKey(key=name_key(private.public_key()), private=private)


def make_sample(kind: EventKind) -> Record:
    """Return a record of this kind, about the one bank, enterprise and consent."""
    about = Record(
        kind=kind,
        rule="rule",
        rule_version="1",
        terms=ConsentEnded(version=3, state="WITHDRAWN"),
        bank=BANK,
        enterprise=ENTERPRISE,
        consent_id="cns_1",
    )
    request = RequestProof(body=b"{}", base=b"base", signature=b"s" * 64, key_id="bank-key")
    match kind:
        case EventKind.CALLER_REFUSED:
            terms = CallerRefused(client="cli_1", door="reports", code="token-unbound")
            return replace(about, terms=terms, enterprise=None, consent_id=None)
        case EventKind.PERSON_ENROLLED:
            enrolled = PersonEnrolled(role="LEGAL_REP", issuer="https://id", proof_digest="p")
            return replace(about, terms=enrolled, bank=None, consent_id=None, person=PERSON)
        case EventKind.CONSENT_REQUESTED:
            return replace(
                about,
                terms=ConsentRequested(
                    version=1,
                    purposes=frozenset({"POST_LOAN"}),
                    sections=frozenset({"REG", "PEN"}),
                    valid_from=NOON,
                    valid_to=NOON + timedelta(days=30),
                    max_queries=5,
                    clients=frozenset(),
                    client="cli_1",
                    lapses_at=NOON,
                ),
                digests={"request": b"base"},
                proofs=Proofs(request=request),
            )
        case EventKind.CONSENT_APPROVED:
            approved = ConsentApproved(
                version=2,
                purposes=frozenset({"POST_LOAN"}),
                sections=frozenset({"REG", "PEN"}),
                valid_from=NOON,
                valid_to=NOON + timedelta(days=30),
                max_queries=5,
                clients=frozenset(),
                role="LEGAL_REP",
                artefact_digest="a",
                template_id="credit-report",
                template_version="1",
                text_digest="t",
            )
            return replace(about, terms=approved, person=PERSON, digests={"artefact": b"{}"})
        case EventKind.REPORT_INTENDED:
            intended = ReportIntended(
                report_id="rpt_1",
                query_id="qry_1",
                client="cli_1",
                purpose="POST_LOAN",
                asked=frozenset({"REG", "PEN", "LST"}),
                sections=frozenset({"REG", "PEN"}),
                consent_version=2,
                use_number=1,
                deadline_at=NOON,
            )
            return replace(
                about,
                terms=intended,
                request_id="rpt_1",
                digests={"request": b"base"},
                proofs=Proofs(request=request),
            )
        case _:
            return replace(about, person=PERSON)


@pytest.fixture
def sample() -> Sample:
    """Make a record of a kind."""
    return make_sample


@pytest.fixture
def story() -> list[Record]:
    """Enrolled, requested, approved, asked, turned away, withdrawn: six records."""
    return [
        make_sample(kind)
        for kind in (
            EventKind.PERSON_ENROLLED,
            EventKind.CONSENT_REQUESTED,
            EventKind.CONSENT_APPROVED,
            EventKind.REPORT_INTENDED,
            EventKind.CALLER_REFUSED,
            EventKind.CONSENT_WITHDRAWN,
        )
    ]


@pytest.fixture
def settings() -> LedgerSettings:
    """The log's name, and small batches."""
    return LedgerSettings(origin=ORIGIN, sequence_every_seconds=0.01, sequence_rows_max=1_000)


@pytest.fixture(scope="session")
def log_key() -> FileKey:
    """The key that signs checkpoints."""
    return make_log_key()


@pytest.fixture(scope="session")
def receipt_key() -> FileKey:
    """The key that signs receipts, an ES256 one."""
    private = generate_private_key(SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


@pytest.fixture(scope="session")
def opening_keys() -> OpeningKeys:
    """The key that openings are sealed under."""
    return OpeningKeys(current=name_opening_key(bytes(range(32))))


@pytest.fixture
def new_ledger(
    settings: LedgerSettings, receipt_key: FileKey, opening_keys: OpeningKeys
) -> NewLedger:
    """Make the ledger of a node."""

    def make(node_id: str) -> Ledger:
        return Ledger(
            settings, receipt_signer=receipt_key, opening_keys=opening_keys, node_id=node_id
        )

    return make


@pytest.fixture
def ledger(new_ledger: NewLedger) -> Ledger:
    """The ledger of the first node."""
    return new_ledger("nod_1")


@pytest.fixture
def sequencer(database: Database, settings: LedgerSettings, log_key: FileKey) -> Sequencer:
    """A sequencer over the test's database."""
    return Sequencer(database, settings, log_signer=log_key)


@pytest.fixture
def trust(opening_keys: OpeningKeys, log_key: FileKey, receipt_key: FileKey) -> Trust:
    """The keys that the check believes."""
    known = {receipt_key.key.key_id: receipt_key.key}
    return Trust(
        opening_keys=opening_keys,
        log_keys=(note_key(ORIGIN, log_key.key),),
        find_receipt_key=known.get,
    )


@pytest.fixture
def fill(database: Database, ledger: Ledger) -> Fill:
    """Record each record in a transaction of its own."""

    async def record_all(records: Sequence[Record]) -> list[Recorded]:
        recorded: list[Recorded] = []
        for record in records:
            async with database.transaction() as tx:
                recorded.append(await ledger.record(tx, record))
        return recorded

    return record_all
