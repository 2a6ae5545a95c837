"""Banks' clients come, change and end by four eyes; one operator suspends, two let in again."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.journeys.fetching import no_fetch
from tests.journeys.signing import QUIET, UNSIGNED

import creditbridge.access.service as access
import creditbridge.parties.service as parties
from creditbridge.access.model import (
    ClientRequest,
    Credential,
    InvalidClient,
    InvalidDpopProof,
    OAuthError,
    PresentedToken,
    Token,
    TokenInvalid,
)
from creditbridge.admission.service import Admission
from creditbridge.consents.policy import NOTICE
from creditbridge.consents.service import Consents
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import (
    Database,
    DatabaseUnavailable,
    Transaction,
    open_database,
)
from creditbridge.foundation.errors import CreditbridgeError, SignatureInvalid
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.records.registry import RECORDS, Outcome
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.suspend_bank import SuspendBank
from creditbridge.ledger.model import Core, EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.terms.consents import PolicyChanged
from creditbridge.ledger.terms.registry import (
    BankLicensed,
    BankResumed,
    BankSuspended,
    ClientCertificateChanged,
    ClientConstraintChanged,
    ClientEnded,
    ClientKeysChanged,
    ClientRedirectsChanged,
    ClientRegistered,
)
from creditbridge.parties.acts import (
    ApprovalAct,
    ProposalAct,
    SignedApproval,
    SignedProposal,
    SignedSuspension,
    SuspensionAct,
)
from creditbridge.parties.changes.bank_licence import LicenceUnchanged
from creditbridge.parties.changes.bank_resumption import BankActive
from creditbridge.parties.changes.client_constraint import ConstraintUnchanged
from creditbridge.parties.changes.client_keys import KeysMiscounted, KeyUnknown
from creditbridge.parties.changes.client_redirects import RedirectsUnused
from creditbridge.parties.changes.standing import BankUnknown, ClientUnknown
from creditbridge.parties.model import Bank, Change, ChangeKind, Operator, Standing
from creditbridge.parties.onboarding import OnboardingClash
from creditbridge.parties.rules import (
    ActStale,
    ChangeAltered,
    ChangeDecided,
    SameOperator,
    digest_body,
    digest_change,
    message_of_act,
)
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.certificate_binding import PeerCertificate

Keys: TypeAlias = tuple[FileKey, FileKey]
UNKNOWN_BANK = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"
NEW_HOST = "renamed.north.example"


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    key: FileKey
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    admission: Admission
    consents: Consents
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


def make_key() -> FileKey:
    """Return a fresh ES256 key, named by its thumbprint."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


