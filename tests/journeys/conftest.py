"""The real rooms on a real database, two banks brought in by two operators, and a fake platform."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec.structs import replace
from tests.journeys.signing import UNSIGNED
from tests.journeys.successions import follow_in
from typing_extensions import override

import creditbridge.access.service as access
from creditbridge.admission.limits import Limits
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.consents.acts import Approval, ConsentRequest
from creditbridge.consents.model import Asked, Consent
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.service import Consents
from creditbridge.endpoints.answers import ReportAnswers
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, DatabaseUnavailable, Transaction
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.sum_up_overruns import Overruns
from creditbridge.journeys.under_way import UnderWay
from creditbridge.ledger.encoding import from_base64url
from creditbridge.ledger.model import (
    Core,
    EventKind,
    Intent,
    IntentOutcome,
    Record,
    Recorded,
    RequestProof,
)
from creditbridge.ledger.rules import decode_core
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.ledger.store.openings import OpeningRow
from creditbridge.ledger.vault import Vault
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.service import Notices
from creditbridge.parties.acts import ApprovalAct, ProposalAct, SignedApproval, SignedProposal
from creditbridge.parties.model import (
    Bank,
    BankOnboarding,
    ChangeKind,
    ClientOnboarding,
    Enrolment,
    Operator,
    OperatorEnrolment,
    Role,
)
from creditbridge.parties.rules import digest_body, digest_change, message_of_act
from creditbridge.parties.service import enrol_person
from creditbridge.platforms.model import (
    HttpQueryProof,
    NamedRepresentative,
    PlatformAnswer,
    PlatformQuery,
    QueryState,
    SubjectAnswer,
)
from creditbridge.profile.codes import Assurance, Purpose, SectionCode
from creditbridge.profile.model import NoneSection, Source, SourceAnswer
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import PeerCertificate, SubjectKind, SubjectMatcher
from creditbridge.protocols.uscc import EntityCategory

SETTINGS = LedgerSettings(origin="log.example/creditbridge")
USCC = "91330100YY0000A13Y"
BANK_USCC = "91330104YY0000A13Q"
RIVAL_USCC = "91330106589876549K"
ENTERPRISE_NAME = "示例晴川机械有限公司"
DEADLINE_SECONDS = 10.0
# Each fault twice: it was not done, and it was done but nobody heard.
FAULTS = {"failed": False, "reply lost": True}
ALL_KINDS = "SELECT * FROM ledger_opened ORDER BY intake_no"


def make_key() -> FileKey:
    """Return a fresh ES256 key, named by its thumbprint."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


class FakePlatform:
    """Answers "no record" to everything; a test tells it how to fail, and what happens meanwhile.

    `failure` is raised in place of the answer, after `meanwhile`; `legal_rep` is whom the register
    names. `states` are what the platform
    says afterwards about a query, by default that it counted none; `silence` keeps it from saying.
    """

    def __init__(self) -> None:
        self.queries: list[PlatformQuery] = []
        self.found: list[str] = []
        self.failure: CreditbridgeError | None = None
        self.silence: CreditbridgeError | None = None
        self.states: dict[str, QueryState] = {}
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.legal_rep: NamedRepresentative | None = None

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        self.queries.append(query)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.failure is not None:
            raise self.failure
        answer = answer_to(query)
        return replace(answer, subject=replace(answer.subject, legal_rep=self.legal_rep))

    async def find_query(self, query_id: str) -> QueryState:
        self.found.append(query_id)
        if self.silence is not None:
            raise self.silence
        return self.states.get(query_id, QueryState.NOT_COUNTED)


