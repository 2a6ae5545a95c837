"""A bank's report: what it may get, under which key, and what the ledger then holds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

import creditbridge.access.service as access
from creditbridge.admission.model import Outcome, Stored
from creditbridge.admission.rules import (
    BusinessIdTaken,
    EnterpriseLimited,
    KeyInFlight,
    KeyReused,
)
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings, LimitPolicy
from creditbridge.consents.acts import Withdrawal
from creditbridge.consents.model import (
    Consent,
    ConsentExhausted,
    ConsentExpired,
    ConsentMissing,
    ConsentWithdrawn,
    PurposeMismatch,
    SectionsNotCovered,
)
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, open_database
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.model import (
    Core,
    DeliveryStopped,
    ReportDelivered,
    ReportIntended,
    ReportRefused,
)
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices
from creditbridge.parties.licence import PurposeNotLicensed
from creditbridge.parties.model import Bank
from creditbridge.platforms.model import PlatformQuery
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.profile.seal import verify_seal

UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
OTHER_USCC = "91330106589876549K"

Ask: TypeAlias = Callable[..., ReportRequest]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
Give: TypeAlias = Callable[..., Awaitable[Consent]]
ReadUsed: TypeAlias = Callable[[Consent], Awaitable[int]]


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]
    meanwhile: Callable[[], Awaitable[object]] | None


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents
    platform: FakePlatform
    deliver: DeliverReport
    seal_key: FileKey

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def read_used(self, consent: Consent) -> int:
        """Return how many uses are taken."""
        ...

    def new_delivery(
        self, *, database: Database | None = None, ledger: Recorder | None = None
    ) -> DeliverReport:
        """Return the journey with another room."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


@pytest.fixture
def withdraw(house: House, person_id: str) -> Callable[[Consent], Awaitable[Consent]]:
    """Withdraws a consent as its enterprise's representative."""
    journey = WithdrawConsent(
        database=house.database,
        consents=house.consents,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )

    def act(consent: Consent) -> Awaitable[Consent]:
        return journey(
            Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)
        )

    return act


async def test_a_covered_report_is_delivered_and_recorded(
    house: House, ask: Ask, consent: Consent
) -> None:
    """The bank gets the sealed profile; intent and delivery stand in the ledger, in this order."""
    outcome = await house.deliver(ask(consent))

    profile = verify_seal(outcome.body, {house.seal_key.key.key_id: house.seal_key.key}.get)
    assert isinstance(outcome, Outcome)
    assert outcome.status == 200
    assert list(profile.sections) == [SectionCode.REG]
    intended, delivered = await house.told("report")
    assert isinstance(intended.terms, ReportIntended)
    assert isinstance(delivered.terms, ReportDelivered)
    assert intended.terms.use_number == 1
    assert delivered.terms.intended == intended.event_id
    assert delivered.terms.profile_id == profile.profile_id
    assert outcome.event_id == delivered.event_id


async def test_the_intent_is_durable_before_the_query_goes_out(
    house: House, ask: Ask, consent: Consent
) -> None:
    """While the platform is asked, another connection reads the intent (law 1)."""
    seen = list[str]()

    async def look() -> None:
        seen.extend(core.kind for core in await house.told("report"))

    house.platform.meanwhile = look

    await house.deliver(ask(consent))

    assert seen == ["report.intended"]


async def test_S4_the_query_asks_for_what_the_consent_covers(
    house: House, ask: Ask, consent: Consent
) -> None:
    """Sections that the enterprise did not give are never asked for, and the profile says so."""
    outcome = await house.deliver(
        ask(consent, sections=frozenset({SectionCode.REG, SectionCode.EVA}))
    )

    assert [query.sections for query in house.platform.queries] == [frozenset({SectionCode.REG})]
    omitted = msgspec.json.decode(outcome.body)["omitted_sections"]
    assert omitted == [{"code": "EVA", "reason": "NOT_CONSENTED"}]