class Desk:
    """The two operators at work, and a bank's machines at the door."""

    def __init__(
        self,
        house: House,
        operators: tuple[Operator, Operator],
        keys: Keys,
        revocations: Revocations,
    ) -> None:
        self.house = house
        self.operators = operators
        self.keys = keys
        self.journey = DecideChange(
            database=house.database,
            access=access,
            policies=house.consents.policies,
            passkeys=UNSIGNED.passkeys,
            notices=QUIET,
            ledger=house.ledger,
        )
        self.suspend_bank = SuspendBank(database=house.database, access=access, ledger=house.ledger)
        self.issue = IssueToken(
            prove_client=ProveClient(
                fetch_keys=no_fetch,
                database=house.database,
                access=access,
                admission=house.admission,
                ledger=house.ledger,
                strangers=Strangers(),
                revocations=revocations,
                limit_client=house.limit_client,
            ),
            access=access,
            consents=house.consents,
            admission=house.admission,
            ledger=house.ledger,
            together=SharedTransactions(house.database, commit_on=OAuthError),
        )

    def sign_proposal(self, kind: ChangeKind, body: JsonValue) -> SignedProposal:
        """Sign a proposal as the first operator."""
        raw = canonicalize(body)
        act = ProposalAct(
            operator_id=self.operators[0].operator_id,
            kind=kind,
            body_digest=digest_body(raw),
            acted_at=SystemClock().now(),
        )
        signature = self.keys[0].sign(message_of_act(act))
        return SignedProposal(act=act, body=raw, signature=signature)

    def sign_approval(self, change: Change, *, by: int = 1) -> SignedApproval:
        """Sign an approval as one of the two."""
        act = ApprovalAct(
            operator_id=self.operators[by].operator_id,
            change_id=change.change_id,
            change_digest=digest_change(change),
            acted_at=SystemClock().now(),
        )
        return SignedApproval(act=act, signature=self.keys[by].sign(message_of_act(act)))

    def sign_suspension(
        self, bank_id: str, *, by: int = 0, key: int | None = None, age: int = 0
    ) -> SignedSuspension:
        """Sign a suspension as one of the two, so many seconds ago."""
        act = SuspensionAct(
            operator_id=self.operators[by].operator_id,
            bank_id=bank_id,
            acted_at=SystemClock().now() - timedelta(seconds=age),
        )
        signer = self.keys[by if key is None else key]
        return SignedSuspension(act=act, signature=signer.sign(message_of_act(act)))

    async def propose(self, kind: ChangeKind, body: JsonValue) -> Change:
        """Propose a change as the first operator."""
        return await self.journey.propose(self.sign_proposal(kind, body))

    async def decide(self, kind: ChangeKind, body: JsonValue) -> None:
        """Propose as the first, approve as the second."""
        change = await self.propose(kind, body)
        await self.journey.approve(self.sign_approval(change))

    async def use_token(self, tx: Transaction, secret: str, certificate: PeerCertificate) -> Token:
        """Use a token over a connection."""
        presented = PresentedToken(
            credential=Credential(scheme="bearer", secret=secret),
            certificate=certificate,
            proofs=(),
            method="GET",
            target_uri="https://bank.example/v1/consents",
        )
        return await access.get_token(tx, presented, self.house.admission)

    async def get_token(self, client_id: str, certificate: PeerCertificate) -> str:
        """Get a token for a client over a connection."""
        form = {"grant_type": "client_credentials", "client_id": client_id}
        return (await self.issue(ClientRequest(form=form, certificate=certificate))).secret

    async def find_keys(self, client_id: str) -> set[str]:
        """Return the ids of the keys that verify a client's messages now."""
        async with self.house.database.transaction() as tx:
            return {key.key_id for key in (await parties.get_client(tx, client_id)).keys}


@pytest.fixture
def desk(
    house: House,
    operators: tuple[Operator, Operator],
    operator_keys: Keys,
    revocations: Revocations,
) -> Desk:
    """The operators' desk."""
    return Desk(house, operators, operator_keys, revocations)


Certify: TypeAlias = Callable[..., PeerCertificate]
Body: TypeAlias = Callable[[Onboarded], JsonValue]


def third(north: Onboarded, **changed: JsonValue) -> dict[str, JsonValue]:
    """Return the registration of a third client of a bank."""
    client: dict[str, JsonValue] = {
        "client_id": "north-third",
        "matcher": {"kind": "san_dns", "value": "third.north.example"},
        "scopes": ["reports"],
        "requires_signature": False,
        "keys": [],
        **changed,
    }
    return {"bank_id": north.bank.bank_id, "client": client}


def keys_of(
    north: Onboarded, *, add: tuple[FileKey, ...] = (), end: bool = False, overlap: int = 60
) -> dict[str, JsonValue]:
    """Return a change of the first client's keys."""
    return {
        "client_id": north.client_ids[0],
        "add": [dict[str, JsonValue](key.key.to_jwk()) for key in add],
        "end": [north.key.key.key_id] if end else [],
        "overlap_seconds": overlap,
    }


def renamed(north: Onboarded) -> dict[str, JsonValue]:
    """Return a change of the first client's subject."""
    matcher: JsonValue = {"kind": "san_dns", "value": NEW_HOST}
    return {"client_id": north.client_ids[0], "matcher": matcher}


def rebound(north: Onboarded, *, to: str = "DPOP") -> dict[str, JsonValue]:
    """Return a change of what the first client's tokens are bound to."""
    return {"client_id": north.client_ids[0], "sender_constraint": to}


def redirected(north: Onboarded) -> dict[str, JsonValue]:
    """Return a change of the first client's redirect URIs."""
    redirect_uris: JsonValue = ["https://new.example/callback"]
    return {"client_id": north.client_ids[0], "redirect_uris": redirect_uris}


def licensed(north: Onboarded) -> dict[str, JsonValue]:
    """Return a change of what the bank is licensed for."""
    licence: JsonValue = {"purposes": ["POST_LOAN"], "sections": ["REG", "PEN"]}
    return {"bank_id": north.bank.bank_id, "licence": licence}


