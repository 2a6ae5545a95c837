"""Two persons open the house, and two bring a bank in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest
from tests.journeys.signing import QUIET, UNSIGNED

import creditbridge.access.service as access
from creditbridge.consents.service import Consents
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.ledger.model import (
    BankOnboarded,
    ChangeApproved,
    ChangeProposed,
    Core,
    EventKind,
    OperatorEnrolled,
)
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.parties.acts import ApprovalAct, ProposalAct, SignedApproval, SignedProposal
from creditbridge.parties.model import (
    Bank,
    BankOnboarding,
    Change,
    ChangeKind,
    ClientOnboarding,
    Operator,
    OperatorEnrolment,
)
from creditbridge.parties.onboarding import OnboardingMalformed
from creditbridge.parties.rules import (
    ActStale,
    ChangeAltered,
    ChangeDecided,
    ChangeExpired,
    ChangeUnknown,
    SameOperator,
    digest_body,
    digest_change,
    message_of_act,
)
from creditbridge.parties.service import HouseOpened, HouseUnopened, OnboardingClash
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import SubjectKind, SubjectMatcher

Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
Propose: TypeAlias = Callable[[bytes], SignedProposal]
Keys: TypeAlias = tuple[FileKey, FileKey]
Operators: TypeAlias = tuple[Operator, Operator]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    key: FileKey
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    consents: Consents

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


@pytest.fixture
def enrolments(operator_keys: Keys) -> tuple[OperatorEnrolment, OperatorEnrolment]:
    """Two persons with two keys."""
    first, second = (
        OperatorEnrolment(person_name=name, key=key.key)
        for name, key in zip(("Chen Example", "Zhao Example"), operator_keys, strict=True)
    )
    return first, second


@pytest.fixture
def journey(house: House) -> DecideChange:
    """The journey of a bank into the house."""
    return DecideChange(
        database=house.database,
        access=access,
        policies=house.consents.policies,
        passkeys=UNSIGNED.passkeys,
        notices=QUIET,
        ledger=house.ledger,
    )


@pytest.fixture
def body() -> bytes:
    """A bank with one client."""
    client = ClientOnboarding(
        client_id="east-core",
        matcher=SubjectMatcher(kind=SubjectKind.SAN_DNS, value="core.east.example"),
        scopes=("reports",),
        requires_signature=False,
        keys=(),
    )
    bank = BankOnboarding(uscc="91330104YY0000A13Q", legal_name="East bank", clients=(client,))
    return canonicalize(msgspec.to_builtins(bank))


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The two operators at work, each with their key."""

    journey: DecideChange
    operators: Operators
    keys: Keys
    propose: Propose

    def approve(
        self, change: Change, *, by: int = 1, key: int = 1, digest: str | None = None, age: int = 0
    ) -> SignedApproval:
        """Sign an approval in the name of an operator with a key, so many seconds ago."""
        act = ApprovalAct(
            operator_id=self.operators[by].operator_id,
            change_id=change.change_id,
            change_digest=digest or digest_change(change),
            acted_at=SystemClock().now() - timedelta(seconds=age),
        )
        return SignedApproval(act=act, signature=self.keys[key].sign(message_of_act(act)))


@pytest.fixture
def desk(
    journey: DecideChange, operators: Operators, operator_keys: Keys, propose: Propose
) -> Desk:
    """The operators' desk."""
    return Desk(journey=journey, operators=operators, keys=operator_keys, propose=propose)


async def test_two_persons_open_the_house(
    house: House,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
) -> None:
    """Their enrolments are the ledger's first entries, each with its key."""
    operators = await OpenHouse(database=house.database, ledger=house.ledger)(enrolments)

    entries = await house.told()
    assert [entry.kind for entry in entries] == ["operator.enrolled"] * 2
    keys = [entry.terms.key_id for entry in entries if isinstance(entry.terms, OperatorEnrolled)]
    assert keys == [operator.key_id for operator in operators]


async def test_the_house_is_opened_once(
    house: House,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
) -> None:
    """Of eight who try at once one does; whoever tries later is refused as well (fault 73)."""
    journey = OpenHouse(database=house.database, ledger=house.ledger)

    async def race() -> str:
        try:
            await journey(enrolments)
        except HouseOpened:
            return "refused"
        return "opened"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(8)]

    assert sorted(task.result() for task in tasks) == ["opened"] + ["refused"] * 7
    assert await race() == "refused"
    assert len(await house.told("operator")) == 2


@pytest.mark.parametrize("same", ["person", "key"])
async def test_one_person_does_not_open_the_house(
    same: str,
    house: House,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
) -> None:
    """One name twice, or one key twice, is one person; the house stays closed."""
    first, second = enrolments
    if same == "person":
        second = msgspec.structs.replace(second, person_name="chen  EXAMPLE")
    else:
        second = msgspec.structs.replace(second, key=first.key)

    with pytest.raises(SameOperator):
        await OpenHouse(database=house.database, ledger=house.ledger)((first, second))

    assert await house.told() == []


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_the_house_stays_closed_without_the_ledgers_word(
    fault: str,
    house: House,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
) -> None:
    """The statement fails, before or after it was done: it can be opened again."""
    broken = house.faulty_ledger(EventKind.OPERATOR_ENROLLED, fault)
    with pytest.raises(DatabaseUnavailable):
        await OpenHouse(database=house.database, ledger=broken)(enrolments)

    assert len(await OpenHouse(database=house.database, ledger=house.ledger)(enrolments)) == 2