def answer_to(query: PlatformQuery) -> PlatformAnswer:
    """Return "no record" for each section that was asked."""
    now = SystemClock().now()
    source = Source(
        platform="provincial",
        query_id=query.query_id,
        answered_at=now,
        assurance=Assurance.HIGH,
        answer_digest="1" * 64,
    )
    none = NoneSection(as_of=now, sources=("provincial",))
    proof = HttpQueryProof(
        platform="provincial",
        query_id=query.query_id,
        query_base=b"query",
        query_signature=b"q" * 64,
        query_key_id="message-1",
        grant=b"{}",
        answer_base=b"answer",
        answer_signature=b"a" * 64,
        answer_key_id="provincial-1",
        answer_body=b"{}",
    )
    return PlatformAnswer(
        answers=(SourceAnswer(source=source, sections=dict.fromkeys(query.sections, none)),),
        subject=SubjectAnswer(
            name=ENTERPRISE_NAME, uscc=query.uscc, category=EntityCategory.ENTERPRISE
        ),
        proofs=(proof,),
        query_out_at=now,
        answer_in_at=now,
    )


class FaultyLedger:
    """The ledger, whose statement for one kind of record fails: not done, or done and not told."""

    def __init__(self, ledger: Ledger, kind: EventKind, *, done: bool) -> None:
        self._ledger, self._kind, self._done = ledger, kind, done

    async def record(self, tx: Transaction, record: Record) -> Recorded:
        if record.kind is not self._kind:
            return await self._ledger.record(tx, record)
        if self._done:
            await self._ledger.record(tx, record)
        raise DatabaseUnavailable(detail="the test broke it")

    def put_off(self, tx: Transaction, record: Record) -> None:
        async def fail() -> None:
            await self.record(tx, record)

        if record.kind is self._kind:
            tx.put_off(fail)
        else:
            self._ledger.put_off(tx, record)

    async def open_intent(self, tx: Transaction, intent: Intent) -> None:
        await self._ledger.open_intent(tx, intent)

    async def close_intent(self, tx: Transaction, intent_id: str, outcome: IntentOutcome) -> bool:
        return await self._ledger.close_intent(tx, intent_id, outcome)

    async def await_silence(self, tx: Transaction, consent_id: str, withdrawn: Recorded) -> None:
        await self._ledger.await_silence(tx, consent_id, withdrawn)


class FaultyDatabase(Database):
    """A database whose n-th COMMIT, counted from 1, fails: not done, or done and not told."""

    def __init__(self, database: Database, *, number: int, done: bool) -> None:
        self._database, self._number, self._done = database, number, done
        self._begun = itertools.count(1)

    @asynccontextmanager
    @override
    async def transaction(
        self,
        *,
        commit_on: type[CreditbridgeError] | tuple[type[CreditbridgeError], ...] = (),
        reads_now: bool = True,
    ) -> AsyncGenerator[Transaction]:
        """Open a transaction that ends as the test wants it."""
        fails = next(self._begun) == self._number
        async with self._database.transaction(commit_on=commit_on, reads_now=reads_now) as tx:
            yield tx
            if fails and not self._done:
                raise DatabaseUnavailable(detail="the test broke it")
        if fails:
            raise DatabaseUnavailable(detail="the test lost the answer")