KINDS: dict[ChangeKind, Body] = {
    ChangeKind.BANK_LICENCE: licensed,
    ChangeKind.CLIENT_REGISTRATION: third,
    ChangeKind.CLIENT_KEYS: lambda north: keys_of(north, add=(make_key(),), end=True),
    ChangeKind.CLIENT_CERTIFICATE: renamed,
    ChangeKind.CLIENT_CONSTRAINT: rebound,
    ChangeKind.CLIENT_REDIRECTS: redirected,
    ChangeKind.CLIENT_ENDING: lambda north: {"client_id": north.client_ids[0]},
}


async def test_another_client_comes_in(desk: Desk, north: Onboarded, certify: Certify) -> None:
    """It gets its own token, beside those of the bank that it belongs to."""
    key = make_key()
    jwk = dict[str, JsonValue](key.key.to_jwk())
    await desk.decide(ChangeKind.CLIENT_REGISTRATION, third(north, keys=[jwk]))

    await desk.get_token("north-third", certify("third.north.example"))

    (record,) = await desk.house.told("client")
    assert record.kind == "client.registered"
    assert isinstance(record.terms, ClientRegistered)
    assert record.terms.client == "north-third"
    assert record.terms.keys == {key.key.key_id}
    assert record.terms.scope == {"reports"}


async def test_an_ended_key_verifies_throughout_the_overlap(
    desk: Desk, north: Onboarded, house: House
) -> None:
    """Old and new beside each other for a minute, then the new one alone; pins keep both."""
    new, old = make_key(), north.key.key.key_id
    await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=(new,), end=True))

    assert await desk.find_keys(north.client_ids[0]) == {old, new.key.key_id}
    (record,) = await house.told("client")
    assert isinstance(record.terms, ClientKeysChanged)
    assert record.terms.added == {new.key.key_id}
    assert record.terms.ended == {old}
    assert record.terms.ends_at is not None
    await house.database.raise_floor(record.terms.ends_at)
    assert await desk.find_keys(north.client_ids[0]) == {new.key.key_id}
    async with house.database.transaction() as tx:
        pinned = await parties.list_message_keys(tx, north.bank.bank_id)
    assert {key.key_id for key in pinned} == {old, new.key.key_id}


async def test_a_lost_key_ends_at_once_and_never_comes_back(desk: Desk, north: Onboarded) -> None:
    """Without overlap; to add it again, or end it again, is refused."""
    new = make_key()
    await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=(new,), end=True, overlap=0))

    assert await desk.find_keys(north.client_ids[0]) == {new.key.key_id}
    with pytest.raises(OnboardingClash):
        await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=(north.key,)))
    with pytest.raises(KeyUnknown):
        await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, end=True))


async def test_an_overlap_is_shortened_and_never_lengthened(desk: Desk, north: Onboarded) -> None:
    """A key on its way out may be ended at once; a later end than the first does not count."""
    old = north.key.key.key_id
    await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=(make_key(),), end=True))
    await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, end=True, overlap=86_400))
    async with desk.house.database.transaction() as tx:
        (found,) = (
            key
            for registration in await parties.list_clients(tx, north.bank.bank_id)
            for key in registration.keys
            if key.key_id == old
        )
        later = tx.now + timedelta(seconds=60)
    assert found.ends_at is not None
    assert found.ends_at <= later

    await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, end=True, overlap=0))

    assert old not in await desk.find_keys(north.client_ids[0])


async def test_a_client_that_signs_keeps_a_key(desk: Desk, north: Onboarded) -> None:
    """Its only key cannot end without another; and nine live ones are one too many."""
    with pytest.raises(KeysMiscounted):
        await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, end=True))
    with pytest.raises(KeysMiscounted):
        more = tuple(make_key() for _ in range(8))
        await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=more))


