"""The house opens once, two persons decide, and whoever is not live is unknown."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from creditbridge.foundation.database import Database, Transaction, open_database
from creditbridge.foundation.errors import CreditbridgeError, SignatureInvalid
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.foundation.keys import FileKey
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.parties import service
from creditbridge.parties.acts import (
    ApprovalAct,
    ProposalAct,
    SignedApproval,
    SignedProposal,
    SignedSuspension,
    SuspensionAct,
)
from creditbridge.parties.model import (
    AssertionAlgorithm,
    BankOnboarding,
    Change,
    ChangeKind,
    Enrolment,
    Operator,
    OperatorEnrolment,
    Role,
    Standing,
)
from creditbridge.parties.rules import (
    ChangeAltered,
    ChangeDecided,
    ChangeExpired,
    ChangeUnapproved,
    ChangeUnknown,
    SameOperator,
    UnknownClient,
    digest_body,
    digest_change,
    find_assertion_key,
    message_of_act,
)
from creditbridge.parties.service import (
    BankUnknown,
    HouseOpened,
    HouseUnopened,
    OnboardingClash,
    OperatorUnknown,
    PersonUnknown,
)
from creditbridge.protocols.canonical_json import canonicalize

UNKNOWN_BANK = "bnk_0000000000000000000000000a"
UNKNOWN_CHANGE = "chg_0000000000000000000000000a"
UNKNOWN_PERSON = "prs_0000000000000000000000000a"
UNKNOWN_OPERATOR = "opr_0000000000000000000000000a"

# An operator's clock that stands still while the database's goes on would make acts stale, so
# each act is signed at the transaction's instant.


class House:
    """Two operators with their keys, and what they sign."""

    def __init__(self, keys: tuple[FileKey, FileKey]) -> None:
        self.keys = keys
        self.operators: tuple[Operator, ...] = ()

    @property
    def enrolments(self) -> tuple[OperatorEnrolment, OperatorEnrolment]:
        """The two persons who open the house."""
        first, second = self.keys
        return (
            OperatorEnrolment(person_name="Li Example", key=first.key),
            OperatorEnrolment(person_name="Wu Example", key=second.key),
        )

    async def open(self, tx: Transaction) -> None:
        """Enrol both."""
        self.operators = await service.enrol_operators(tx, self.enrolments)

    def sign_proposal(self, who: int, body: bytes, *, now: datetime) -> SignedProposal:
        """Return a proposal of one of the two."""
        act = ProposalAct(
            operator_id=self.operators[who].operator_id,
            kind=ChangeKind.BANK_ONBOARDING,
            body_digest=digest_body(body),
            acted_at=now,
        )
        signature = self.keys[who].sign(message_of_act(act))
        return SignedProposal(act=act, body=body, signature=signature)

    def sign_approval(self, who: int, change: Change, *, now: datetime) -> SignedApproval:
        """Return an approval of one of the two."""
        act = ApprovalAct(
            operator_id=self.operators[who].operator_id,
            change_id=change.change_id,
            change_digest=digest_change(change),
            acted_at=now,
        )
        return SignedApproval(act=act, signature=self.keys[who].sign(message_of_act(act)))

    def sign_suspension(self, bank_id: str, *, now: datetime) -> SignedSuspension:
        """Return the first operator's suspension of a bank."""
        act = SuspensionAct(
            operator_id=self.operators[0].operator_id, bank_id=bank_id, acted_at=now
        )
        return SignedSuspension(act=act, signature=self.keys[0].sign(message_of_act(act)))

    async def decide(self, tx: Transaction, body: bytes) -> Change:
        """Propose by the first, approve by the second."""
        change = await service.propose_change(tx, self.sign_proposal(0, body, now=tx.now))
        return await service.approve_change(tx, self.sign_approval(1, change, now=tx.now))


@pytest.fixture
def house(new_key: Callable[[], FileKey]) -> House:
    """Two operators who have not opened the house yet."""
    return House((new_key(), new_key()))


def rename(onboarding: BankOnboarding, **edit: object) -> bytes:
    """Return the body of the onboarding with its last client alone, changed."""
    client = replace(onboarding.clients[1], **edit)
    changed = replace(onboarding, uscc="93330381YY0000A13D", clients=(client,))
    return canonicalize(msgspec.to_builtins(changed))


