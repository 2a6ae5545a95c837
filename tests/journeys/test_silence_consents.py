"""Withdrawal means silence: two records, and nothing runs between the second and ever after."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest

import creditbridge.access.service as access
import creditbridge.consents.moves.service as moves
from creditbridge.admission.model import Stored
from creditbridge.consents.acts import Withdrawal
from creditbridge.consents.model import Consent, ConsentWithdrawn
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.under_way import UnderWay
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.model import ConsentSilenced, Core, EventKind, Intent, IntentOutcome
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices

Ask: TypeAlias = Callable[..., ReportRequest]


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    meanwhile: Callable[[], Awaitable[object]] | None


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents
    deliver: DeliverReport
    platform: FakePlatform
    under_way: UnderWay

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def new_ledger(self, node_id: str) -> Ledger:
        """Return the ledger of a node."""
        ...


def silence_in(house: House) -> SilenceConsents:
    """Return the journey."""
    return SilenceConsents(
        database=house.database,
        ledger=house.ledger,
        consents=house.consents,
        moves=moves,
        under_way=house.under_way,
    )


async def withdraw(house: House, consent: Consent, person_id: str) -> None:
    """Withdraw a consent."""
    journey = WithdrawConsent(
        database=house.database,
        consents=house.consents,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )
    await journey(Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id))


async def open_intent(house: House, consent: Consent) -> Intent:
    """Put a report under way, as the first record of the consent's bank that comes to hand."""
    [first, *_] = await house.told()
    async with house.database.transaction() as tx:
        await house.ledger.renew_lease(tx)
        intent = Intent(
            intent_id="int_under_way",
            report_id="rpt_under_way",
            bank_id=consent.bank_id,
            client_id="any",
            consent_id=consent.consent_id,
            uscc=consent.uscc,
            query_id="qry_under_way",
            event_id=first.event_id,
            deadline_at=tx.now + timedelta(seconds=15),
        )
        await house.ledger.open_intent(tx, intent)
    return intent


async def test_a_consent_nobody_looks_under_is_silent_at_once(
    house: House, consent: Consent, person_id: str
) -> None:
    """`consent.withdrawn`, then `consent.silenced`, which names it; and it is said once."""
    await withdraw(house, consent, person_id)
    journey = silence_in(house)

    assert await journey() == 1
    assert await journey() == 0

    [*_, withdrawn, silenced] = await house.told("consent")
    assert isinstance(silenced.terms, ConsentSilenced)
    assert withdrawn.kind is EventKind.CONSENT_WITHDRAWN
    assert silenced.terms.withdrawn == withdrawn.event_id
    assert silenced.terms.waited_milliseconds >= 0
    assert silenced.consent_seq == (withdrawn.consent_seq or 0) + 1


async def test_silence_waits_for_a_report_under_way(
    house: House, consent: Consent, person_id: str
) -> None:
    """While a node may still answer under the consent, nobody says that it is silent."""
    intent = await open_intent(house, consent)
    await withdraw(house, consent, person_id)
    journey = silence_in(house)

    assert await journey() == 0

    async with house.database.transaction() as tx:
        assert await house.ledger.close_intent(tx, intent.intent_id, IntentOutcome.REFUSED)
    assert await journey() == 1


async def test_silence_waits_for_every_node_with_a_lease(
    house: House, consent: Consent, person_id: str
) -> None:
    """Another node has not said yet that it is quiet; when its lease has run out it need not."""
    other = house.new_ledger("nod_2")
    async with house.database.transaction() as tx:
        await other.renew_lease(tx)
    await withdraw(house, consent, person_id)

    assert await silence_in(house)() == 0
    async with house.database.transaction() as tx:
        assert await other.list_awaited(tx) == [consent.consent_id]
        await other.end_lease(tx)
    assert await silence_in(house)() == 1


async def test_of_two_nodes_the_last_to_fall_quiet_says_so(
    house: House, consent: Consent, person_id: str
) -> None:
    """Each says it once; whoever comes afterwards finds nothing to say."""
    other = house.new_ledger("nod_2")
    second = msgspec.structs.replace(silence_in(house), ledger=other, under_way=UnderWay())
    async with house.database.transaction() as tx:
        await other.renew_lease(tx)
    await withdraw(house, consent, person_id)

    assert await second() == 0
    assert await second() == 0
    assert await silence_in(house)() == 1
    async with house.database.transaction() as tx:
        await other.say_quiet(tx, [consent.consent_id])
        assert await other.list_awaited(tx) == []
    assert await second() == 0


async def test_an_answer_on_its_way_out_is_waited_for(
    house: House, ask: Ask, consent: Consent, person_id: str
) -> None:
    """Delivered before the withdrawal and not yet handed over: silence waits for its last byte."""
    delivered, handed_over = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        await house.deliver(ask(consent))
        delivered.set()
        await handed_over.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(answer())
        await delivered.wait()
        await withdraw(house, consent, person_id)
        assert await silence_in(house)() == 0
        handed_over.set()

    assert await silence_in(house)() == 1


async def test_a_kept_answer_on_its_way_out_is_waited_for(
    house: House, ask: Ask, consent: Consent, person_id: str
) -> None:
    """A repetition gives the same bytes again, and is a look as well."""
    request, given, handed_over = ask(consent), asyncio.Event(), asyncio.Event()
    await asyncio.create_task(deliver(house, request))

    async def answer() -> None:
        assert isinstance(await house.deliver(request), Stored)
        given.set()
        await handed_over.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(answer())
        await given.wait()
        await withdraw(house, consent, person_id)
        assert await silence_in(house)() == 0
        handed_over.set()

    assert await silence_in(house)() == 1


async def test_what_a_platform_is_asked_is_broken_off(
    house: House, ask: Ask, consent: Consent, person_id: str
) -> None:
    """However slow the platform: the bank is refused at once, and the consent is silent."""
    asked = asyncio.Event()

    async def never() -> None:
        asked.set()
        await asyncio.Event().wait()

    house.platform.meanwhile = never
    running = asyncio.create_task(deliver(house, ask(consent)))
    await asked.wait()
    await withdraw(house, consent, person_id)
    assert await silence_in(house)() == 0

    with pytest.raises(ConsentWithdrawn):
        await running

    assert await silence_in(house)() == 1
    kinds = [str(core.kind) for core in await house.told("consent", "report", "delivery")]
    assert kinds[-4:] == [
        "report.intended",
        "consent.withdrawn",
        "delivery.stopped",
        "consent.silenced",
    ]


async def deliver(house: House, request: ReportRequest) -> object:
    """Take a report in a task of its own, as the server does."""
    return await house.deliver(request)


async def test_a_consent_that_stands_is_not_silenced(
    house: House, give: Callable[..., Awaitable[Consent]]
) -> None:
    """Only a withdrawal asks for silence."""
    await give()

    assert await silence_in(house)() == 0
    assert [core.kind for core in await house.told("consent")][-1] is EventKind.CONSENT_APPROVED
