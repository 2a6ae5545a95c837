"""A consent is paused and resumed, cancelled by its bank, and called over when it is."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import pytest
from msgspec.structs import replace
from tests.journeys.signing import UNSIGNED
from typing_extensions import override

import creditbridge.access.service as access
import creditbridge.consents.moves.service as moves
from creditbridge.consents.acts import Approval, Pause
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.model import (
    Consent,
    ConsentExhausted,
    ConsentExpired,
    ConsentPaused,
    ConsentState,
)
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.cancel_request import CancelRequest
from creditbridge.journeys.close_business import CloseBusiness
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.under_way import Look, UnderWay
from creditbridge.ledger.model import ConsentEnded, ConsentTurned, Core, EventKind
from creditbridge.ledger.service import Ledger
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Bank
from creditbridge.platforms.model import PlatformQuery, PlatformUnavailable
from creditbridge.profile.codes import Until

Ask: TypeAlias = Callable[..., ReportRequest]
Lodge: TypeAlias = Callable[..., Awaitable[Consent]]
Approve: TypeAlias = Callable[[Consent], Approval]
UNKNOWN_PERSON = "prs_01hzy6t9x7c3v5n8m2k4p6q8r0"


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]
    failure: Exception | None
    meanwhile: Callable[[], Awaitable[object]] | None


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    consents: Consents
    deliver: DeliverReport
    platform: FakePlatform
    under_way: UnderWay
    notices: Notices

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def renew_lease(self) -> None:
        """Renew the lease of the first node."""
        ...

    def new_settling(self, node_id: str) -> SettleIntents:
        """Return the settling journey of a node."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Ledger:
        """Return the ledger with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


def cancel_in(house: House) -> CancelRequest:
    """Return the journey of a bank that takes its request back."""
    return CancelRequest(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )


@pytest.fixture
def pausing(house: House) -> PauseConsent:
    """The journey of a pause."""
    return PauseConsent(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )


@pytest.fixture
def ending(house: House) -> EndConsents:
    """The journey of what is over."""
    return EndConsents(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )


@pytest.fixture
def act(consent: Consent, person_id: str) -> Pause:
    """The representative's press on a button."""
    return Pause(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)


async def state_of(house: House, consent: Consent) -> ConsentState:
    """Return the stored state."""
    async with house.database.transaction() as tx:
        return (await house.consents.get_consent(tx, consent.consent_id)).state


async def kinds_of(house: House, *words: str) -> list[str]:
    """Return the kinds of what the ledger holds."""
    return [str(core.kind) for core in await house.told(*words)]


async def test_a_paused_consent_refuses_until_it_is_resumed(
    house: House, ask: Ask, pausing: PauseConsent, consent: Consent, act: Pause
) -> None:
    """The bank is told why; both turns are links of the chain, with the state they led to."""
    await pausing.pause(act)
    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent))
    await pausing.resume(act)
    assert (await house.deliver(ask(consent))).status == 200

    turns = [one for one in await house.told("consent") if isinstance(one.terms, ConsentTurned)]
    assert [(str(one.kind), one.consent_seq) for one in turns] == [
        ("consent.paused", 3),
        ("consent.resumed", 4),
    ]
    assert [one.terms.state for one in turns if isinstance(one.terms, ConsentTurned)] == [
        "PAUSED",
        "ACTIVE",
    ]
    assert all(one.person is not None for one in turns)


async def test_a_kept_answer_is_not_given_again_while_paused(
    house: House, ask: Ask, pausing: PauseConsent, consent: Consent, act: Pause
) -> None:
    """E4: a repetition is a look as well; when the pause is over, it gets the same bytes."""
    request = ask(consent)
    first = await house.deliver(request)
    await pausing.pause(act)
    with pytest.raises(ConsentPaused):
        await house.deliver(request)
    await pausing.resume(act)

    assert (await house.deliver(request)).body == first.body