async def test_the_house_opens_with_two_persons(database: Database, house: House) -> None:
    """Both operators are kept under ids of their own, named by their keys' thumbprints."""
    async with database.transaction() as tx:
        await house.open(tx)
        await service.require_opened(tx)
        found = await service.get_operator(tx, house.operators[1].operator_id)

    assert found.person_name == "Wu Example"
    assert found.key_id == house.keys[1].key.key_id
    assert is_id(Kind.OPERATOR, found.operator_id)


async def test_nothing_is_served_before_the_house_is_open(database: Database) -> None:
    """Without operators there is nothing to do but the bootstrap."""
    async with database.transaction() as tx:
        with pytest.raises(HouseUnopened):
            await service.require_opened(tx)
        with pytest.raises(HouseUnopened):
            await service.get_operator(tx, UNKNOWN_OPERATOR)


async def test_a_second_bootstrap_is_refused(
    database: Database, house: House, new_key: Callable[[], FileKey]
) -> None:
    """Fault 73: neither the same two persons nor two others open the house again."""
    async with database.transaction() as tx:
        await house.open(tx)

    for second in (house, House((new_key(), new_key()))):
        with pytest.raises(HouseOpened):
            async with database.transaction() as tx:
                await second.open(tx)


async def test_a_bootstrap_of_one_person_leaves_the_house_shut(
    database: Database, house: House, new_key: Callable[[], FileKey]
) -> None:
    """One person twice is refused, and the right two may still come."""
    lone = OperatorEnrolment(person_name="Li Example", key=new_key().key)

    with pytest.raises(SameOperator):
        async with database.transaction() as tx:
            await service.enrol_operators(tx, (lone, house.enrolments[0]))
    async with database.transaction() as tx:
        await house.open(tx)

    assert len(house.operators) == 2


async def test_of_racing_bootstraps_one_opens_the_house(
    database: Database, database_url: str, new_key: Callable[[], FileKey]
) -> None:
    """Twenty bootstraps on two nodes: one pair of operators, nineteen refusals."""
    other = await open_database(database_url, connections_max=8)
    houses = [House((new_key(), new_key())) for _ in range(20)]

    async def race(node: Database, house: House) -> bool:
        try:
            async with node.transaction() as tx:
                await house.open(tx)
        except HouseOpened:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(race(node, house))
            for node, house in zip([database, other] * 10, houses, strict=True)
        ]
    async with database.transaction() as tx:
        operators = await tx.fetch_value(int, "SELECT count(*) FROM parties_operators")
    await other.close()

    assert sum(task.result() for task in tasks) == 1
    assert operators == 2


async def test_two_operators_bring_in_a_bank(
    database: Database, house: House, body: bytes, onboarding: BankOnboarding
) -> None:
    """Proposed by one, approved by the other, applied: its client is found with bank and key."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await house.decide(tx, body)
        bank = (await service.apply_change(tx, change.change_id)).bank

    async with database.transaction() as tx:
        registration = await service.get_client(tx, "example-bank-loans")
        assert await service.get_bank(tx, bank.bank_id) == bank

    assert registration.bank == bank
    assert bank.legal_name == "Example Bank"
    assert registration.client.scopes == {"reports", "consents"}
    assert registration.client.matcher == onboarding.clients[0].matcher
    assert registration.client.requires_signature
    assert len(registration.keys) == 1


async def test_two_operators_bring_in_a_client_of_assertions(
    database: Database, house: House, onboarding: BankOnboarding
) -> None:
    """Kept without a subject, with its algorithms; its RSA key is no pin of the bank's (H2)."""
    material = rsa.generate_private_key(65537, 2048).public_key()
    key = RsaKey(key_id="rsa", material=material)
    asserting = replace(
        onboarding.clients[0],
        authentication="private_key_jwt",
        matcher=None,
        assertion_algorithms=(AssertionAlgorithm.PS256,),
        keys=(key.to_jwk(), *onboarding.clients[0].keys),
    )
    clients = (asserting, onboarding.clients[1])
    async with database.transaction() as tx:
        await house.open(tx)
        change = await house.decide(
            tx, canonicalize(msgspec.to_builtins(replace(onboarding, clients=clients)))
        )
        bank = (await service.apply_change(tx, change.change_id)).bank

    async with database.transaction() as tx:
        registration = await service.get_client(tx, asserting.client_id)
        pinned = await service.list_message_keys(tx, bank.bank_id)

    assert registration.client.authentication == "private_key_jwt"
    assert registration.client.matcher is None
    assert registration.client.assertion_algorithms == {"PS256"}
    assert find_assertion_key(registration, "rsa", "PS256") == key
    assert [one.key_id for one in pinned] == [asserting.keys[1]["kid"]]