REFUSALS: dict[str, tuple[type[Refused], dict[str, object]]] = {
    "unknown": (ConsentMissing, {"consent_id": UNKNOWN_CONSENT}),
    "other-enterprise": (ConsentMissing, {"uscc": OTHER_USCC}),
    "no-id": (ConsentMissing, {"consent_id": "DROP TABLE"}),
    "purpose": (PurposeMismatch, {"purpose": Purpose.RELATED_PARTY}),
    "sections": (SectionsNotCovered, {"sections": frozenset({SectionCode.EVA})}),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_no_consent_covers_is_refused_and_recorded(
    case: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """No query, no use, one `report.refused` with the code; the key is free for another try."""
    refused, changed = REFUSALS[case]

    with pytest.raises(refused) as caught:
        await house.deliver(ask(consent, **changed))
    second = await house.deliver(ask(consent, body=b"corrected"))

    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1
    record = (await house.told("report"))[0]
    assert isinstance(record.terms, ReportRefused)
    assert record.terms.code == refused.code
    assert record.terms.report_id == caught.value.decision_id
    assert (record.enterprise, record.consent) == (None, None)
    assert isinstance(second, Outcome)


async def test_R4_a_report_beyond_the_licence_is_refused_by_its_own_rule(
    house: House, ask: Ask, consent: Consent, north: Onboarded
) -> None:
    """Recorded under the rule that decided; no use is taken, and nobody is asked."""
    bank = replace(north.bank, purposes=frozenset({Purpose.POST_LOAN}), sections=consent.sections)
    caller = replace(house.call(north), bank=bank)

    with pytest.raises(PurposeNotLicensed):
        await house.deliver(ask(consent, caller=caller))

    (refused,) = await house.told("report")
    assert (refused.rule, refused.rule_version) == ("bank-licence", "1")
    assert isinstance(refused.terms, ReportRefused)
    assert refused.terms.code == "consent-purpose-not-licensed"
    assert await house.read_used(consent) == 0
    assert house.platform.queries == []


async def test_E5_looks_at_one_enterprise_are_limited_for_the_whole_bank(
    house: House, ask: Ask, give: Give, north: Onboarded
) -> None:
    """Under whichever consent and client; no use is taken, and what was answered is repeated."""
    first, second = await give(), await give()
    policy = LimitPolicy(name="enterprise", quota=1, window_seconds=86_400)
    admission = Admission(AdmissionSettings(per_enterprise=policy), Sealer(bytes(32)))
    deliver = replace(house.deliver, admission=admission)
    await deliver(ask(first))

    with pytest.raises(EnterpriseLimited):
        await deliver(ask(second, key="k-2", caller=house.call(north, client=1)))

    assert await house.read_used(second) == 0
    assert len(house.platform.queries) == 1
    assert isinstance(await deliver(ask(first)), Stored)
    refused = next(core for core in await house.told("report") if core.kind == "report.refused")
    assert refused.rule == "looks-per-enterprise"
    # The refusal freed the key, and took nothing.
    await house.deliver(ask(second, key="k-2", caller=house.call(north, client=1)))


async def test_another_banks_consent_is_missing(
    house: House,
    ask: Ask,
    consent: Consent,
    south: Onboarded,
) -> None:
    """A bank does not learn that a consent of another bank exists: same error as for none."""
    rival = house.call(south)
    errors = list[Refused]()
    for changed in ({}, {"consent_id": UNKNOWN_CONSENT}):
        with pytest.raises(ConsentMissing) as caught:
            await house.deliver(ask(consent, caller=rival, **changed))
        errors.append(caught.value)

    assert errors[0].prose == errors[1].prose
    assert errors[0].detail == errors[1].detail


async def test_a_client_that_the_consent_does_not_name_is_refused(
    house: House,
    ask: Ask,
    give: Callable[..., Awaitable[Consent]],
    north: Onboarded,
) -> None:
    """A second machine of the same bank reads nothing under a consent to the first."""
    consent = await give(clients=[north.client_ids[0]])

    with pytest.raises(Refused, match="names other clients"):
        await house.deliver(ask(consent, caller=house.call(north, client=1)))

    assert [core.kind for core in await house.told("report")] == ["report.refused"]


async def test_an_expired_consent_is_refused_by_the_databases_clock(
    house: House,
    ask: Ask,
    give: Callable[..., Awaitable[Consent]],
) -> None:
    """Valid while now < valid_to: at its very end it covers nothing any more."""
    consent = await give(seconds=3_600)
    await house.database.raise_floor(consent.valid_to)
    async with house.database.transaction() as tx:
        await house.ledger.renew_lease(tx)

    with pytest.raises(ConsentExpired):
        await house.deliver(ask(consent))


async def test_the_last_microsecond_of_a_consent_is_its_own(
    house: House, ask: Ask, give: Give
) -> None:
    """A look is decided and delivered in it; one that is delivered at the end itself is stopped."""
    consent = await give(seconds=3_600)
    await house.database.raise_floor(consent.valid_to - timedelta(microseconds=1))
    async with house.database.transaction() as tx:
        await house.ledger.renew_lease(tx)

    in_time = await house.deliver(ask(consent))
    house.platform.meanwhile = lambda: house.database.raise_floor(consent.valid_to)
    with pytest.raises(ConsentExpired):
        await house.deliver(ask(consent, key="key-2"))

    assert in_time.status == 200
    kinds = [str(core.kind) for core in await house.told("report", "delivery")]
    assert kinds == ["report.intended", "report.delivered", "report.intended", "delivery.stopped"]


async def test_the_last_use_is_taken_once(
    house: House,
    ask: Ask,
    give: Callable[..., Awaitable[Consent]],
    database_url: str,
) -> None:
    """Of 200 racers over two pools of connections one gets the last use (law 2)."""
    consent = await give(queries=1)
    second = await open_database(database_url, connections_max=8)
    journeys = (house.deliver, house.new_delivery(database=second))

    async def race(number: int) -> str:
        try:
            await journeys[number % 2](ask(consent, key=f"key-{number}"))
        except ConsentExhausted:
            return "refused"
        return "delivered"

    async with asyncio.TaskGroup() as group:
        racers = [group.create_task(race(number)) for number in range(200)]
    await second.close()

    assert sorted(task.result() for task in racers) == ["delivered"] + ["refused"] * 199
    kinds = [str(core.kind) for core in await house.told("report")]
    assert kinds.count("report.refused") == 199
    assert kinds.count("report.delivered") == 1


async def test_a_withdrawal_during_the_query_stops_the_delivery(
    house: House,
    ask: Ask,
    consent: Consent,
    withdraw: Callable[[Consent], Awaitable[Consent]],
) -> None:
    """The answer is discarded, the discarding recorded; its repetition tells the same."""
    house.platform.meanwhile = lambda: withdraw(consent)

    with pytest.raises(ConsentWithdrawn) as caught:
        await house.deliver(ask(consent))

    intended, stopped = await house.told("report", "delivery")
    assert isinstance(intended.terms, ReportIntended)
    assert isinstance(stopped.terms, DeliveryStopped)
    assert stopped.terms.code == "consent-withdrawn"
    assert caught.value.decision_id == intended.terms.report_id
    assert await house.read_used(consent) == 1
    with pytest.raises(ConsentWithdrawn):
        await house.deliver(ask(consent))


async def test_a_repetition_gets_the_same_bytes(house: House, ask: Ask, consent: Consent) -> None:
    """Same key, same request: the stored answer; one query, one use."""
    first = await house.deliver(ask(consent))
    second = await house.deliver(ask(consent))

    assert isinstance(second, Stored)
    assert (second.status, second.headers, second.body) == (
        first.status,
        first.headers,
        first.body,
    )
    assert second.receipt == first.receipt
    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1


async def test_a_repetition_under_an_exhausted_consent_is_answered(
    house: House, ask: Ask, give: Callable[..., Awaitable[Consent]]
) -> None:
    """The use that was taken for it is its own."""
    consent = await give(queries=1)
    first = await house.deliver(ask(consent))

    assert (await house.deliver(ask(consent))).body == first.body


async def test_a_repetition_after_a_withdrawal_is_refused(
    house: House,
    ask: Ask,
    consent: Consent,
    withdraw: Callable[[Consent], Awaitable[Consent]],
) -> None:
    """Withdrawal means silence: what was delivered once is not delivered again (law 8)."""
    await house.deliver(ask(consent))
    await withdraw(consent)

    with pytest.raises(ConsentWithdrawn):
        await house.deliver(ask(consent))

    assert (await house.told("report"))[-1].kind == "report.refused"


async def test_a_key_belongs_to_one_request(house: House, ask: Ask, consent: Consent) -> None:
    """Another body under the same key is refused, and recorded as a refusal."""
    await house.deliver(ask(consent))

    with pytest.raises(KeyReused):
        await house.deliver(ask(consent, body=b"another"))

    assert len(house.platform.queries) == 1
    refused = (await house.told("report"))[-1]
    assert isinstance(refused.terms, ReportRefused)
    assert refused.terms.code == "idempotency-key-reused"


async def test_a_key_in_flight_is_not_taken_again(house: House, ask: Ask, consent: Consent) -> None:
    """While the first request is at the platform, its repetition is told to wait."""
    waiting = list[str]()

    async def repeat() -> None:
        house.platform.meanwhile = None
        try:
            await house.deliver(ask(consent))
        except KeyInFlight as refusal:
            waiting.append(refusal.code)

    house.platform.meanwhile = repeat

    first = await house.deliver(ask(consent))

    assert first.status == 200
    assert waiting == ["idempotency-in-flight"]
    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1


async def test_fifty_at_once_under_one_key_are_one_query(
    house: House, ask: Ask, consent: Consent
) -> None:
    """Each gets the one answer or is told to wait (promise 7)."""

    async def attempt() -> bytes:
        try:
            return (await house.deliver(ask(consent))).body
        except KeyInFlight:
            return b"wait"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt()) for _ in range(50)]

    bodies = {task.result() for task in tasks} - {b"wait"}
    assert len(bodies) == 1
    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1


