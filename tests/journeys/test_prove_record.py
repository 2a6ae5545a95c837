"""A bank downloads what proves a report of its own, and nothing else."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import msgspec
import pytest

from creditbridge.consents.model import Consent, PurposeMismatch
from creditbridge.evidence.model import PackUnready
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.ledger.model import Core, PackAssembled, ReportMissing, ReportTerms
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.parties.model import Bank
from creditbridge.profile.codes import Purpose

UNKNOWN_REPORT = "rpt_01hzy6t9x7c3v5n8m2k4p6q8r0"

Ask: TypeAlias = Callable[..., ReportRequest]
Told: TypeAlias = Callable[..., Awaitable[list[Core]]]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    sequencer: Sequencer
    deliver: DeliverReport

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


@pytest.fixture
def prove(house: House) -> ProveRecord:
    """The journey."""
    return ProveRecord(database=house.database, ledger=house.ledger)


@pytest.fixture
async def report_id(house: House, ask: Ask, consent: Consent) -> str:
    """A report that was delivered, not sequenced yet."""
    await house.deliver(ask(consent))
    terms = (await house.told("report"))[-1].terms
    assert isinstance(terms, ReportTerms)
    return terms.report_id


def names_of(pack: bytes) -> list[str]:
    """Return the names of the files in a pack."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return archive.namelist()


async def test_a_delivered_report_has_a_pack(
    prove: ProveRecord,
    report_id: str,
    house: House,
    north: Onboarded,
) -> None:
    """It holds the consent, the exchange and the checkpoint; that it was handed out is recorded."""
    await house.sequencer.run_once()

    pack = await prove(house.call(north), report_id)

    names = names_of(pack)
    assert {"manifest.json", "checkpoint", "receipt.json"} <= set(names)
    assert {"consent/artefact.json", "request/body", "queries/01/query.base"} <= set(names)
    (handed,) = await house.told("pack")
    assert isinstance(handed.terms, PackAssembled)
    assert (handed.terms.report_id, handed.terms.client) == (report_id, "north-core")


async def test_a_refused_report_has_a_pack_of_the_callers_own_facts(
    prove: ProveRecord,
    house: House,
    ask: Ask,
    consent: Consent,
    north: Onboarded,
) -> None:
    """Nothing of any consent is in it."""
    with pytest.raises(PurposeMismatch) as caught:
        await house.deliver(ask(consent, purpose=Purpose.RELATED_PARTY))
    await house.sequencer.run_once()

    pack = await prove(house.call(north), caught.value.decision_id or "")

    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
    assert manifest["kind"] == "REFUSED"
    assert not [name for name in manifest["files"] if name.startswith(("consent", "queries"))]


async def test_another_banks_report_is_as_absent_as_none(
    prove: ProveRecord,
    report_id: str,
    house: House,
    south: Onboarded,
) -> None:
    """Same error, same words, and no entry tells that somebody tried which."""
    await house.sequencer.run_once()
    errors = list[CreditbridgeError]()

    for one in (report_id, UNKNOWN_REPORT):
        with pytest.raises(ReportMissing) as caught:
            await prove(house.call(south), one)
        errors.append(caught.value)

    assert errors[0].prose == errors[1].prose
    assert errors[0].detail == errors[1].detail
    assert await house.told("pack") == []


async def test_a_pack_waits_for_the_published_log(
    prove: ProveRecord, house: House, north: Onboarded, ask: Ask, consent: Consent
) -> None:
    """Without a proof of inclusion there is no pack; the bank may come again."""
    await house.sequencer.run_once()
    outcome = await house.deliver(ask(consent))
    report_id = dict(outcome.headers)["creditbridge-report"]

    with pytest.raises(PackUnready):
        await prove(house.call(north), report_id)
    assert await house.told("pack") == []

    await house.sequencer.run_once()
    assert names_of(await prove(house.call(north), report_id))


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_pack_leaves_without_the_ledgers_word(
    fault: str,
    prove: ProveRecord,
    house: House,
    report_id: str,
    north: Onboarded,
) -> None:
    """The commit fails, or only its answer is lost: the bank gets an error."""
    await house.sequencer.run_once()
    broken = msgspec.structs.replace(prove, database=house.faulty_database(1, fault))

    with pytest.raises(DatabaseUnavailable):
        await broken(house.call(north), report_id)
