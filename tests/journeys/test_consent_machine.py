"""Consents and idempotency in any order and at once: no disclosure outside a consent, ever.

A model of what was said and when stands beside the real rooms on a real database. Each answer that
holds data is compared with the model: by whom, about whom, for what, until when, how often.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TypeAlias, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.journeys.conftest import USCC, House, Onboarded
from tests.journeys.signing import UNSIGNED

import creditbridge.access.service as access
from creditbridge.admission.model import Outcome, Stored
from creditbridge.consents.acts import Approval, Refusal, Withdrawal
from creditbridge.consents.model import Consent
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.journeys.deliver_report import ReportRequest
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.parties.model import Role
from creditbridge.platforms.model import PlatformUnavailable
from creditbridge.profile.codes import Purpose, SectionCode

T = TypeVar("T")
Answered: TypeAlias = "Outcome | Stored | None"

DAY = timedelta(days=1)
SECTIONS = (SectionCode.REG, SectionCode.PEN, SectionCode.EVA)
sections_of = st.frozensets(st.sampled_from(SECTIONS), min_size=1)
OTHER_USCC = "91330106589876549K"


class World(msgspec.Struct, kw_only=True):
    """What all machines of a run share: the house, its people, and how much time has passed."""

    loop: asyncio.AbstractEventLoop
    house: House
    north: Onboarded
    south: Onboarded
    person_id: str
    lodge: Callable[..., Awaitable[Consent]]
    approval: Callable[[Consent], Approval]
    ask: Callable[..., ReportRequest]
    days: int = 0
    numbers: "itertools.count[int]"
    disclosures: int = 0
    refusals: int = 0

    def run(self, work: Awaitable[T]) -> T:
        """Run something on the loop of the house, from the thread of the machine."""

        async def wait() -> T:
            return await work

        coroutine: Coroutine[object, object, T] = wait()
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


class Known(msgspec.Struct, kw_only=True):
    """What the model knows of one consent."""

    consent: Consent
    sections: frozenset[SectionCode]
    max_queries: int
    ends_on: float  # In days of the world.
    state: str = "REQUESTED"
    used: int = 0


class ConsentMachine(RuleBasedStateMachine):
    """The enterprise says yes and no, time passes, banks ask: in any order."""

    consents: "Bundle[Known]" = Bundle("consents")
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Known] = []
        self.keys: dict[str, tuple[Known, bytes]] = {}
        self.world.house.platform.failure = None
        self.world.house.platform.meanwhile = None

    @rule(
        target=consents,
        queries=st.integers(1, 3),
        sections=sections_of,
        days=st.integers(0, 4),
        is_given=st.sampled_from([True, True, True, False]),
    )
    def request(
        self,
        queries: int,
        sections: frozenset[SectionCode],
        days: int,
        is_given: bool,  # noqa: FBT001 -- drawn by hypothesis
    ) -> Known:
        """A bank asks for a consent that ends in the middle of a day, and mostly gets it soon."""
        world = self.world
        ends_on = world.days + days + 0.5
        seconds = ends_on * DAY.total_seconds()
        consent = world.run(world.lodge(queries=queries, sections=sections, seconds=seconds))
        known = Known(consent=consent, sections=sections, max_queries=queries, ends_on=ends_on)
        self.known.append(known)
        if is_given:
            self.approve(known, sections)
        return known

    @rule(known=consents, narrowed=sections_of)
    def approve(self, known: Known, narrowed: frozenset[SectionCode]) -> None:
        """The enterprise says yes, to all of it or to less."""
        house = self.world.house
        kept = (narrowed & known.sections) or known.sections
        approval = msgspec.structs.replace(self.world.approval(known.consent), sections=kept)
        journey = GiveConsent(
            database=house.database,
            consents=house.consents,
            sign_consents=UNSIGNED,
            ledger=house.ledger,
            notices=self.world.house.notices,
        )
        if self._tries(journey.approve(approval)):
            assert (known.state, self.world.days < known.ends_on) == ("REQUESTED", True)
            known.state, known.sections = "ACTIVE", kept

    @rule(known=consents)
    def refuse(self, known: Known) -> None:
        """The enterprise says no."""
        house = self.world.house
        refusal = Refusal(
            consent_id=known.consent.consent_id,
            version=known.consent.version,
            uscc=USCC,
            person_id=self.world.person_id,
            role=Role.LEGAL_REP,
        )
        journey = GiveConsent(
            database=house.database,
            consents=house.consents,
            sign_consents=UNSIGNED,
            ledger=house.ledger,
            notices=self.world.house.notices,
        )
        if self._tries(journey.refuse(refusal)):
            assert known.state == "REQUESTED"
            known.state = "REFUSED"

    @rule(known=consents)
    def withdraw(self, known: Known) -> None:
        """The enterprise takes it back."""
        if self._tries(self._withdrawal(known)):
            known.state = "WITHDRAWN"

    @rule(days=st.integers(1, 2))
    def pass_time(self, days: int) -> None:
        """Days go by."""
        self.world.days += days
        self.world.run(self.world.house.wait(days * DAY))
        self.world.run(self.world.house.renew_lease())

    @rule(
        known=consents,
        key=st.integers(0, 4),
        body=st.sampled_from([b"{}", b"[]"]),
        sections=sections_of,
        who=st.sampled_from(["own", "second", "rival"]),
        odd=st.sampled_from(["", "", "", "purpose", "enterprise"]),
    )
    def look(
        self,
        known: Known,
        key: int,
        body: bytes,
        sections: frozenset[SectionCode],
        who: str,
        odd: str,
    ) -> None:
        """Somebody asks, the right bank or another, for the right thing or another."""
        bank = self.world.south if who == "rival" else self.world.north
        caller = self.world.house.call(bank, client=int(who == "second"), body=body)
        changed: dict[str, object] = {"sections": sections}
        if odd == "purpose":
            changed["purpose"] = Purpose.RELATED_PARTY
        if odd == "enterprise":
            changed["uscc"] = OTHER_USCC
        name = f"{id(self)}-{who}-{key}"
        request = self.world.ask(known.consent, key=name, body=body, caller=caller, **changed)
        answer = self._deliver(request)
        if answer is None:
            return
        assert (who != "rival", odd) == (True, "")
        self._require_standing(known)
        if isinstance(answer, Stored):
            # Only what was delivered under this key, for this very request, comes again.
            assert self.keys[name] == (known, body)
            return
        self._count(known, answer, sections)
        self.keys[name] = (known, body)

    @rule(known=consents, callers=st.integers(2, 6))
    def race(self, known: Known, callers: int) -> None:
        """Several ask at once, each under a key of its own."""
        requests = [
            self.world.ask(
                known.consent, key=f"race-{next(self.world.numbers)}", sections=known.sections
            )
            for _ in range(callers)
        ]

        async def run() -> list[Answered]:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._attempt(request)) for request in requests]
            return [task.result() for task in tasks]

        for answer in self.world.run(run()):
            if answer is not None:
                self._require_standing(known)
                self._count(known, answer, known.sections)

    @rule(known=consents)
    def withdraw_meanwhile(self, known: Known) -> None:
        """The enterprise takes its consent back while the platform is being asked."""
        platform, ended = self.world.house.platform, list[bool]()

        async def meanwhile() -> None:
            try:
                await self._withdrawal(known)
            except Refused:
                ended.append(False)
            else:
                ended.append(True)

        platform.meanwhile = meanwhile
        key = f"meanwhile-{next(self.world.numbers)}"
        answer = self._deliver(self.world.ask(known.consent, key=key, sections=known.sections))
        platform.meanwhile = None
        assert answer is None
        if ended:
            assert ended == [True]
            known.state, known.used = "WITHDRAWN", known.used + 1

    @rule(known=consents, sent=st.booleans())
    def fail(self, known: Known, sent: bool) -> None:  # noqa: FBT001 -- drawn by hypothesis
        """The platform cannot be reached, or is silent after it was."""
        platform, before = self.world.house.platform, len(self.world.house.platform.queries)
        platform.failure = PlatformUnavailable(sent=sent)
        key = f"fail-{next(self.world.numbers)}"
        answer = self._deliver(self.world.ask(known.consent, key=key, sections=known.sections))
        platform.failure = None
        assert answer is None
        if len(platform.queries) > before and sent:
            known.used += 1  # Its outcome is unknown: the use stays taken.

    @invariant()
    def uses_are_those_of_the_model(self) -> None:
        """What the database counts is what was disclosed or may have been."""
        for known in self.known:
            assert self.world.run(self.world.house.read_used(known.consent)) == known.used
            assert known.used <= known.max_queries

    def _require_standing(self, known: Known) -> None:
        assert known.state == "ACTIVE"
        assert self.world.days < known.ends_on

    def _count(self, known: Known, answer: Outcome | Stored, asked: frozenset[SectionCode]) -> None:
        known.used += 1
        self.world.disclosures += 1
        assert known.used <= known.max_queries
        shown = msgspec.json.decode(answer.body, type=dict[str, object])["sections"]
        assert isinstance(shown, dict)
        assert set(shown) == asked & known.sections

    def _withdrawal(self, known: Known) -> Awaitable[Consent]:
        house = self.world.house
        journey = WithdrawConsent(
            database=house.database,
            consents=house.consents,
            access=access,
            ledger=house.ledger,
            notices=house.notices,
        )
        return journey(
            Withdrawal(
                consent_id=known.consent.consent_id, uscc=USCC, person_id=self.world.person_id
            )
        )

    def _tries(self, work: Awaitable[object]) -> bool:
        try:
            self.world.run(work)
        except Refused:
            return False
        return True

    def _deliver(self, request: ReportRequest) -> Answered:
        return self.world.run(self._attempt(request))

    async def _attempt(self, request: ReportRequest) -> Answered:
        try:
            answer = await self.world.house.deliver(request)
        except CreditbridgeError:
            self.world.refusals += 1
            return None
        return answer if answer.status == 200 else None


@pytest.mark.endure
async def test_nothing_is_disclosed_outside_a_consent(
    house: House,
    north: Onboarded,
    south: Onboarded,
    person_id: str,
    lodge: Callable[..., Awaitable[Consent]],
    approval: Callable[[Consent], Approval],
    ask: Callable[..., ReportRequest],
    endures: bool,  # noqa: FBT001 -- a fixture
) -> None:
    """Whatever order things happen in (RELIABILITY, promise 9; the long run is 100,000 steps)."""
    world = World(
        loop=asyncio.get_running_loop(),
        house=house,
        north=north,
        south=south,
        person_id=person_id,
        lodge=lodge,
        approval=approval,
        ask=ask,
        numbers=itertools.count(1),
    )

    class Machine(ConsentMachine):
        """The machine in this world."""

    Machine.world = world
    chosen = settings(
        max_examples=2_500 if endures else 30,
        stateful_step_count=50 if endures else 25,
        derandomize=not endures,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=chosen)

    assert world.disclosures > 10
    assert world.refusals > 0
