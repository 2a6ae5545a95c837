"""A ledger on a database of its own, and records of a small story."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.model import (
    BankName,
    CallerRefused,
    ConsentApproved,
    ConsentEnded,
    EnterpriseName,
    EventKind,
    PersonName,
    Record,
    ReportIntended,
    RequestProof,
    Proofs,
)
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings

ORIGIN = "log.bank.example/creditbridge"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

BANK = BankName(bank_id="bnk_1", uscc="91330000000000001X", legal_name="Bank of the East Lake")
OTHER_BANK = BankName(bank_id="bnk_2", uscc="913300000000000028", legal_name="Second Bank")
ENTERPRISE = EnterpriseName(uscc="91330100000000003T", name="Tea and Silk Ltd")
PERSON = PersonName(person_id="prs_1", name="Li Example", role="LEGAL_REP")


class Samples:
    """Records of each shape, with what a test wants changed."""

    noon = NOON
    bank = BANK
    other_bank = OTHER_BANK
    enterprise = ENTERPRISE
    person = PERSON

    def refusal(self, *, bank: BankName = BANK) -> Record:
        """The smallest record: a bank and terms."""
        return Record(
            kind=EventKind.CALLER_REFUSED,
            rule="admit-caller",
            rule_version="1",
            terms=CallerRefused(client="cli_1", door="reports", code="token-unbound"),
            bank=bank,
        )

    def approval(self, *, consent_id: str = "cns_1", max_queries: int = 5) -> Record:
        """A consent given by a person."""
        return Record(
            kind=EventKind.CONSENT_APPROVED,
            rule="consent-transition",
            rule_version="1",
            terms=ConsentApproved(
                version=2,
                purposes=frozenset({"PRE_LOAN"}),
                sections=frozenset({"REG", "PEN"}),
                valid_from=NOON,
                valid_to=NOON + timedelta(days=30),
                max_queries=max_queries,
                clients=frozenset(),
                role="LEGAL_REP",
                artefact_digest="A" * 43,
                template_id="credit-report",
                template_version="1",
                text_digest="A" * 43,
            ),
            bank=BANK,
            enterprise=ENTERPRISE,
            consent_id=consent_id,
            person=PERSON,
            digests={"artefact": b"{}"},
            key_ids={"artefact": "consent-key"},
        )

    def intention(self, number: int = 1, *, consent_id: str = "cns_1") -> Record:
        """A use taken under a consent."""
        return Record(
            kind=EventKind.REPORT_INTENDED,
            rule="consent-coverage",
            rule_version="1",
            terms=ReportIntended(
                report_id=f"rpt_{number}",
                query_id=f"qry_{number}",
                client="cli_1",
                purpose="PRE_LOAN",
                asked=frozenset({"REG", "PEN", "LST"}),
                sections=frozenset({"REG", "PEN"}),
                consent_version=2,
                use_number=number,
                deadline_at=NOON + timedelta(seconds=10),
            ),
            bank=BANK,
            enterprise=ENTERPRISE,
            consent_id=consent_id,
            digests={"request": b"base"},
            request_id=f"rpt_{number}",
            proofs=Proofs(request=RequestProof(body=b"{}", base=b"base", signature=b"s" * 64)),
        )

    def withdrawal(self, *, consent_id: str = "cns_1") -> Record:
        """A consent taken back."""
        return Record(
            kind=EventKind.CONSENT_WITHDRAWN,
            rule="consent-transition",
            rule_version="1",
            terms=ConsentEnded(version=3, state="WITHDRAWN"),
            bank=BANK,
            enterprise=ENTERPRISE,
            consent_id=consent_id,
            person=PERSON,
        )


class House(msgspec.Struct, frozen=True, kw_only=True):
    """One node's ledger, with the keys that pins would name."""

    database: Database
    settings: LedgerSettings
    log_key: FileKey
    receipt_key: FileKey
    opening_keys: OpeningKeys
    ledger: Ledger
    sequencer: Sequencer

    def node(self, node_id: str) -> Ledger:
        """Another node over the same database."""
        return Ledger(
            self.settings,
            receipt_signer=self.receipt_key,
            opening_keys=self.opening_keys,
            node_id=node_id,
        )

    async def record(self, *records: Record) -> list[str]:
        """Record each in a transaction of its own; return the event ids."""
        event_ids: list[str] = []
        for record in records:
            async with self.database.transaction() as tx:
                event_ids.append((await self.ledger.record(tx, record)).event_id)
        return event_ids


@pytest.fixture(scope="session")
def samples() -> Samples:
    """Records to put into a ledger."""
    return Samples()


@pytest.fixture(scope="session")
def new_key() -> Callable[[], FileKey]:
    """Make an Ed25519 key."""

    def make() -> FileKey:
        private = Ed25519PrivateKey.generate()
        return FileKey(key=name_key(private.public_key()), private=private)

    return make


@pytest.fixture
def house(database: Database, new_key: Callable[[], FileKey]) -> House:
    """A ledger with fresh keys, the receipt's an ES256 one."""
    settings = LedgerSettings(origin=ORIGIN)
    log_key = new_key()
    private = generate_private_key(SECP256R1())
    receipt_key = FileKey(key=name_key(private.public_key()), private=private)
    opening_keys = OpeningKeys(current=name_opening_key(bytes(range(32))))
    return House(
        database=database,
        settings=settings,
        log_key=log_key,
        receipt_key=receipt_key,
        opening_keys=opening_keys,
        ledger=Ledger(
            settings, receipt_signer=receipt_key, opening_keys=opening_keys, node_id="nod_1"
        ),
        sequencer=Sequencer(database, settings, log_signer=log_key),
    )