async def test_an_answer_under_way_is_discarded_by_a_pause(
    house: House, ask: Ask, pausing: PauseConsent, consent: Consent, act: Pause
) -> None:
    """The pause came before the delivery: the use stays taken, the answer is not given."""

    async def pause() -> None:
        await pausing.pause(act)

    house.platform.meanwhile = pause

    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent))

    assert (await kinds_of(house, "consent", "report", "delivery"))[-3:] == [
        "report.intended",
        "consent.paused",
        "delivery.stopped",
    ]


@pytest.mark.parametrize("resumes", [False, True])
async def test_what_a_platform_is_asked_is_broken_off_by_a_pause(
    house: House,
    ask: Ask,
    pausing: PauseConsent,
    consent: Consent,
    act: Pause,
    *,
    resumes: bool,
) -> None:
    """Even where the pause is over before the broken-off look is closed, it delivers nothing."""
    asked = asyncio.Event()

    async def never() -> None:
        asked.set()
        await asyncio.Event().wait()

    house.platform.meanwhile = never
    silence = SilenceConsents(
        database=house.database,
        ledger=house.ledger,
        consents=house.consents,
        moves=moves,
        under_way=house.under_way,
    )

    async def look() -> None:
        await house.deliver(ask(consent))

    running = asyncio.create_task(look())
    await asked.wait()
    await pausing.pause(act)
    if resumes:
        house.under_way.stop(consent.consent_id)
        await pausing.resume(act)
    else:
        assert await silence() == 0

    with pytest.raises(ConsentPaused):
        await running
    assert "delivery.stopped" in await kinds_of(house)


class StoppedAtOnce(UnderWay):
    """Every look is told to stop between its decision and its query."""

    @override
    def enter(self, *consent_ids: str) -> Look:
        """Enter, and be stopped."""
        look = super().enter(*consent_ids)
        look.stop()
        return look


async def test_a_look_that_was_stopped_before_it_asked_was_none(
    house: House, ask: Ask, consent: Consent
) -> None:
    """Three at once: each gives its use back by an event, and its key and business id are free."""
    stopped = replace(house.deliver, under_way=StoppedAtOnce())
    requests = [ask(consent, key=f"key-{n}", business_id=f"loan-{n}") for n in range(3)]

    async def look(request: ReportRequest) -> None:
        with pytest.raises(ConsentPaused):
            await stopped(request)

    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(look(request))

    assert house.platform.queries == []
    kinds = Counter(await kinds_of(house, "report", "use", "delivery"))
    assert kinds == {"report.intended": 3, "use.returned": 3, "delivery.stopped": 3}
    for request in requests:
        assert (await house.deliver(request)).status == 200


async def test_only_who_speaks_for_the_enterprise_pauses(
    house: House, pausing: PauseConsent, consent: Consent, act: Pause
) -> None:
    """A stranger to it does neither, and nothing is recorded."""
    stranger = Pause(consent_id=act.consent_id, uscc=act.uscc, person_id=UNKNOWN_PERSON)

    with pytest.raises(VoiceMissing):
        await pausing.pause(stranger)
    with pytest.raises(VoiceMissing):
        await pausing.resume(stranger)

    assert await state_of(house, consent) is ConsentState.ACTIVE
    assert len(await house.told("consent")) == 2


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_nothing_turns_without_the_ledgers_word(
    house: House, consent: Consent, act: Pause, fault: str
) -> None:
    """The statement fails, before or after it was done: the consent is as it was."""
    broken = house.faulty_ledger(EventKind.CONSENT_PAUSED, fault)
    journey = PauseConsent(
        database=house.database, moves=moves, ledger=broken, notices=house.notices
    )

    with pytest.raises(DatabaseUnavailable):
        await journey.pause(act)

    assert await state_of(house, consent) is ConsentState.ACTIVE