class Onboarded(msgspec.Struct, frozen=True, kw_only=True):
    """A bank with the key that its first client signs with; its second need not sign."""

    bank: Bank
    key: FileKey
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House:
    """The rooms and journeys of one node, its lease alive, over a database of its own."""

    def __init__(self, database: Database) -> None:
        private = ed25519.Ed25519PrivateKey.generate()
        log_key = FileKey(key=name_key(private.public_key()), private=private)
        self.database = database
        self.clock = SystemClock()
        self.receipt_key, self.seal_key, self.consent_key = make_key(), make_key(), make_key()
        self.opening_keys = OpeningKeys(current=name_opening_key(bytes(range(32))))
        self.ledger = self.new_ledger("nod_1")
        self.sequencer = Sequencer(database, SETTINGS, log_signer=log_key)
        self.admission = Admission(AdmissionSettings(), Sealer(bytes(range(32))))
        self.consents = Consents(Ceilings(), self.consent_key)
        self.notices = Notices(AddressSealer(bytes(range(32))))
        self.platform = FakePlatform()
        self.under_way = UnderWay()
        self.deliver = self.new_delivery()
        # No quotas: what they are about is in files of their own.
        self.overruns = Overruns()
        self.limit_client = LimitClient(limits=Limits(database, ()), overruns=self.overruns)

    def new_ledger(self, node_id: str) -> Ledger:
        """Return the ledger of a node."""
        return Ledger(
            SETTINGS,
            receipt_signer=self.receipt_key,
            opening_keys=self.opening_keys,
            node_id=node_id,
        )

    def new_delivery(
        self, *, database: Database | None = None, ledger: FaultyLedger | None = None
    ) -> DeliverReport:
        """Return the journey of a report, with one room put in the place of another."""
        return DeliverReport(
            database=database or self.database,
            admission=self.admission,
            consents=self.consents,
            platforms=self.platform,
            ledger=ledger or self.ledger,
            answers=ReportAnswers(),
            signer=self.seal_key,
            clock=self.clock,
            deadline_seconds=DEADLINE_SECONDS,
            under_way=self.under_way,
            register=follow_in(self, ledger=ledger, database=database),
        )

    def new_settling(self, node_id: str) -> SettleIntents:
        """Return the settling journey of a node."""
        return SettleIntents(
            database=self.database,
            ledger=self.new_ledger(node_id),
            platforms=self.platform,
            consents=self.consents,
            admission=self.admission,
            answers=ReportAnswers(),
        )

    def faulty_ledger(self, kind: EventKind, fault: str) -> FaultyLedger:
        """Return the ledger, whose statement for one kind has this of `FAULTS`."""
        return FaultyLedger(self.ledger, kind, done=FAULTS[fault])

    def faulty_database(self, number: int, fault: str) -> FaultyDatabase:
        """Return the database, whose n-th commit has this of `FAULTS`."""
        return FaultyDatabase(self.database, number=number, done=FAULTS[fault])

    async def renew_lease(self) -> None:
        """Renew the lease of the first node."""
        async with self.database.transaction() as tx:
            await self.ledger.renew_lease(tx)

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        async with self.database.transaction() as tx:
            later = tx.now + time
        await self.database.raise_floor(later)

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds, oldest first; of kinds with these first words."""
        vault = Vault(keys=self.opening_keys)
        async with self.database.transaction() as tx:
            rows = await tx.fetch_rows(OpeningRow, ALL_KINDS)
        cores = [decode_core(from_base64url(vault.unlock(row).opening.core)) for row in rows]
        return [core for core in cores if not words or core.kind.partition(".")[0] in words]

    async def read_used(self, consent: Consent) -> int:
        """Return how many uses of a consent are taken."""
        async with self.database.transaction() as tx:
            return (await self.consents.get_consent(tx, consent.consent_id)).used

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return a machine of a bank that was admitted, its first or second client."""
        return Caller(
            client_id=onboarded.client_ids[client],
            bank=onboarded.bank,
            request=RequestProof(body=body),
        )


@pytest.fixture
async def house(database: Database) -> House:
    """The house, on this test's database."""
    house = House(database)
    await house.renew_lease()
    return house


@pytest.fixture(scope="session")
def operator_keys() -> tuple[FileKey, FileKey]:
    """The keys of the two operators."""
    return make_key(), make_key()


@pytest.fixture
async def operators(
    house: House, operator_keys: tuple[FileKey, FileKey]
) -> tuple[Operator, Operator]:
    """The two persons who opened the house."""
    first, second = (
        OperatorEnrolment(person_name=name, key=key.key)
        for name, key in zip(("Chen Example", "Zhao Example"), operator_keys, strict=True)
    )
    return await OpenHouse(database=house.database, ledger=house.ledger)((first, second))


@pytest.fixture
def propose(
    operators: tuple[Operator, Operator], operator_keys: tuple[FileKey, FileKey]
) -> Callable[[bytes], SignedProposal]:
    """Signs a proposal as the first operator."""

    def sign(body: bytes) -> SignedProposal:
        act = ProposalAct(
            operator_id=operators[0].operator_id,
            kind=ChangeKind.BANK_ONBOARDING,
            body_digest=digest_body(body),
            acted_at=SystemClock().now(),
        )
        signature = operator_keys[0].sign(message_of_act(act))
        return SignedProposal(act=act, body=body, signature=signature)

    return sign


