"""A report when something fails: each fault as "not done" and as "done, but the answer was lost"."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import pytest

from creditbridge.admission.model import Stored
from creditbridge.admission.rules import KeyInFlight
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.deliver_report import DeliverReport, IntentClosed, ReportRequest
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.ledger.model import Core, EventKind, LeaseLost, ReportFailed, UseReturned
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


@pytest.mark.parametrize("done", [False, True])
async def test_nothing_is_asked_without_the_ledgers_word_on_the_intent(
    done: bool,  # noqa: FBT001 - a case of the pair
    new_delivery: NewDelivery,
    faulty_ledger: Callable[..., Ledger],
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    told: Told,
    read_used: ReadUsed,
) -> None:
    """The intent's statement fails, before or after it was done: error, no query, no use."""
    deliver = new_delivery(ledger=faulty_ledger(EventKind.REPORT_INTENDED, done=done))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent))

    assert platform.queries == []
    assert await told("report") == []
    assert await read_used(consent) == 0


@pytest.mark.parametrize("done", [False, True])
async def test_no_report_leaves_without_the_ledgers_word_on_the_delivery(
    done: bool,  # noqa: FBT001 - a case of the pair
    new_delivery: NewDelivery,
    faulty_ledger: Callable[..., Ledger],
    ask: Ask,
    consent: Consent,
    told: Told,
) -> None:
    """The delivery's statement fails, before or after it was done: the bank gets an error."""
    deliver = new_delivery(ledger=faulty_ledger(EventKind.REPORT_DELIVERED, done=done))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent))

    assert [core.kind for core in await told("report")] == ["report.intended"]


@pytest.mark.parametrize("done", [False, True])
async def test_no_refusal_is_told_without_the_ledgers_word(
    done: bool,  # noqa: FBT001 - a case of the pair
    new_delivery: NewDelivery,
    faulty_ledger: Callable[..., Ledger],
    ask: Ask,
    consent: Consent,
    told: Told,
) -> None:
    """A refusal that cannot be recorded is answered as unavailability."""
    deliver = new_delivery(ledger=faulty_ledger(EventKind.REPORT_REFUSED, done=done))

    with pytest.raises(DatabaseUnavailable):
        await deliver(ask(consent, uscc="91330106589876549K"))

    assert await told("report") == []


async def test_an_intent_that_did_not_commit_had_no_effect(
    new_delivery: NewDelivery,
    deliver: DeliverReport,
    faulty_database: Callable[..., Database],
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    read_used: ReadUsed,
) -> None:
    """The bank comes again under the same key and is served as if for the first time."""
    broken = new_delivery(database=faulty_database(number=1, done=False))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    outcome = await deliver(ask(consent))

    assert outcome.status == 200
    assert len(platform.queries) == 1
    assert await read_used(consent) == 1


async def test_an_intent_whose_commit_was_not_answered_asks_nothing(
    new_delivery: NewDelivery,
    deliver: DeliverReport,
    faulty_database: Callable[..., Database],
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    told: Told,
) -> None:
    """It may be durable, so the key stays in flight until it is settled; nothing went upstream."""
    broken = new_delivery(database=faulty_database(number=1, done=True))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    with pytest.raises(KeyInFlight):
        await deliver(ask(consent))

    assert platform.queries == []
    assert [core.kind for core in await told("report")] == ["report.intended", "report.refused"]


async def test_a_delivery_whose_commit_was_not_answered_is_found_again(
    new_delivery: NewDelivery,
    deliver: DeliverReport,
    faulty_database: Callable[..., Database],
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    told: Told,
) -> None:
    """The bank gets an error; its repetition gets the delivered bytes, without a second query."""
    broken = new_delivery(database=faulty_database(number=2, done=True))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    outcome = await deliver(ask(consent))

    assert isinstance(outcome, Stored)
    assert outcome.status == 200
    assert outcome.event_id == (await told("report"))[-1].event_id
    assert len(platform.queries) == 1


