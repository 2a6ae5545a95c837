"""What becomes of an intent whose node was lost, and of a query whose outcome nobody saw."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest

from creditbridge.admission.model import Stored
from creditbridge.consents.model import Consent, ConsentPaused
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.under_way import UnderWay
from creditbridge.ledger.model import Core, ReportFailed, ReportReconciled, UseReturned
from creditbridge.ledger.service import Ledger
from creditbridge.platforms.model import PlatformQuery, PlatformUnavailable, QueryState

LEASE = timedelta(seconds=30)
DEADLINE = timedelta(seconds=15)

Ask: TypeAlias = Callable[..., ReportRequest]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
ReadUsed: TypeAlias = Callable[[Consent], Awaitable[int]]


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]
    found: list[str]
    failure: CreditbridgeError | None
    silence: CreditbridgeError | None
    states: dict[str, QueryState]
    meanwhile: Callable[[], Awaitable[object]] | None


class NodeDied(BaseException):
    """The end of a process, at the point where it is raised."""


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    platform: FakePlatform
    deliver: DeliverReport
    under_way: UnderWay

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def read_used(self, consent: Consent) -> int:
        """Return how many uses are taken."""
        ...

    def new_settling(self, node_id: str) -> SettleIntents:
        """Return the settling journey of a node."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...

    def new_ledger(self, node_id: str) -> Ledger:
        """Return the ledger of a node."""
        ...


@pytest.fixture
def settle(house: House) -> SettleIntents:
    """The settling journey on a second node."""
    return house.new_settling("nod_2")


@pytest.fixture
async def lost(house: House, ask: Ask, consent: Consent) -> ReportRequest:
    """A request whose node died while the platform was asked; its instant stands still since."""

    async def die() -> None:
        raise NodeDied

    request = ask(consent)
    house.platform.meanwhile = die
    with pytest.raises(NodeDied):
        await house.deliver(request)
    house.platform.meanwhile = None
    return request


@pytest.mark.usefixtures("lost")
async def test_an_intent_is_left_alone_while_its_node_may_live(
    settle: SettleIntents,
    house: House,
) -> None:
    """Past the deadline but within the lease, it is not another node's to close."""
    await house.wait(DEADLINE + timedelta(seconds=5))

    assert await settle() == 0
    assert [core.kind for core in await house.told("report")] == ["report.intended"]


async def test_an_intent_of_a_lost_node_ends_as_unknown(
    settle: SettleIntents,
    house: House,
    lost: ReportRequest,
    consent: Consent,
) -> None:
    """Past lease and deadline: the use stays taken, and the bank's repetition hears so."""
    await house.wait(LEASE + timedelta(seconds=5))

    assert await settle() == 1

    failed = (await house.told("report"))[-1]
    assert isinstance(failed.terms, ReportFailed)
    assert (failed.terms.outcome, failed.terms.code) == ("UNKNOWN", "outcome-unknown")
    assert await house.read_used(consent) == 1
    answer = await house.deliver(lost)
    assert isinstance(answer, Stored)
    assert answer.status == 503
    assert msgspec.json.decode(answer.body)["code"] == "outcome-unknown"
    assert len(house.platform.queries) == 1


@pytest.mark.parametrize(
    ("state", "used", "kinds"),
    [
        (QueryState.COUNTED, 1, ["report.reconciled"]),
        (QueryState.NOT_COUNTED, 0, ["use.returned", "report.reconciled"]),
    ],
)
@pytest.mark.usefixtures("lost")
async def test_the_platform_settles_what_is_unknown(
    state: QueryState,
    used: int,
    kinds: list[str],
    settle: SettleIntents,
    consent: Consent,
    house: House,
) -> None:
    """A counted query keeps its use; one that was never counted gives it back, by an event."""
    (query,) = house.platform.queries
    house.platform.states[query.query_id] = state
    await house.wait(LEASE + timedelta(seconds=5))
    await settle()

    assert await settle() == 1

    assert await house.read_used(consent) == used
    settled = (await house.told("report", "use"))[2:]
    assert [core.kind for core in settled] == kinds
    assert isinstance(settled[-1].terms, ReportReconciled)
    assert settled[-1].terms.state == state
    assert house.platform.found == [query.query_id]


