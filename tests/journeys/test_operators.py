"""Two persons open the house, and two bring a bank in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.onboard_bank import OnboardBank
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
from creditbridge.parties.model import (
    ApprovalAct,
    Bank,
    BankOnboarding,
    Change,
    ChangeKind,
    ClientOnboarding,
    Operator,
    OperatorEnrolment,
    SignedApproval,
    SignedProposal,
)
from creditbridge.parties.onboarding import OnboardingMalformed
from creditbridge.parties.rules import (
    ActStale,
    ChangeAltered,
    ChangeDecided,
    ChangeExpired,
    ChangeUnknown,
    SameOperator,
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


@pytest.fixture
def enrolments(operator_keys: Keys) -> tuple[OperatorEnrolment, OperatorEnrolment]:
    """Two persons with two keys."""
    first, second = (
        OperatorEnrolment(person_name=name, key=key.key)
        for name, key in zip(("Chen Example", "Zhao Example"), operator_keys, strict=True)
    )
    return first, second


@pytest.fixture
def journey(database: Database, ledger: Ledger) -> OnboardBank:
    """The journey of a bank into the house."""
    return OnboardBank(database=database, ledger=ledger)


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


def approve_as(
    operator: Operator, key: FileKey, change: Change, *, digest: str | None = None, age: int = 0
) -> SignedApproval:
    """Sign an approval of a change as an operator, so many seconds ago."""
    act = ApprovalAct(
        operator_id=operator.operator_id,
        change_id=change.change_id,
        change_digest=digest or digest_change(change),
        acted_at=SystemClock().now() - timedelta(seconds=age),
    )
    return SignedApproval(act=act, signature=key.sign(message_of_act(act)))


async def test_two_persons_open_the_house(
    database: Database,
    ledger: Ledger,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
    told: Told,
) -> None:
    """Their enrolments are the ledger's first entries, each with its key."""
    operators = await OpenHouse(database=database, ledger=ledger)(enrolments)

    entries = await told()
    assert [entry.kind for entry in entries] == ["operator.enrolled"] * 2
    keys = [entry.terms.key_id for entry in entries if isinstance(entry.terms, OperatorEnrolled)]
    assert keys == [operator.key_id for operator in operators]


async def test_the_house_is_opened_once(
    database: Database,
    ledger: Ledger,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
    told: Told,
) -> None:
    """Of eight who try at once one does; whoever tries later is refused as well (fault 73)."""
    journey = OpenHouse(database=database, ledger=ledger)

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
    assert len(await told("operator")) == 2


@pytest.mark.parametrize("same", ["person", "key"])
async def test_one_person_does_not_open_the_house(
    same: str,
    database: Database,
    ledger: Ledger,
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
    told: Told,
) -> None:
    """One name twice, or one key twice, is one person; the house stays closed."""
    first, second = enrolments
    if same == "person":
        second = msgspec.structs.replace(second, person_name="chen  EXAMPLE")
    else:
        second = msgspec.structs.replace(second, key=first.key)

    with pytest.raises(SameOperator):
        await OpenHouse(database=database, ledger=ledger)((first, second))

    assert await told() == []


@pytest.mark.parametrize("done", [False, True])
async def test_the_house_stays_closed_without_the_ledgers_word(
    done: bool,  # noqa: FBT001 - a case of the pair
    database: Database,
    ledger: Ledger,
    faulty_ledger: Callable[..., Recorder],
    enrolments: tuple[OperatorEnrolment, OperatorEnrolment],
) -> None:
    """The statement fails, before or after it was done: it can be opened again."""
    broken = faulty_ledger(EventKind.OPERATOR_ENROLLED, done=done)
    with pytest.raises(DatabaseUnavailable):
        await OpenHouse(database=database, ledger=broken)(enrolments)

    assert len(await OpenHouse(database=database, ledger=ledger)(enrolments)) == 2


async def test_a_bank_comes_in_by_four_eyes(north: Onboarded, told: Told) -> None:
    """Proposal, approval and onboarding stand in the ledger, signatures and keys with them."""
    proposed, approved, onboarded = (await told())[2:]

    assert isinstance(proposed.terms, ChangeProposed)
    assert isinstance(approved.terms, ChangeApproved)
    assert isinstance(onboarded.terms, BankOnboarded)
    assert proposed.terms.change_id == approved.terms.change_id == onboarded.terms.change_id
    assert proposed.person != approved.person
    assert onboarded.terms.clients == set(north.client_ids)
    assert onboarded.terms.keys == {north.key.key.key_id}


async def test_nobody_proposes_in_an_unopened_house(
    journey: OnboardBank, body: bytes, operator_keys: Keys, told: Told
) -> None:
    """Nothing is served before two distinct persons are enrolled."""
    stranger = Operator(
        operator_id="opr_01hzy6t9x7c3v5n8m2k4p6q8r0", person_name="X", key_id="x", jwk=b""
    )
    change = Change(
        change_id="chg_01hzy6t9x7c3v5n8m2k4p6q8r0",
        kind=ChangeKind.BANK_ONBOARDING,
        body=body,
        proposed_by=stranger.operator_id,
        proposed_at=SystemClock().now(),
        expires_at=SystemClock().now(),
        proposal_act=b"",
        proposal_signature=b"",
    )

    with pytest.raises(HouseUnopened):
        await journey.approve(approve_as(stranger, operator_keys[0], change))

    assert await told() == []


