"""The house keeps itself: each turn again and again, whatever became of the one before."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest
from tests.waiting import PATIENCE_SECONDS

import creditbridge.consents.moves.service as moves
from creditbridge.admission.service import Admission
from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.disputes.sealing import WordSealer
from creditbridge.disputes.service import Disputes
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys import keep_house
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.issue_statements import IssueStatements
from creditbridge.journeys.keep_house import KeepHouse
from creditbridge.journeys.keep_keys import KeepKeys
from creditbridge.journeys.lapse_requests import LapseRequests
from creditbridge.journeys.pass_disputes import PassDisputes
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.sum_up_overruns import Overrun, Overruns, SumUpOverruns
from creditbridge.journeys.sum_up_strangers import Strangers, SumUpStrangers
from creditbridge.journeys.tell_looks import TellLooks
from creditbridge.journeys.under_way import UnderWay
from creditbridge.journeys.warn_endings import SeenCertificates, WarnEndings
from creditbridge.journeys.warn_lapsing import WarnLapsing
from creditbridge.ledger.model import BankName, Core
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices
from creditbridge.platforms.service import Platforms


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    admission: Admission
    consents: Consents
    clock: SystemClock
    overruns: Overruns
    consent_key: FileKey
    under_way: UnderWay

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    def new_settling(self, node_id: str) -> SettleIntents:
        """Return the settling journey of a node."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns follow each other at once."""
    for name in (
        "LEASE_SECONDS",
        "KEYS_SECONDS",
        "SETTLE_SECONDS",
        "SILENCE_SECONDS",
        "LAPSE_SECONDS",
        "MAIL_SECONDS",
        "WARN_SECONDS",
        "PURGE_SECONDS",
        "ENDINGS_SECONDS",
    ):
        monkeypatch.setattr(keep_house, name, 0.0)


@pytest.fixture
def strangers() -> Strangers:
    """The counts of this process."""
    return Strangers()


@pytest.fixture
def keeping(house: House, strangers: Strangers) -> KeepHouse:
    """The journey, with the real rooms."""
    rooms = house.database, house.consents, house.ledger
    database, consents, ledger = rooms
    return KeepHouse(
        database=database,
        clock=house.clock,
        admission=house.admission,
        ledger=ledger,
        keep_keys=KeepKeys(
            database=database, ledger=ledger, rings=(), cache=timedelta(seconds=300)
        ),
        warn_endings=WarnEndings(
            database=database,
            admission=house.admission,
            read_files=list,
            certificates=SeenCertificates(),
        ),
        settle_intents=house.new_settling("nod_1"),
        under_way=house.under_way,
        silence_consents=SilenceConsents(
            database=database,
            consents=consents,
            ledger=ledger,
            moves=moves,
            under_way=house.under_way,
        ),
        end_consents=EndConsents(
            database=database, moves=moves, ledger=ledger, notices=house.notices
        ),
        lapse_requests=LapseRequests(database=database, consents=consents, ledger=ledger),
        notices=house.notices,
        warn_lapsing=WarnLapsing(database=database, consents=consents, notices=house.notices),
        tell_looks=TellLooks(database=database, consents=consents, notices=house.notices),
        issue_statements=IssueStatements(
            database=database,
            ledger=ledger,
            recorder=ledger,
            notices=house.notices,
            signers=house.consent_key,
            origin="log.example/creditbridge",
        ),
        send_notices=None,
        pass_disputes=PassDisputes(
            database=database,
            disputes=Disputes(WordSealer(bytes(32))),
            platforms=Platforms([], clock=house.clock),
            ledger=ledger,
            notices=house.notices,
        ),
        sum_up_strangers=SumUpStrangers(database=database, ledger=ledger, strangers=strangers),
        sum_up_overruns=SumUpOverruns(database=database, ledger=ledger, overruns=house.overruns),
    )


async def run_until(keeping: KeepHouse, name: str, happened: Callable[[], Awaitable[bool]]) -> None:
    """Run one task until something happened."""
    task = asyncio.ensure_future(keeping.tasks()[name]())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await happened():
                assert not task.done(), task.exception()
    finally:
        task.cancel()


async def test_requests_lapse_by_themselves(
    keeping: KeepHouse, house: House, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Nobody has to ask for it."""
    consent = await lodge()
    assert consent.lapses_at is not None
    await house.database.raise_floor(consent.lapses_at)

    async def lapsed() -> bool:
        return (await house.told("consent"))[-1].kind == "consent.lapsed"

    await run_until(keeping, "lapse", lapsed)


async def test_a_turn_that_failed_is_followed_by_the_next(
    keeping: KeepHouse, house: House, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """A database that fails once costs one turn, not the task."""
    consent = await lodge()
    assert consent.lapses_at is not None
    await house.database.raise_floor(consent.lapses_at)
    faulty = house.faulty_database(1, "failed")
    broken = msgspec.structs.replace(keeping.lapse_requests, database=faulty)

    async def lapsed() -> bool:
        return (await house.told("consent"))[-1].kind == "consent.lapsed"

    await run_until(msgspec.structs.replace(keeping, lapse_requests=broken), "lapse", lapsed)


async def test_what_has_run_out_is_purged(keeping: KeepHouse, house: House) -> None:
    """A spent nonce is forgotten once it could not be replayed any more."""
    async with house.database.transaction() as tx:
        end = tx.now + timedelta(seconds=120)
        await house.admission.take_nonce(tx, key_id="k", nonce="n" * 16, expires_at=end)
    await house.wait(timedelta(seconds=121))

    async def purged() -> bool:
        async with house.database.transaction() as tx:
            return await tx.fetch_value(int, "SELECT count(*) FROM admission_nonces") == 0

    await run_until(keeping, "purge", purged)


async def test_the_last_step_of_a_drain_records_what_is_counted(
    keeping: KeepHouse, house: House, strangers: Strangers
) -> None:
    """Also the minute that has not ended."""
    strangers.count("reports", "token-missing", now=house.clock.now())
    bank = BankName(bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="North Bank")
    house.overruns.count(
        Overrun(bank=bank, client_id="loans", door="reports", policy="bank"), now=house.clock.now()
    )

    await keeping.close()

    kinds = [core.kind for core in await house.told()]
    assert kinds == ["strangers.refused", "caller.limited"]