@pytest.mark.usefixtures("lost")
async def test_settling_twice_is_harmless(
    settle: SettleIntents,
    consent: Consent,
    house: House,
) -> None:
    """After the last thing is known, nothing more is done, recorded or given back."""
    await house.wait(LEASE + timedelta(seconds=5))
    await settle()
    await settle()
    before = len(await house.told())

    assert await settle() == 0

    assert len(await house.told()) == before
    assert await house.read_used(consent) == 0


@pytest.mark.usefixtures("lost")
async def test_of_two_nodes_one_settles(
    house: House,
    consent: Consent,
) -> None:
    """Four nodes at once, for each of the two ends: one closes, one gives back, once."""
    nodes = [house.new_settling(f"nod_{number}") for number in range(2, 6)]
    await house.wait(LEASE + timedelta(seconds=5))

    settled = 0
    for _ in range(2):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(node()) for node in nodes]
        settled += sum(task.result() for task in tasks)

    assert settled == 2
    kinds = [core.kind for core in await house.told("report", "use")]
    assert kinds == ["report.intended", "report.failed", "use.returned", "report.reconciled"]
    assert await house.read_used(consent) == 0


async def test_not_counted_is_not_final_before_the_grant_has_ended(
    settle: SettleIntents,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """A query of unknown outcome is asked about only once its grant can count no more."""
    house.platform.failure = PlatformUnavailable(sent=True)
    with pytest.raises(PlatformUnavailable):
        await house.deliver(ask(consent))

    assert await settle() == 0
    assert house.platform.found == []

    await house.wait(DEADLINE)
    assert await settle() == 1
    assert await house.read_used(consent) == 0


@pytest.mark.usefixtures("lost")
async def test_a_platform_that_does_not_say_is_asked_again(
    settle: SettleIntents,
    consent: Consent,
    house: House,
) -> None:
    """Nothing is guessed: the use stays taken until the platform speaks."""
    await house.wait(LEASE + timedelta(seconds=5))
    await settle()
    house.platform.silence = PlatformUnavailable(sent=False)

    assert await settle() == 0
    assert await house.read_used(consent) == 1

    house.platform.silence = None
    assert await settle() == 1
    assert await house.read_used(consent) == 0


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_a_use_is_given_back_once_whatever_the_commit_said(
    fault: str,
    settle: SettleIntents,
    house: House,
    consent: Consent,
) -> None:
    """The reconciling commit fails, or only its answer is lost: the next turn ends the same."""
    await house.wait(LEASE + timedelta(seconds=5))
    await settle()
    broken = msgspec.structs.replace(settle, database=house.faulty_database(2, fault))

    with suppress(DatabaseUnavailable):
        await broken()
    await settle()

    assert await house.read_used(consent) == 0
    assert [core.kind for core in await house.told("use")] == ["use.returned"]


@pytest.mark.usefixtures("lost")
async def test_the_event_that_gives_back_names_the_intent(
    settle: SettleIntents,
    house: House,
) -> None:
    """A replay finds which use counts no longer, as a link of the consent's own chain."""
    await house.wait(LEASE + timedelta(seconds=5))
    await settle()
    await settle()

    intended, _, returned, _ = await house.told("report", "use")
    assert isinstance(returned.terms, UseReturned)
    assert returned.terms.intended == intended.event_id
    assert returned.consent_seq == (intended.consent_seq or 0) + 1


@pytest.mark.parametrize(("state", "used"), [(QueryState.COUNTED, 1), (QueryState.NOT_COUNTED, 0)])
async def test_what_was_broken_off_is_settled_with_the_platform(
    state: QueryState, used: int, house: House, ask: Ask, consent: Consent
) -> None:
    """The consent ended while the platform was asked: whether that counted, it alone knows."""

    async def end() -> None:
        house.under_way.stop(consent.consent_id)
        await asyncio.Event().wait()

    async def look() -> None:
        await house.deliver(ask(consent))

    house.platform.meanwhile = end
    with pytest.raises(ConsentPaused):
        await asyncio.create_task(look())
    (query,) = house.platform.queries
    house.platform.states[query.query_id] = state
    assert await house.read_used(consent) == 1
    await house.wait(DEADLINE + timedelta(seconds=30))

    assert await house.new_settling("nod_1")() == 1

    assert await house.read_used(consent) == used
    assert (await house.told("report"))[-1].kind == "report.reconciled"