async def test_A6_another_subject_counts_and_the_earlier_one_no_more(
    desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """The old certificate gets no token, its live token opens nothing, the new one is in."""
    client_id, old = north.client_ids[0], certify(north.hosts[0])
    token = await desk.get_token(client_id, old)
    sister = await desk.get_token(north.client_ids[1], certify(north.hosts[1]))

    await desk.decide(ChangeKind.CLIENT_CERTIFICATE, renamed(north))

    with pytest.raises(InvalidClient):
        await desk.get_token(client_id, old)
    async with house.database.transaction() as tx:
        with pytest.raises(TokenInvalid):
            await desk.use_token(tx, token, old)
        await desk.use_token(tx, sister, certify(north.hosts[1]))
    await desk.get_token(client_id, certify(NEW_HOST))
    (record,) = await house.told("client")
    assert isinstance(record.terms, ClientCertificateChanged)
    assert record.terms.tokens_revoked == 1


async def test_G2_tokens_that_were_bound_in_the_other_way_end(
    desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """Without a proof of a key there is no other one; changed back, there is."""
    client_id, certificate = north.client_ids[0], certify(north.hosts[0])
    token = await desk.get_token(client_id, certificate)

    await desk.decide(ChangeKind.CLIENT_CONSTRAINT, rebound(north))

    with pytest.raises(InvalidDpopProof):
        await desk.get_token(client_id, certificate)
    async with house.database.transaction() as tx:
        with pytest.raises(TokenInvalid):
            await desk.use_token(tx, token, certificate)
    (record,) = await house.told("client")
    assert isinstance(record.terms, ClientConstraintChanged)
    assert (record.terms.sender_constraint, record.terms.tokens_revoked) == ("DPOP", 1)
    await desk.decide(ChangeKind.CLIENT_CONSTRAINT, rebound(north, to="MTLS"))
    await desk.get_token(client_id, certificate)


async def test_what_tokens_are_bound_to_already_is_no_change(desk: Desk, north: Onboarded) -> None:
    """Two people would have signed for nothing, and the client would lose its tokens."""
    with pytest.raises(ConstraintUnchanged):
        await desk.decide(ChangeKind.CLIENT_CONSTRAINT, rebound(north, to="MTLS"))


async def test_P3_other_redirect_uris_count_and_the_earlier_ones_no_more(
    desk: Desk, north: Onboarded, house: House
) -> None:
    """For a client that asks people; to one that asks nobody an address is of no use."""
    await desk.decide(ChangeKind.CLIENT_REDIRECTS, redirected(north))

    async with house.database.transaction() as tx:
        registration = await parties.get_client(tx, north.client_ids[0])
    assert registration.client.redirect_uris == {"https://new.example/callback"}
    (record,) = await house.told("client")
    assert isinstance(record.terms, ClientRedirectsChanged)
    assert record.terms.redirect_uris == {"https://new.example/callback"}
    await desk.decide(ChangeKind.CLIENT_REGISTRATION, third(north))
    with pytest.raises(RedirectsUnused):
        body = {**redirected(north), "client_id": "north-third"}
        await desk.decide(ChangeKind.CLIENT_REDIRECTS, body)


async def test_R4_a_licence_is_recorded_and_taken_away_again(
    desk: Desk, north: Onboarded, house: House
) -> None:
    """With what it names; the same licence once more is no change."""
    body = licensed(north)
    await desk.decide(ChangeKind.BANK_LICENCE, body)
    with pytest.raises(LicenceUnchanged):
        await desk.decide(ChangeKind.BANK_LICENCE, body)

    await desk.decide(ChangeKind.BANK_LICENCE, {**body, "licence": None})

    given, taken = (record.terms for record in (await house.told("bank"))[1:])
    assert isinstance(given, BankLicensed)
    assert (given.purposes, given.sections) == (
        frozenset({"POST_LOAN"}),
        frozenset({"PEN", "REG"}),
    )
    assert isinstance(taken, BankLicensed)
    assert (taken.purposes, taken.sections) == (None, None)


async def test_an_ended_client_is_unknown_for_good(
    desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """Its token ends with it; no change finds it, and nobody gets its id, subject or key."""
    client_id, certificate = north.client_ids[0], certify(north.hosts[0])
    token = await desk.get_token(client_id, certificate)

    await desk.decide(ChangeKind.CLIENT_ENDING, {"client_id": client_id})

    with pytest.raises(InvalidClient):
        await desk.get_token(client_id, certificate)
    async with house.database.transaction() as tx:
        with pytest.raises(TokenInvalid):
            await desk.use_token(tx, token, certificate)
        registrations = await parties.list_clients(tx, north.bank.bank_id)
    assert [one.client.state for one in registrations] == [Standing.ACTIVE, Standing.ENDED]
    (record,) = await house.told("client")
    assert isinstance(record.terms, ClientEnded)
    assert record.terms.keys == {north.key.key.key_id}
    assert record.terms.tokens_revoked == 1
    for kind in (ChangeKind.CLIENT_KEYS, ChangeKind.CLIENT_CERTIFICATE, ChangeKind.CLIENT_ENDING):
        with pytest.raises(ClientUnknown):
            await desk.decide(kind, KINDS[kind](north))
    jwk, host = dict[str, JsonValue](north.key.key.to_jwk()), north.hosts[0]
    taken: list[dict[str, JsonValue]] = [
        {"client_id": client_id},
        {"matcher": {"kind": "san_dns", "value": host}},
        {"keys": [jwk]},
    ]
    for changed in taken:
        with pytest.raises(OnboardingClash):
            await desk.decide(ChangeKind.CLIENT_REGISTRATION, third(north, **changed))


async def test_a_client_takes_nothing_of_another_banks(
    desk: Desk, north: Onboarded, south: Onboarded
) -> None:
    """Neither its subject nor its key, and no bank that is none."""
    theirs: JsonValue = {"kind": "san_dns", "value": south.hosts[0]}
    change: dict[str, JsonValue] = {"client_id": north.client_ids[0], "matcher": theirs}
    with pytest.raises(OnboardingClash):
        await desk.decide(ChangeKind.CLIENT_CERTIFICATE, change)
    with pytest.raises(OnboardingClash):
        await desk.decide(ChangeKind.CLIENT_KEYS, keys_of(north, add=(south.key,)))
    with pytest.raises(BankUnknown):
        registration = {**third(north), "bank_id": UNKNOWN_BANK}
        await desk.decide(ChangeKind.CLIENT_REGISTRATION, registration)
    with pytest.raises(ClientUnknown):
        await desk.decide(ChangeKind.CLIENT_ENDING, {"client_id": "no\x00body"})


@pytest.mark.parametrize("kind", KINDS)
async def test_promise_25_nobody_changes_a_client_alone(
    kind: ChangeKind, desk: Desk, north: Onboarded, house: House
) -> None:
    """The proposer's own approval is refused, and nothing is in force."""
    change = await desk.propose(kind, KINDS[kind](north))

    with pytest.raises(SameOperator):
        await desk.journey.approve(desk.sign_approval(change, by=0))

    assert await house.told("client") == []


@pytest.mark.parametrize("kind", KINDS)
async def test_promise_25_an_edited_change_needs_a_new_approval(
    kind: ChangeKind, desk: Desk, north: Onboarded, house: House
) -> None:
    """Whoever owns the database edits body or kind after it was read: the approval is for none."""
    body = KINDS[kind](north)
    edits = (
        "UPDATE parties_changes SET body = body || ' ' WHERE change_id = $1",
        "UPDATE parties_changes SET kind = 'BANK_RESUMPTION' WHERE change_id = $1",
    )
    for edit in edits:
        change = await desk.propose(kind, body)
        approval = desk.sign_approval(change)
        async with house.database.transaction() as tx:
            await tx.execute(edit, change.change_id)
        with pytest.raises(ChangeAltered):
            await desk.journey.approve(approval)

    assert await house.told("client") == []


@pytest.mark.parametrize("kind", KINDS)
async def test_promise_25_a_change_takes_effect_once(
    kind: ChangeKind, desk: Desk, north: Onboarded, house: House, database_url: str
) -> None:
    """Of six approvals at once on two nodes one counts, and one record says so."""
    other = await open_database(database_url, connections_max=4)
    there = DecideChange(
        database=other,
        access=access,
        policies=house.consents.policies,
        passkeys=UNSIGNED.passkeys,
        notices=QUIET,
        ledger=house.ledger,
    )
    change = await desk.propose(kind, KINDS[kind](north))
    approval = desk.sign_approval(change)

    async def race(journey: DecideChange) -> bool:
        try:
            await journey.approve(approval)
        except ChangeDecided:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(node)) for node in (desk.journey, there) * 3]
    await other.close()

    assert sum(task.result() for task in tasks) == 1
    word, _ = RECORDS[kind]
    assert [core.kind for core in await house.told()].count(word) == 1


async def test_of_two_changes_at_once_that_clash_one_counts(
    desk: Desk, north: Onboarded, house: House
) -> None:
    """Two approved registrations of one client: the other finds it taken."""
    changes = [
        await desk.propose(ChangeKind.CLIENT_REGISTRATION, third(north, scopes=[scope]))
        for scope in ("reports", "consents")
    ]

    async def race(change: Change) -> bool:
        try:
            await desk.journey.approve(desk.sign_approval(change))
        except OnboardingClash:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(change)) for change in changes]

    assert sum(task.result() for task in tasks) == 1
    assert len(await house.told("client")) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_client_ends_without_the_ledgers_word(
    fault: str, desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """The statement fails, before or after it was done: client and token live on."""
    client_id, certificate = north.client_ids[0], certify(north.hosts[0])
    token = await desk.get_token(client_id, certificate)
    change = await desk.propose(ChangeKind.CLIENT_ENDING, {"client_id": client_id})
    ledger = house.faulty_ledger(EventKind.CLIENT_ENDED, fault)
    broken = DecideChange(
        database=house.database,
        access=access,
        policies=house.consents.policies,
        passkeys=UNSIGNED.passkeys,
        notices=QUIET,
        ledger=ledger,
    )

    with pytest.raises(DatabaseUnavailable):
        await broken.approve(desk.sign_approval(change))

    async with house.database.transaction() as tx:
        await desk.use_token(tx, token, certificate)
    await desk.journey.approve(desk.sign_approval(change))


async def test_promise_19_a_suspended_bank_is_out_on_every_node(
    desk: Desk, north: Onboarded, south: Onboarded, certify: Certify, database_url: str
) -> None:
    """One operator's act on one node; on the other its live token is gone with the commit."""
    other = await open_database(database_url, connections_max=2)
    certificate = certify(north.hosts[0])
    token = await desk.get_token(north.client_ids[0], certificate)
    theirs = await desk.get_token(south.client_ids[0], certify(south.hosts[0]))

    bank = await desk.suspend_bank(desk.sign_suspension(north.bank.bank_id))

    async with other.transaction() as tx:
        with pytest.raises(TokenInvalid):
            await desk.use_token(tx, token, certificate)
        assert await parties.find_client(tx, north.client_ids[0]) is None
        await desk.use_token(tx, theirs, certify(south.hosts[0]))
    await other.close()
    with pytest.raises(InvalidClient):
        await desk.get_token(north.client_ids[0], certificate)
    assert bank.state is Standing.SUSPENDED
    (record,) = (one for one in await desk.house.told("bank") if one.kind == "bank.suspended")
    assert isinstance(record.terms, BankSuspended)
    assert record.terms.tokens_revoked == 1
    assert record.person is not None


async def test_promise_19_no_token_slips_through_a_suspension(
    desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """Eight tokens are asked for while the bank is suspended: none is left afterwards."""
    certificate = certify(north.hosts[0])

    async def race() -> None:
        try:
            await desk.get_token(north.client_ids[0], certificate)
        except InvalidClient:
            return

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(race())
        group.create_task(desk.suspend_bank(desk.sign_suspension(north.bank.bank_id)))
        for _ in range(4):
            group.create_task(race())

    async with house.database.transaction() as tx:
        assert await tx.fetch_value(int, "SELECT count(*) FROM access_tokens") == 0


async def test_one_operator_suspends_and_two_let_in_again(
    desk: Desk, north: Onboarded, certify: Certify, house: House
) -> None:
    """The proposer alone does not end it; with the second the bank gets tokens again."""
    body: JsonValue = {"bank_id": north.bank.bank_id}
    with pytest.raises(BankActive):
        await desk.decide(ChangeKind.BANK_RESUMPTION, body)
    await desk.suspend_bank(desk.sign_suspension(north.bank.bank_id))
    change = await desk.propose(ChangeKind.BANK_RESUMPTION, body)
    with pytest.raises(SameOperator):
        await desk.journey.approve(desk.sign_approval(change, by=0))
    with pytest.raises(InvalidClient):
        await desk.get_token(north.client_ids[0], certify(north.hosts[0]))

    applied = await desk.journey.approve(desk.sign_approval(change))

    assert applied.bank.state is Standing.ACTIVE
    await desk.get_token(north.client_ids[0], certify(north.hosts[0]))
    assert isinstance((await house.told("bank"))[-1].terms, BankResumed)


async def test_a_suspension_replayed_after_its_end_suspends_nobody(
    desk: Desk, north: Onboarded, house: House
) -> None:
    """The same act again finds the bank as it is, and leaves no second record."""
    suspension = desk.sign_suspension(north.bank.bank_id)
    await desk.suspend_bank(suspension)
    await desk.suspend_bank(suspension)
    await desk.decide(ChangeKind.BANK_RESUMPTION, {"bank_id": north.bank.bank_id})

    assert (await desk.suspend_bank(suspension)).state is Standing.ACTIVE

    kinds = [record.kind for record in await house.told("bank")]
    assert kinds == ["bank.onboarded", "bank.suspended", "bank.resumed"]


@pytest.mark.parametrize(
    ("case", "refused"),
    [({"key": 1}, SignatureInvalid), ({"age": 301}, ActStale), ({}, BankUnknown)],
)
async def test_a_suspension_is_an_operators_own_fresh_act(
    case: dict[str, int], refused: type[CreditbridgeError], desk: Desk, north: Onboarded
) -> None:
    """Another's key, an old act, an unknown bank: nobody is suspended."""
    bank_id = north.bank.bank_id if case else UNKNOWN_BANK

    with pytest.raises(refused):
        await desk.suspend_bank(desk.sign_suspension(bank_id, **case))

    assert [record.kind for record in await desk.house.told("bank")] == ["bank.onboarded"]


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_bank_is_suspended_without_the_ledgers_word(
    fault: str, desk: Desk, north: Onboarded, house: House
) -> None:
    """The statement fails, before or after it was done: the act may be sent again."""
    suspension = desk.sign_suspension(north.bank.bank_id)
    ledger = house.faulty_ledger(EventKind.BANK_SUSPENDED, fault)
    with pytest.raises(DatabaseUnavailable):
        await SuspendBank(database=house.database, access=access, ledger=ledger)(suspension)

    assert (await desk.suspend_bank(suspension)).state is Standing.SUSPENDED


async def test_a_record_of_a_client_needs_a_client(desk: Desk, north: Onboarded) -> None:
    """A change that was about the bank as a whole names none; every kind has its record."""
    await desk.suspend_bank(desk.sign_suspension(north.bank.bank_id))
    change = await desk.propose(ChangeKind.BANK_RESUMPTION, {"bank_id": north.bank.bank_id})
    outcome = Outcome(change=change, applied=await desk.journey.approve(desk.sign_approval(change)))

    with pytest.raises(ValueError, match="no client"):
        assert msgspec.to_builtins(outcome.client)

    # The policy and a recovery are recorded by themselves: `records.policies`, `.credentials`.
    apart = {ChangeKind.CONSENT_POLICY, ChangeKind.PASSKEY_RECOVERY}
    assert set(RECORDS) == set(ChangeKind) - apart


async def test_two_operators_change_the_policy(desk: Desk, house: House) -> None:
    """It is signed, announced, and in the ledger, whole, with the change that decided it."""
    ceilings: JsonValue = {
        "validity_days_max": 30,
        "hard_stop_days_max": 30,
        "queries_max": 5,
        "per_day_max": 1,
        "retention_days_max": 90,
        "sections_max": ["REG"],
        "data_classes_max": ["PUBLIC"],
        "forms": ["E_SIGN"],
        "passkey": "ANY",
        "approvers_min": 2,
    }
    words: dict[str, JsonValue] = {
        "v": 1,
        "version": 1,
        "lapse_days": 3,
        "purposes": {"PRE_LOAN_REVIEW": ceilings},
    }
    change = await desk.propose(ChangeKind.CONSENT_POLICY, words)
    applied = await desk.journey.approve(desk.sign_approval(change))
    (core,) = await house.told("policy")
    async with house.database.transaction() as tx:
        (signed,) = await house.consents.policies.list_signed(tx)

    assert isinstance(core.terms, PolicyChanged)
    assert core.terms.policy == signed.policy.decode()
    assert core.terms.change_id == change.change_id
    assert core.terms.use_from - core.decided_at == NOTICE
    assert core.rule == "four-eyes"
    with pytest.raises(ValueError, match="no bank"):
        assert msgspec.to_builtins(applied.bank)