async def test_a_bank_takes_back_what_was_not_answered(
    house: House, lodge: Lodge, approval: Approve, north: Onboarded
) -> None:
    """LAPSED with the reason; nobody says yes to it any more, and it is done once."""
    cancel = cancel_in(house)
    consent, caller = await lodge(), house.call(north)

    ended = await cancel(caller, consent.consent_id)

    assert ended.state is ConsentState.LAPSED
    last = (await house.told("consent"))[-1]
    assert str(last.kind) == "consent.cancelled"
    assert isinstance(last.terms, ConsentEnded)
    assert (last.terms.state, last.terms.reason) == ("LAPSED", "bank-cancelled")
    with pytest.raises(TransitionImpossible):
        await cancel(caller, consent.consent_id)
    give = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )
    with pytest.raises(TransitionImpossible):
        await give.approve(approval(consent))


async def test_another_banks_request_is_unknown(
    house: House, lodge: Lodge, south: Onboarded
) -> None:
    """A bank neither ends it nor learns that it is there."""
    cancel = cancel_in(house)
    consent = await lodge()

    with pytest.raises(ConsentUnknown):
        await cancel(house.call(south), consent.consent_id)

    assert await state_of(house, consent) is ConsentState.REQUESTED


async def test_a_consent_past_its_term_is_called_over(
    house: House, consent: Consent, ending: EndConsents
) -> None:
    """Once, with a link of its own; the instant had decided before."""
    assert await ending() == 0
    await house.database.raise_floor(consent.valid_to)

    assert await ending() == 1
    assert await ending() == 0

    assert await state_of(house, consent) is ConsentState.EXPIRED
    assert (await kinds_of(house, "consent"))[-1] == "consent.expired"


async def test_a_consent_is_used_up_when_no_use_can_come_back(
    house: House, ask: Ask, give: Lodge, ending: EndConsents
) -> None:
    """While its outcome is unknown the last use may come back: it does, and the next is the end."""
    consent = await give(queries=1)
    house.platform.failure = PlatformUnavailable(sent=True)
    with pytest.raises(PlatformUnavailable):
        await house.deliver(ask(consent))
    assert await ending() == 0
    await house.wait(timedelta(seconds=20))
    await house.new_settling("nod_1")()
    house.platform.failure = None

    assert (await house.deliver(ask(consent, key="second"))).status == 200
    assert await ending() == 1

    assert await state_of(house, consent) is ConsentState.EXHAUSTED
    assert (await kinds_of(house, "consent"))[-1] == "consent.exhausted"
    with pytest.raises(ConsentExhausted):
        await house.deliver(ask(consent, key="third"))


async def test_a_newer_consent_ends_the_older_in_the_same_commit(
    house: House, lodge: Lodge, consent: Consent, approval: Approve
) -> None:
    """Both links are written together; the older covers nothing from there on."""
    newer = await lodge(supersedes=consent.consent_id)
    give = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )

    await give.approve(approval(newer))

    assert await state_of(house, consent) is ConsentState.SUPERSEDED
    assert await state_of(house, newer) is ConsentState.ACTIVE
    assert (await kinds_of(house, "consent"))[-2:] == ["consent.approved", "consent.superseded"]


async def test_a_bank_tells_the_end_of_a_business(
    house: House, ask: Ask, give: Lodge, north: Onboarded
) -> None:
    """What lasts until then is over at once, and each link says why."""
    close = CloseBusiness(
        database=house.database,
        moves=moves,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )
    consent = await give(business_ref="B-7", until=Until.BUSINESS_END)

    ended = await close(house.call(north), consent.consent_id)
    again = await close(house.call(north), consent.consent_id)

    assert (ended.state, again) == (ConsentState.EXPIRED, ended)
    async with house.database.transaction() as tx:
        told = await house.notices.list_notices(tx, Reader(person_id="anybody", uscc=consent.uscc))
    assert [one.kind for one in told][:1] == [NoticeKind.BUSINESS_CLOSED]
    assert [str(one.kind) for one in (await house.told("consent", "business"))[-2:]] == [
        "business.closed",
        "consent.expired",
    ]
    with pytest.raises(ConsentExpired):
        await house.deliver(ask(consent))