@pytest.mark.parametrize(
    "change",
    [
        "matcher_kind = NULL",
        "matcher_kind = NULL, matcher_value = NULL",
        "authentication = 'private_key_jwt'",
        "authentication = 'private_key_jwt', matcher_kind = NULL, matcher_value = NULL",
        "authentication = 'none'",
        "assertion_algorithms = '{PS256}'",
        "assertion_algorithms = '{RS256}'",
    ],
)
async def test_A6_the_table_holds_no_client_with_no_proof_or_two(
    database: Database, house: House, body: bytes, change: str
) -> None:
    """Whoever writes it: the row itself refuses."""
    async with database.transaction() as tx:
        await house.open(tx)
        await service.apply_change(tx, (await house.decide(tx, body)).change_id)

    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as tx:
            await tx.execute(f"UPDATE parties_clients SET {change}")  # noqa: S608 - the cases above


async def test_both_signatures_stay_with_the_change(
    database: Database, house: House, body: bytes
) -> None:
    """Act and signature of proposer and approver are kept, for the ledger to record."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await house.decide(tx, body)
        kept = await service.get_change(tx, change.change_id)

    assert kept == change
    assert kept.proposed_by == house.operators[0].operator_id
    assert kept.approved_by == house.operators[1].operator_id
    for key, act, signature in (
        (house.keys[0], kept.proposal_act, kept.proposal_signature),
        (house.keys[1], kept.approval_act, kept.approval_signature),
    ):
        key.key.verify(signature or b"", b"creditbridge-operator-act-v1\x00" + (act or b""))


async def test_the_same_signed_act_proposes_once(
    database: Database, house: House, body: bytes
) -> None:
    """Whoever lost the reply sends the act again and gets the same change."""
    async with database.transaction() as tx:
        await house.open(tx)
        proposal = house.sign_proposal(0, body, now=tx.now)
        first = await service.propose_change(tx, proposal)
    async with database.transaction() as tx:
        again = await service.propose_change(tx, proposal)

    assert again == first


async def test_a_proposal_must_be_whole(database: Database, house: House, body: bytes) -> None:
    """Another body than was signed, another's signature, a body that could never take effect."""
    async with database.transaction() as tx:
        await house.open(tx)
        good = house.sign_proposal(0, body, now=tx.now)
        other = house.sign_proposal(1, body, now=tx.now)
        with pytest.raises(ChangeAltered):
            await service.propose_change(tx, replace(good, body=body + b" "))
        with pytest.raises(SignatureInvalid):
            await service.propose_change(tx, replace(good, signature=other.signature))
        with pytest.raises(CreditbridgeError) as caught:
            await service.propose_change(tx, house.sign_proposal(0, b"{}", now=tx.now))

    assert caught.value.code == "json-malformed"


async def test_nobody_approves_their_own_change(
    database: Database, house: House, body: bytes
) -> None:
    """Separation of duties: the proposer's own approval is refused, and nothing is brought in."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await service.propose_change(tx, house.sign_proposal(0, body, now=tx.now))
        with pytest.raises(SameOperator):
            await service.approve_change(tx, house.sign_approval(0, change, now=tx.now))
        with pytest.raises(ChangeUnapproved):
            await service.apply_change(tx, change.change_id)


async def test_an_approval_is_for_the_text_that_was_read(
    database: Database, house: House, body: bytes
) -> None:
    """A change edited in the database after it was read needs a new approval."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await service.propose_change(tx, house.sign_proposal(0, body, now=tx.now))
        approval = house.sign_approval(1, change, now=tx.now)
        await tx.execute(
            "UPDATE parties_changes SET body = $1", body.replace(b"Example Bank", b"Evil Bank")
        )
        with pytest.raises(ChangeAltered):
            await service.approve_change(tx, approval)