@pytest.mark.xfail(
    strict=True,
    reason="ledger's READ_OVERDUE leaves out the intents of a node that lives: never settled",
)
async def test_a_delivery_that_did_not_commit_is_settled_by_its_own_node(
    new_delivery: NewDelivery,
    deliver: DeliverReport,
    faulty_database: Callable[..., Database],
    new_settling: Callable[[Ledger], SettleIntents],
    ledger: Ledger,
    database: Database,
    ask: Ask,
    consent: Consent,
    told: Told,
) -> None:
    """The node lives on, so it closes the intent itself once the deadline has passed."""
    broken = new_delivery(database=faulty_database(number=2, done=False))
    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))
    async with database.transaction() as tx:
        later = tx.now
    for seconds in range(10, 120, 10):
        # The node renews its lease all the while.
        await database.raise_floor(later + timedelta(seconds=seconds))
        await new_settling(ledger)()

    outcome = await deliver(ask(consent))

    assert isinstance(outcome, Stored)
    assert "report.failed" in [core.kind for core in await told("report")]


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
    deliver: DeliverReport,
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    told: Told,
    read_used: ReadUsed,
) -> None:
    """Use, key and business id are free again, and the ledger says why (law 10)."""
    platform.failure = failure = NOT_SENT[case]

    with pytest.raises(type(failure)):
        await deliver(ask(consent, business_id="loan-1"))

    assert await read_used(consent) == 0
    intended, returned, failed = await told("report", "use")
    assert isinstance(returned.terms, UseReturned)
    assert returned.terms.intended == intended.event_id
    assert returned.terms.reason == failure.code
    assert isinstance(failed.terms, ReportFailed)
    assert failed.terms.outcome == "NOT_SENT"
    platform.failure = None
    assert (await deliver(ask(consent, business_id="loan-1"))).status == 200


UNKNOWN = {
    "unavailable": (PlatformUnavailable(sent=True), 503, "UNKNOWN"),
    "deadline": (DeadlineExceeded(sent=True), 504, "UNKNOWN"),
    "rejected": (AnswerRejected(), 502, "UNKNOWN"),
    "no-such-enterprise": (EnterpriseUnknown(), 404, "REFUSED"),
}


@pytest.mark.parametrize("case", UNKNOWN)
async def test_a_query_that_may_have_counted_keeps_its_use(
    case: str,
    deliver: DeliverReport,
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    told: Told,
    read_used: ReadUsed,
) -> None:
    """The failure is kept under the key: a repetition hears of it, and asks nobody again."""
    failure, status, outcome = UNKNOWN[case]
    platform.failure = failure

    with pytest.raises(type(failure)) as caught:
        await deliver(ask(consent))
    platform.failure = None
    again = await deliver(ask(consent))

    assert isinstance(again, Stored)
    assert again.status == status
    assert len(platform.queries) == 1
    assert await read_used(consent) == 1
    intended, failed = await told("report", "use")
    assert isinstance(failed.terms, ReportFailed)
    assert (failed.terms.outcome, failed.terms.code) == (outcome, failure.code)
    assert caught.value.decision_id == failed.terms.report_id
    assert failed.terms.intended == intended.event_id


async def test_a_node_that_was_taken_for_dead_delivers_nothing(
    deliver: DeliverReport,
    ask: Ask,
    consent: Consent,
    platform: FakePlatform,
    database: Database,
    new_ledger: Callable[[str], Ledger],
    new_settling: Callable[[Ledger], SettleIntents],
    told: Told,
) -> None:
    """Another node closed its intent meanwhile: the answer that comes late is thrown away."""

    async def outlive() -> None:
        async with database.transaction() as tx:
            later = tx.now + timedelta(hours=1)
        await database.raise_floor(later)
        assert await new_settling(new_ledger("nod_2"))() == 1

    platform.meanwhile = outlive

    with pytest.raises(IntentClosed):
        await deliver(ask(consent))

    assert [core.kind for core in await told("report")] == ["report.intended", "report.failed"]


async def test_a_node_without_a_lease_begins_nothing(
    deliver: DeliverReport,
    ask: Ask,
    consent: Consent,
    database: Database,
    platform: FakePlatform,
    told: Told,
    read_used: ReadUsed,
) -> None:
    """It cannot answer for a query, so it sends none; the bank may try again."""
    async with database.transaction() as tx:
        later = tx.now + timedelta(hours=1)
    await database.raise_floor(later)

    with pytest.raises(LeaseLost):
        await deliver(ask(consent))

    assert platform.queries == []
    assert await told("report") == []
    assert await read_used(consent) == 0