async def test_one_operator_alone_brings_nobody_in(
    journey: OnboardBank,
    propose: Propose,
    body: bytes,
    operators: Operators,
    operator_keys: Keys,
    told: Told,
) -> None:
    """Whoever proposed cannot approve (promise 25)."""
    change = await journey.propose(propose(body))

    with pytest.raises(SameOperator):
        await journey.approve(approve_as(operators[0], operator_keys[0], change))

    assert [core.kind for core in await told("change", "bank")] == ["change.proposed"]


async def test_an_approval_by_another_key_is_refused(
    journey: OnboardBank, propose: Propose, body: bytes, operators: Operators, operator_keys: Keys
) -> None:
    """The first operator signs in the second's name: it is not the second's signature."""
    change = await journey.propose(propose(body))

    with pytest.raises(SignatureInvalid):
        await journey.approve(approve_as(operators[1], operator_keys[0], change))


async def test_an_approval_is_of_exactly_this_change(
    journey: OnboardBank, propose: Propose, body: bytes, operators: Operators, operator_keys: Keys
) -> None:
    """A signature over another text of the change approves nothing."""
    change = await journey.propose(propose(body))
    approval = approve_as(operators[1], operator_keys[1], change, digest="A" * 43)

    with pytest.raises(ChangeAltered):
        await journey.approve(approval)


async def test_an_old_approval_is_refused(
    journey: OnboardBank, propose: Propose, body: bytes, operators: Operators, operator_keys: Keys
) -> None:
    """An act counts within five minutes of its signature."""
    change = await journey.propose(propose(body))

    with pytest.raises(ActStale):
        await journey.approve(approve_as(operators[1], operator_keys[1], change, age=301))


async def test_a_change_is_decided_within_a_day(
    journey: OnboardBank,
    propose: Propose,
    body: bytes,
    operators: Operators,
    operator_keys: Keys,
    database: Database,
) -> None:
    """At the end of the day, to the instant, it is too late."""
    change = await journey.propose(propose(body))
    await database.raise_floor(change.expires_at)

    with pytest.raises(ChangeExpired):
        await journey.approve(approve_as(operators[1], operator_keys[1], change))


async def test_a_change_takes_effect_once(
    journey: OnboardBank,
    propose: Propose,
    body: bytes,
    operators: Operators,
    operator_keys: Keys,
    told: Told,
) -> None:
    """Of four approvals at once one brings the bank in."""
    change = await journey.propose(propose(body))
    approval = approve_as(operators[1], operator_keys[1], change)

    async def race() -> str:
        try:
            await journey.approve(approval)
        except ChangeDecided:
            return "refused"
        return "in"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(4)]

    assert sorted(task.result() for task in tasks) == ["in", "refused", "refused", "refused"]
    assert len(await told("bank")) == 1


async def test_a_bank_that_clashes_stays_out_whole(
    journey: OnboardBank,
    propose: Propose,
    body: bytes,
    operators: Operators,
    operator_keys: Keys,
    north: Onboarded,
    told: Told,
) -> None:
    """The code of a bank that is in: refused, and the approval is undone with it."""
    change = await journey.propose(propose(body))
    approval = approve_as(operators[1], operator_keys[1], change)

    with pytest.raises(OnboardingClash):
        await journey.approve(approval)

    assert [core.kind for core in await told("change")][-1] == "change.proposed"


async def test_a_body_that_is_no_bank_is_not_proposed(
    journey: OnboardBank, propose: Propose, told: Told
) -> None:
    """What could not take effect is refused before anybody is asked to approve it."""
    body = canonicalize({"clients": [], "legal_name": "x", "uscc": "91330104YY0000A13Q"})

    with pytest.raises(OnboardingMalformed):
        await journey.propose(propose(body))

    assert await told("change") == []


async def test_an_unknown_change_cannot_be_approved(
    journey: OnboardBank, propose: Propose, body: bytes, operators: Operators, operator_keys: Keys
) -> None:
    """An id of the right shape that names nothing."""
    change = await journey.propose(propose(body))
    unknown = msgspec.structs.replace(change, change_id="chg_01hzy6t9x7c3v5n8m2k4p6q8r0")

    with pytest.raises(ChangeUnknown):
        await journey.approve(approve_as(operators[1], operator_keys[1], unknown))


@pytest.mark.parametrize("kind", [EventKind.CHANGE_APPROVED, EventKind.BANK_ONBOARDED])
@pytest.mark.parametrize("done", [False, True])
async def test_no_bank_comes_in_without_the_ledgers_word(
    done: bool,  # noqa: FBT001 - a case of the pair
    kind: EventKind,
    journey: OnboardBank,
    database: Database,
    faulty_ledger: Callable[..., Recorder],
    propose: Propose,
    body: bytes,
    operators: Operators,
    operator_keys: Keys,
) -> None:
    """Either statement fails, before or after it was done: the change can still be approved."""
    change = await journey.propose(propose(body))
    broken = OnboardBank(database=database, ledger=faulty_ledger(kind, done=done))
    approval = approve_as(operators[1], operator_keys[1], change)
    with pytest.raises(DatabaseUnavailable):
        await broken.approve(approval)

    assert (await journey.approve(approval)).legal_name == "East bank"