async def test_a_bank_comes_in_by_four_eyes(north: Onboarded, house: House) -> None:
    """Proposal, approval and onboarding stand in the ledger, signatures and keys with them."""
    proposed, approved, onboarded = (await house.told())[2:]

    assert isinstance(proposed.terms, ChangeProposed)
    assert isinstance(approved.terms, ChangeApproved)
    assert isinstance(onboarded.terms, BankOnboarded)
    assert proposed.terms.change_id == approved.terms.change_id == onboarded.terms.change_id
    assert proposed.person != approved.person
    assert onboarded.terms.clients == set(north.client_ids)
    assert onboarded.terms.keys == {north.key.key.key_id}


async def test_nobody_acts_in_an_unopened_house(
    journey: DecideChange, body: bytes, operator_keys: Keys, house: House
) -> None:
    """Nothing is served before two distinct persons are enrolled."""
    act = ProposalAct(
        operator_id="opr_01hzy6t9x7c3v5n8m2k4p6q8r0",
        kind=ChangeKind.BANK_ONBOARDING,
        body_digest=digest_body(body),
        acted_at=SystemClock().now(),
    )
    signature = operator_keys[0].sign(message_of_act(act))

    with pytest.raises(HouseUnopened):
        await journey.propose(SignedProposal(act=act, body=body, signature=signature))

    assert await house.told() == []


async def test_one_operator_alone_brings_nobody_in(desk: Desk, body: bytes, house: House) -> None:
    """Whoever proposed cannot approve (promise 25)."""
    change = await desk.journey.propose(desk.propose(body))

    with pytest.raises(SameOperator):
        await desk.journey.approve(desk.approve(change, by=0, key=0))

    assert [core.kind for core in await house.told("change", "bank")] == ["change.proposed"]


async def test_an_approval_by_another_key_is_refused(desk: Desk, body: bytes) -> None:
    """The first operator signs in the second's name: it is not the second's signature."""
    change = await desk.journey.propose(desk.propose(body))

    with pytest.raises(SignatureInvalid):
        await desk.journey.approve(desk.approve(change, key=0))


async def test_an_approval_is_of_exactly_this_change(desk: Desk, body: bytes) -> None:
    """A signature over another text of the change approves nothing."""
    change = await desk.journey.propose(desk.propose(body))
    approval = desk.approve(change, digest="A" * 43)

    with pytest.raises(ChangeAltered):
        await desk.journey.approve(approval)


async def test_an_old_approval_is_refused(desk: Desk, body: bytes) -> None:
    """An act counts within five minutes of its signature."""
    change = await desk.journey.propose(desk.propose(body))

    with pytest.raises(ActStale):
        await desk.journey.approve(desk.approve(change, age=301))


async def test_a_change_is_decided_within_a_day(desk: Desk, body: bytes, house: House) -> None:
    """At the end of the day, to the instant, it is too late."""
    change = await desk.journey.propose(desk.propose(body))
    await house.database.raise_floor(change.expires_at)

    with pytest.raises(ChangeExpired):
        await desk.journey.approve(desk.approve(change))


async def test_a_change_takes_effect_once(desk: Desk, body: bytes, house: House) -> None:
    """Of four approvals at once one brings the bank in."""
    change = await desk.journey.propose(desk.propose(body))
    approval = desk.approve(change)

    async def race() -> str:
        try:
            await desk.journey.approve(approval)
        except ChangeDecided:
            return "refused"
        return "in"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(4)]

    assert sorted(task.result() for task in tasks) == ["in", "refused", "refused", "refused"]
    assert len(await house.told("bank")) == 1


@pytest.mark.usefixtures("north")
async def test_a_bank_that_clashes_stays_out_whole(desk: Desk, body: bytes, house: House) -> None:
    """The code of a bank that is in: refused, and the approval is undone with it."""
    change = await desk.journey.propose(desk.propose(body))
    approval = desk.approve(change)

    with pytest.raises(OnboardingClash):
        await desk.journey.approve(approval)

    assert [core.kind for core in await house.told("change")][-1] == "change.proposed"


async def test_a_body_that_is_no_bank_is_not_proposed(desk: Desk, house: House) -> None:
    """What could not take effect is refused before anybody is asked to approve it."""
    body = canonicalize({"clients": [], "legal_name": "x", "uscc": "91330104YY0000A13Q"})

    with pytest.raises(OnboardingMalformed):
        await desk.journey.propose(desk.propose(body))

    assert await house.told("change") == []


async def test_an_unknown_change_cannot_be_approved(desk: Desk, body: bytes) -> None:
    """An id of the right shape that names nothing."""
    change = await desk.journey.propose(desk.propose(body))
    unknown = msgspec.structs.replace(change, change_id="chg_01hzy6t9x7c3v5n8m2k4p6q8r0")

    with pytest.raises(ChangeUnknown):
        await desk.journey.approve(desk.approve(unknown))


@pytest.mark.parametrize("kind", [EventKind.CHANGE_APPROVED, EventKind.BANK_ONBOARDED])
@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_bank_comes_in_without_the_ledgers_word(
    fault: str, kind: EventKind, desk: Desk, house: House, body: bytes
) -> None:
    """Either statement fails, before or after it was done: the change can still be approved."""
    change = await desk.journey.propose(desk.propose(body))
    broken = DecideChange(
        database=house.database,
        access=access,
        policies=house.consents.policies,
        passkeys=UNSIGNED.passkeys,
        notices=QUIET,
        ledger=house.faulty_ledger(kind, fault),
    )
    approval = desk.approve(change)
    with pytest.raises(DatabaseUnavailable):
        await broken.approve(approval)

    assert (await desk.journey.approve(approval)).bank.legal_name == "East bank"