async def test_a_change_ends_after_a_day(database: Database, house: House, body: bytes) -> None:
    """Neither an approval nor its effect comes later than 24 hours after the proposal."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await service.propose_change(tx, house.sign_proposal(0, body, now=tx.now))
        approved = await house.decide(tx, body.replace(b"Example Bank", b"Other Bank"))
    await database.raise_floor(change.proposed_at + timedelta(hours=25))

    async with database.transaction() as tx:
        with pytest.raises(ChangeExpired):
            await service.approve_change(tx, house.sign_approval(1, change, now=tx.now))
        with pytest.raises(ChangeExpired):
            await service.apply_change(tx, approved.change_id)


async def test_of_racing_approvals_one_counts(
    database: Database, house: House, body: bytes
) -> None:
    """Ten approvals of one change at once: one is kept, nine find it decided."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await service.propose_change(tx, house.sign_proposal(0, body, now=tx.now))
        approval = house.sign_approval(1, change, now=tx.now)

    async def race() -> bool:
        try:
            async with database.transaction() as tx:
                await service.approve_change(tx, approval)
        except ChangeDecided:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(10)]

    assert sum(task.result() for task in tasks) == 1


async def test_a_change_takes_effect_once(database: Database, house: House, body: bytes) -> None:
    """Applying an applied change is refused."""
    async with database.transaction() as tx:
        await house.open(tx)
        change = await house.decide(tx, body)
        await service.apply_change(tx, change.change_id)
        with pytest.raises(ChangeDecided):
            await service.apply_change(tx, change.change_id)


async def test_a_bank_takes_nothing_of_another(
    database: Database, house: House, onboarding: BankOnboarding, body: bytes
) -> None:
    """Same code, same client id, same subject, same key: refused before anything is written."""
    first = onboarding.clients[0]
    clashes = (
        body,
        rename(onboarding),
        rename(onboarding, client_id="new", matcher=first.matcher),
        rename(onboarding, client_id="new", keys=first.keys),
    )
    async with database.transaction() as tx:
        await house.open(tx)
        await service.apply_change(tx, (await house.decide(tx, body)).change_id)
        for number, clash in enumerate(clashes):
            proposal = house.sign_proposal(0, clash, now=tx.now + timedelta(seconds=number))
            change = await service.propose_change(tx, proposal)
            await service.approve_change(tx, house.sign_approval(1, change, now=tx.now))
            with pytest.raises(OnboardingClash):
                await service.apply_change(tx, change.change_id)
        assert await tx.fetch_value(int, "SELECT count(*) FROM parties_banks") == 1


async def test_of_racing_onboardings_of_one_bank_one_counts(
    database: Database, house: House, body: bytes
) -> None:
    """Two approved changes bring in the same bank at once: one does, the other finds the clash."""
    async with database.transaction() as tx:
        await house.open(tx)
        first = await house.decide(tx, body)
        second = await house.decide(tx, body.replace(b"Example Bank", b"Renamed Bank"))

    async def race(change: Change) -> bool:
        try:
            async with database.transaction() as tx:
                await service.apply_change(tx, change.change_id)
        except OnboardingClash:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(change)) for change in (first, second)]
    async with database.transaction() as tx:
        clients = await tx.fetch_value(int, "SELECT count(*) FROM parties_clients")

    assert sum(task.result() for task in tasks) == 1
    assert clients == 2


async def test_a_suspended_client_is_unknown_beside_its_live_sister(
    database: Database, house: House, body: bytes
) -> None:
    """Suspension of one client leaves the bank's other client in."""
    async with database.transaction() as tx:
        await house.open(tx)
        await service.apply_change(tx, (await house.decide(tx, body)).change_id)
        await tx.execute(
            "UPDATE parties_clients SET state = 'SUSPENDED' WHERE client_id = 'example-bank-loans'"
        )

        assert await service.find_client(tx, "example-bank-loans") is None
        assert await service.find_client(tx, "example-bank-branch") is not None


async def test_what_nobody_knows_is_unknown(database: Database, house: House) -> None:
    """Ids of the right shape and of none: an operator, a change, a bank, a client."""
    async with database.transaction() as tx:
        await house.open(tx)
        for operator_id in (UNKNOWN_OPERATOR, "opr_\x00"):
            with pytest.raises(OperatorUnknown):
                await service.get_operator(tx, operator_id)
        for change_id in (UNKNOWN_CHANGE, "chg_\x00"):
            with pytest.raises(ChangeUnknown):
                await service.get_change(tx, change_id)
            with pytest.raises(ChangeUnknown):
                await service.apply_change(tx, change_id)
        for client_id in ("nobody", "no\x00body"):
            assert await service.find_client(tx, client_id) is None
        for person_id in (UNKNOWN_PERSON, "prs_\x00"):
            with pytest.raises(PersonUnknown):
                await service.get_person(tx, person_id)
        for bank_id in (UNKNOWN_BANK, "bnk_\x00"):
            with pytest.raises(BankUnknown):
                await service.get_bank(tx, bank_id)
            with pytest.raises(BankUnknown):
                await service.suspend_bank(tx, house.sign_suspension(bank_id, now=tx.now))