@pytest.fixture
def decide(
    house: House,
    operators: tuple[Operator, Operator],
    operator_keys: tuple[FileKey, FileKey],
    propose: Callable[[bytes], SignedProposal],
) -> Callable[[bytes], Awaitable[Bank]]:
    """Brings a bank in with four eyes, from the body of the change."""
    journey = DecideChange(
        database=house.database,
        access=access,
        policies=house.consents.policies,
        passkeys=UNSIGNED.passkeys,
        notices=house.notices,
        ledger=house.ledger,
    )

    async def bring_in(body: bytes) -> Bank:
        change = await journey.propose(propose(body))
        act = ApprovalAct(
            operator_id=operators[1].operator_id,
            change_id=change.change_id,
            change_digest=digest_change(change),
            acted_at=SystemClock().now(),
        )
        signature = operator_keys[1].sign(message_of_act(act))
        return (await journey.approve(SignedApproval(act=act, signature=signature))).bank

    return bring_in


@pytest.fixture
async def onboard(
    decide: Callable[[bytes], Awaitable[Bank]],
) -> Callable[[str, str], Awaitable[Onboarded]]:
    """Brings a bank in: `<name>-core` must sign, `<name>-branch` need not."""

    async def bring_in(name: str, uscc: str) -> Onboarded:
        key, hosts = make_key(), (f"core.{name}.example", f"branch.{name}.example")
        clients = tuple(
            ClientOnboarding(
                client_id=client_id,
                matcher=SubjectMatcher(kind=SubjectKind.SAN_DNS, value=host),
                scopes=("consents", "reports"),
                requires_signature=bool(keys),
                keys=keys,
                grant_types=("client_credentials", "authorization_code"),
                redirect_uris=(f"https://{host}/callback",),
            )
            for client_id, host, keys in (
                (f"{name}-core", hosts[0], (key.key.to_jwk(),)),
                (f"{name}-branch", hosts[1], ()),
            )
        )
        onboarding = BankOnboarding(uscc=uscc, legal_name=f"{name} bank", clients=clients)
        bank = await decide(canonicalize(msgspec.to_builtins(onboarding)))
        ids = (clients[0].client_id, clients[1].client_id)
        return Onboarded(bank=bank, key=key, hosts=hosts, client_ids=ids)

    return bring_in


@pytest.fixture
async def north(onboard: Callable[[str, str], Awaitable[Onboarded]]) -> Onboarded:
    """The bank that asks."""
    return await onboard("north", BANK_USCC)


@pytest.fixture
async def south(onboard: Callable[[str, str], Awaitable[Onboarded]]) -> Onboarded:
    """Another bank."""
    return await onboard("south", RIVAL_USCC)


