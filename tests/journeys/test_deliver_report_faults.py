"""A report when something fails: each fault as "not done" and as "done, but nobody heard"."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import pytest

from creditbridge.admission.model import Stored
from creditbridge.admission.rules import KeyInFlight
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.report_ports import IntentClosed
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.ledger.model import Core, EventKind, LeaseLost, ReportFailed, UseReturned
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.platforms.model import (
    AnswerRejected,
    DeadlineExceeded,
    EnterpriseUnknown,
    PlatformQuery,
    PlatformRefused,
    PlatformUnavailable,
    PlatformUntrusted,
    SectionsNotSupplied,
)

Ask: TypeAlias = Callable[..., ReportRequest]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
ReadUsed: TypeAlias = Callable[[Consent], Awaitable[int]]
NewDelivery: TypeAlias = Callable[..., DeliverReport]


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]
    failure: CreditbridgeError | None
    meanwhile: Callable[[], Awaitable[object]] | None


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    platform: FakePlatform
    deliver: DeliverReport

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def read_used(self, consent: Consent) -> int:
        """Return how many uses are taken."""
        ...

    def new_delivery(
        self, *, database: Database | None = None, ledger: Recorder | None = None
    ) -> DeliverReport:
        """Return the journey with another room."""
        ...

    def new_settling(self, node_id: str) -> SettleIntents:
        """Return the settling journey of a node."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...

    def new_ledger(self, node_id: str) -> Ledger:
        """Return the ledger of a node."""
        ...


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_nothing_is_asked_without_the_ledgers_word_on_the_intent(
    fault: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The intent's statement fails, before or after it was done: error, no query, no use."""
    deliver = house.new_delivery(ledger=house.faulty_ledger(EventKind.REPORT_INTENDED, fault))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent))

    assert house.platform.queries == []
    assert await house.told("report") == []
    assert await house.read_used(consent) == 0


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_report_leaves_without_the_ledgers_word_on_the_delivery(
    fault: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The delivery's statement fails, before or after it was done: the bank gets an error."""
    deliver = house.new_delivery(ledger=house.faulty_ledger(EventKind.REPORT_DELIVERED, fault))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent))

    assert [core.kind for core in await house.told("report")] == ["report.intended"]


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_refusal_is_told_without_the_ledgers_word(
    fault: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """A refusal that cannot be recorded is answered as unavailability."""
    deliver = house.new_delivery(ledger=house.faulty_ledger(EventKind.REPORT_REFUSED, fault))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent, uscc="91330106589876549K"))

    assert await house.told("report") == []


async def test_an_intent_that_did_not_commit_had_no_effect(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The bank comes again under the same key and is served as if for the first time."""
    broken = house.new_delivery(database=house.faulty_database(1, "failed"))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    outcome = await house.deliver(ask(consent))

    assert outcome.status == 200
    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1


async def test_an_intent_whose_commit_was_not_answered_asks_nothing(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """It may be durable, so the key stays in flight until it is settled; nothing went upstream."""
    broken = house.new_delivery(database=house.faulty_database(1, "reply lost"))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    with pytest.raises(KeyInFlight):
        await house.deliver(ask(consent))

    assert house.platform.queries == []
    assert [core.kind for core in await house.told("report")] == [
        "report.intended",
        "report.refused",
    ]


async def test_a_delivery_whose_commit_was_not_answered_is_found_again(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The bank gets an error; its repetition gets the delivered bytes, without a second query."""
    broken = house.new_delivery(database=house.faulty_database(2, "reply lost"))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    outcome = await house.deliver(ask(consent))

    assert isinstance(outcome, Stored)
    assert outcome.status == 200
    assert outcome.event_id == (await house.told("report"))[-1].event_id
    assert len(house.platform.queries) == 1


async def test_a_delivery_that_did_not_commit_is_settled_by_its_own_node(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The node lives on, so it closes the intent itself once the deadline has passed."""
    broken = house.new_delivery(database=house.faulty_database(2, "failed"))
    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    for _ in range(10):
        # The node renews its lease all the while.
        await house.wait(timedelta(seconds=10))
        await house.new_settling("nod_1")()

    outcome = await house.deliver(ask(consent))

    assert isinstance(outcome, Stored)
    assert "report.failed" in [core.kind for core in await house.told("report")]


NOT_SENT = {
    "unavailable": PlatformUnavailable(sent=False),
    "deadline": DeadlineExceeded(sent=False),
    "refused": PlatformRefused(),
    "untrusted": PlatformUntrusted(),
    "not-supplied": SectionsNotSupplied(),
}


@pytest.mark.parametrize("case", NOT_SENT)
async def test_a_query_that_was_never_sent_gives_its_use_back(
    case: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """Use, key and business id are free again, and the ledger says why (law 10)."""
    house.platform.failure = failure = NOT_SENT[case]

    with pytest.raises(type(failure)):
        await house.deliver(ask(consent, business_id="loan-1"))

    assert await house.read_used(consent) == 0
    intended, returned, failed = await house.told("report", "use")
    assert isinstance(returned.terms, UseReturned)
    assert returned.terms.intended == intended.event_id
    assert returned.terms.reason == failure.code
    assert isinstance(failed.terms, ReportFailed)
    assert failed.terms.outcome == "NOT_SENT"
    house.platform.failure = None
    assert (await house.deliver(ask(consent, business_id="loan-1"))).status == 200


UNKNOWN = {
    "unavailable": (PlatformUnavailable(sent=True), 503, "UNKNOWN"),
    "deadline": (DeadlineExceeded(sent=True), 504, "UNKNOWN"),
    "rejected": (AnswerRejected(), 502, "UNKNOWN"),
    "no-such-enterprise": (EnterpriseUnknown(), 404, "REFUSED"),
}


@pytest.mark.parametrize("case", UNKNOWN)
async def test_a_query_that_may_have_counted_keeps_its_use(
    case: str,
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """The failure is kept under the key: a repetition hears of it, and asks nobody again."""
    failure, status, outcome = UNKNOWN[case]
    house.platform.failure = failure

    with pytest.raises(type(failure)) as caught:
        await house.deliver(ask(consent))
    house.platform.failure = None
    again = await house.deliver(ask(consent))

    assert isinstance(again, Stored)
    assert again.status == status
    assert len(house.platform.queries) == 1
    assert await house.read_used(consent) == 1
    intended, failed = await house.told("report", "use")
    assert isinstance(failed.terms, ReportFailed)
    assert (failed.terms.outcome, failed.terms.code) == (outcome, failure.code)
    assert caught.value.decision_id == failed.terms.report_id
    assert failed.terms.intended == intended.event_id


async def test_a_node_that_was_taken_for_dead_delivers_nothing(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """Another node closed its intent meanwhile: the answer that comes late is thrown away."""

    async def outlive() -> None:
        await house.wait(timedelta(hours=1))
        assert await house.new_settling("nod_2")() == 1

    house.platform.meanwhile = outlive

    with pytest.raises(IntentClosed):
        await house.deliver(ask(consent))

    assert [core.kind for core in await house.told("report")] == [
        "report.intended",
        "report.failed",
    ]


async def test_a_node_without_a_lease_begins_nothing(
    house: House,
    ask: Ask,
    consent: Consent,
) -> None:
    """It cannot answer for a query, so it sends none; the bank may try again."""
    await house.wait(timedelta(hours=1))

    with pytest.raises(LeaseLost):
        await house.deliver(ask(consent))

    assert house.platform.queries == []
    assert await house.told("report") == []
    assert await house.read_used(consent) == 0