async def test_a_suspended_bank_is_out_at_once(
    database: Database, house: House, body: bytes
) -> None:
    """Its clients are as unknown as any other; the bank itself can still be named."""
    async with database.transaction() as tx:
        await house.open(tx)
        bank = (await service.apply_change(tx, (await house.decide(tx, body)).change_id)).bank
        await service.suspend_bank(tx, house.sign_suspension(bank.bank_id, now=tx.now))

        with pytest.raises(UnknownClient):
            await service.get_client(tx, "example-bank-loans")
        assert (await service.get_bank(tx, bank.bank_id)).state is Standing.SUSPENDED


def enrol(role: Role = Role.LEGAL_REP, *, name: str = "Zhao Example") -> Enrolment:
    """Return what an identity provider vouches for."""
    return Enrolment(
        issuer="https://id.example",
        subject="sub-1",
        person_key=hashlib.sha256(b"person-1").digest(),
        name=name,
        uscc="91330100YY0000A13Y",
        enterprise_name="Example Works",
        role=role,
        proof_digest=hashlib.sha256(b"proof").digest(),
    )


async def test_a_person_is_enrolled_once(database: Database) -> None:
    """The first sign-in enrols; the second finds person, enterprise and right as they were."""
    async with database.transaction() as tx:
        first, newly = await service.enrol_person(tx, enrol())
        again, newly_again = await service.enrol_person(tx, enrol(name="Zhao Renamed"))
        person = await service.get_person(tx, first.person_id)
        enterprise = await service.find_enterprise(tx, "91330100YY0000A13Y")

    assert (newly, newly_again) == (True, False)
    assert again == first
    assert person.name == "Zhao Renamed"
    assert enterprise is not None
    assert enterprise.name == "Example Works"


async def test_of_racing_sign_ins_one_enrols(database: Database) -> None:
    """Ten first sign-ins of one person at once: one right to speak, and one of them made it."""

    async def race() -> bool:
        async with database.transaction() as tx:
            return (await service.enrol_person(tx, enrol()))[1]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(10)]
    async with database.transaction() as tx:
        rights = await tx.fetch_value(int, "SELECT count(*) FROM parties_representatives")

    assert sum(task.result() for task in tasks) == 1
    assert rights == 1


async def test_another_role_is_another_right(database: Database) -> None:
    """The old right ends, the new one begins, and one is live."""
    async with database.transaction() as tx:
        first, _ = await service.enrol_person(tx, enrol())
        second, newly = await service.enrol_person(tx, enrol(Role.AGENT))
        live = await service.find_representative(
            tx, person_id=first.person_id, uscc="91330100YY0000A13Y"
        )
        rights = await tx.fetch_value(int, "SELECT count(*) FROM parties_representatives")

    assert newly
    assert live == second
    assert second.role is Role.AGENT
    assert rights == 2


async def test_nobody_speaks_for_an_enterprise_unasked(database: Database) -> None:
    """A person who was enrolled for one enterprise has no right for another, nor has a stranger."""
    async with database.transaction() as tx:
        known, _ = await service.enrol_person(tx, enrol())

        for person_id, uscc in (
            (known.person_id, "93330381YY0000A13D"),
            ("prs_nobody", "91330100YY0000A13Y"),
        ):
            assert await service.find_representative(tx, person_id=person_id, uscc=uscc) is None


async def test_an_enterprise_keeps_its_id_when_its_name_changes(database: Database) -> None:
    """The code is the key; the name is what the last trusted source said."""
    async with database.transaction() as tx:
        first = await service.keep_enterprise(tx, uscc="91330100YY0000A13Y", name="Old Works")
        second = await service.keep_enterprise(tx, uscc="91330100YY0000A13Y", name="New Works")

    assert second.enterprise_id == first.enterprise_id
    assert second.name == "New Works"