@pytest.fixture(scope="session")
def der() -> bytes:
    """The bytes of some client's certificate."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "some client")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now,
        not_valid_after=now,
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def certify(der: bytes) -> Callable[..., PeerCertificate]:
    """Makes a client certificate as TLS hands it over: each number is another key of that host."""

    def make(host: str, *, number: int = 1, days: tuple[int, int] = (-1, 30)) -> PeerCertificate:
        now = SystemClock().now()
        return PeerCertificate(
            der=der,
            thumbprint=f"{number:043}",
            subject=f"CN={host}",
            san_dns=(host,),
            san_uri=(),
            san_ip=(),
            san_email=(),
            not_before=now + timedelta(days=days[0]),
            not_after=now + timedelta(days=days[1]),
            extended_key_usages=frozenset({ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string}),
            serial=number,
        )

    return make


class FakeRevocations:
    """The revocation lists: `refusal` is what they say of every certificate, nothing by default."""

    def __init__(self) -> None:
        self.refusal: CreditbridgeError | None = None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        if self.refusal is not None:
            raise self.refusal


@pytest.fixture
def revocations() -> FakeRevocations:
    """What the client authorities took back."""
    return FakeRevocations()


@pytest.fixture
async def person_id(database: Database) -> str:
    """The legal representative of the enterprise."""
    enrolment = Enrolment(
        issuer="https://id.example",
        subject="sub-1",
        person_key=bytes([1] * 32),
        name="张示例",
        uscc=USCC,
        enterprise_name=ENTERPRISE_NAME,
        role=Role.LEGAL_REP,
        proof_digest=bytes(32),
    )
    async with database.transaction() as tx:
        representative, _ = await enrol_person(tx, enrolment)
    return representative.person_id


@pytest.fixture
def consent_request(north: Onboarded) -> Callable[..., ConsentRequest]:
    """Makes what the bank asks: REG and PEN before lending, three looks within thirty days."""
    numbers = itertools.count(1)

    def make(
        *,
        queries: int = 3,
        seconds: float = 30 * 86_400,
        clients: Iterable[str] = (),
        sections: Iterable[SectionCode] = (SectionCode.REG, SectionCode.PEN),
        **more: object,
    ) -> ConsentRequest:
        asked = ConsentRequest(
            bank_id=north.bank.bank_id,
            bank_uscc=north.bank.uscc,
            bank_name=north.bank.legal_name,
            uscc=USCC,
            name=ENTERPRISE_NAME,
            authorization_no=f"SQ-{next(numbers)}",
            purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
            sections=frozenset(sections),
            valid_to=SystemClock().now() + timedelta(seconds=seconds),
            max_queries=queries,
            clients=frozenset(clients),
        )
        return replace(asked, **more)

    return make


@pytest.fixture
def approval(person_id: str) -> Callable[[Consent], Approval]:
    """Makes the representative's yes to a request."""

    def make(consent: Consent) -> Approval:
        return Approval(
            consent_id=consent.consent_id,
            version=consent.version,
            uscc=USCC,
            person_id=person_id,
            role=Role.LEGAL_REP,
            template_id="portal-decision",
            template_version="1",
            text_digest=bytes(32),
        )

    return make


@pytest.fixture
def lodge(
    house: House, north: Onboarded, consent_request: Callable[..., ConsentRequest]
) -> Callable[..., Awaitable[Consent]]:
    """Lodges a request for a consent, as the bank."""
    journey = RequestConsent(
        database=house.database, consents=house.consents, ledger=house.ledger, notices=house.notices
    )

    async def ask(**terms: object) -> Consent:
        return await journey(house.call(north), consent_request(**terms))

    return ask


@pytest.fixture
def give(
    house: House,
    lodge: Callable[..., Awaitable[Consent]],
    approval: Callable[[Consent], Approval],
) -> Callable[..., Awaitable[Consent]]:
    """Lodges a request as the bank and says yes to it as the representative."""
    journey = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )

    async def ask_and_agree(**terms: object) -> Consent:
        return await journey.approve(approval(await lodge(**terms)))

    return ask_and_agree


@pytest.fixture
async def consent(give: Callable[..., Awaitable[Consent]]) -> Consent:
    """A live consent to three looks."""
    return await give()


@pytest.fixture
def ask(house: House, north: Onboarded) -> Callable[..., ReportRequest]:
    """Makes what the bank's first client asks under a consent; `changed` are members of Asked."""

    def make(
        consent: Consent,
        *,
        key: str = "key-1",
        body: bytes = b"{}",
        caller: Caller | None = None,
        business_id: str | None = None,
        **changed: object,
    ) -> ReportRequest:
        caller = caller or house.call(north, body=body)
        asked = Asked(
            bank_id=caller.bank.bank_id,
            client_id=caller.client_id,
            uscc=USCC,
            consent_id=consent.consent_id,
            purpose=Purpose.PRE_LOAN_REVIEW,
            sections=frozenset({SectionCode.REG}),
        )
        return ReportRequest(
            caller=caller,
            asked=replace(asked, **changed),
            idempotency_key=key,
            fingerprint=(body * 32)[:32],
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            received_at=house.clock.now(),
            business_id=business_id,
        )

    return make