async def test_two_clients_of_one_bank_have_keys_of_their_own(
    house: House,
    ask: Ask,
    consent: Consent,
    north: Onboarded,
) -> None:
    """The second client's request under the same key is another request."""
    first = await house.deliver(ask(consent))
    second = await house.deliver(ask(consent, caller=house.call(north, client=1)))

    assert isinstance(second, Outcome)
    assert first.body != second.body
    assert len(house.platform.queries) == 2


async def test_a_business_id_is_one_request_of_the_whole_bank(
    house: House,
    ask: Ask,
    consent: Consent,
    north: Onboarded,
) -> None:
    """Neither another key nor another client of the bank asks twice for one business request."""
    await house.deliver(ask(consent, business_id="loan-1"))

    with pytest.raises(BusinessIdTaken):
        await house.deliver(ask(consent, key="key-2", business_id="loan-1"))
    with pytest.raises(BusinessIdTaken):
        await house.deliver(ask(consent, caller=house.call(north, client=1), business_id="loan-1"))

    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1


async def test_a_refused_request_frees_its_business_id(
    house: House, ask: Ask, consent: Consent
) -> None:
    """A refusal had no effect, so the bank may come again with the same id and key."""
    with pytest.raises(PurposeMismatch):
        await house.deliver(ask(consent, business_id="loan-1", purpose=Purpose.RELATED_PARTY))

    assert (await house.deliver(ask(consent, business_id="loan-1"))).status == 200


async def test_a_grant_to_the_platform_ends_with_the_report(
    house: House, ask: Ask, consent: Consent
) -> None:
    """The query grant is valid until the intent's deadline, and for less than a minute."""
    await house.deliver(ask(consent))

    (query,) = house.platform.queries
    intended = (await house.told("report"))[0]
    assert isinstance(intended.terms, ReportIntended)
    assert query.expires_at == intended.terms.deadline_at
    assert query.expires_at - intended.decided_at == timedelta(seconds=15)
