"""Representatives who act by themselves, at real doors: every outcome without a click."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.house.house import House
from tests.house.machine import SECTIONS, Machine
from tests.house.telling import outcome
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.bank import Exchange
from creditbridge.foundation.clock import SystemClock
from creditsandbox.province.fixed import Temper
from creditsandbox.representatives.company import Company
from creditsandbox.representatives.settings import RepresentativesSettings

pytestmark = pytest.mark.xdist_group("house")

CONTRACT = Path(__file__).parents[2] / "contracts" / "sandbox.json"


class Row(msgspec.Struct, frozen=True):
    """What the contract says of one representative: the state after the answer, and the last."""

    temper: Temper
    uscc: str
    answered: str
    ends: str


class Contract(msgspec.Struct, frozen=True):
    """What these tests read of `sandbox.json`."""

    representatives: list[Row]


# How long a bank waits for an answer that never comes.
WAITS = {Temper.LAPSES: 1.0, Temper.ONE_OF_TWO: 5.0}
ROWS = msgspec.json.decode(CONTRACT.read_bytes(), type=Contract).representatives
USCCS = {row.temper: row.uscc for row in ROWS}


@pytest.fixture(scope="module")
def company(house: House) -> Iterator[Company]:
    """All of them, looking in until the tests of this file are over."""
    pki, layout = house.pki, house.layout
    company = Company(
        RepresentativesSettings(
            certificate_file=Path("unused"),
            private_key_file=Path("unused"),
            portal=layout.people_url,
            portal_ca_file=pki / "ca" / "doors.pem",
            issuer=layout.identity_url,
            issuer_ca_file=pki / "ca" / "identity.pem",
            poll_seconds=0.2,
            pause_seconds=1.0,
        )
    )
    stop = threading.Event()
    thread = threading.Thread(target=company.run, args=(stop,))
    thread.start()
    yield company
    stop.set()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


class Bank:
    """A bank's engineer: lodges a request, polls, asks; presses no button."""

    def __init__(self, house: House, machine: Machine, token: str) -> None:
        self._house, self._machine, self._token = house, machine, token

    async def lodge(self, temper: Temper, *, waits: float = PATIENCE_SECONDS) -> str:
        """Lodge a request at the enterprise of a temper; return the consent's id."""
        enterprise = {"uscc": USCCS[temper], "name": "自动应答（沙盒）有限公司"}
        lapses_at = SystemClock().now() + timedelta(seconds=waits)
        body = self._house.consent("found", enterprise=enterprise, lapses_at=lapses_at)
        lodged = await self._machine.post("/v1/consents", body, token=self._token)
        assert lodged.status == 201, lodged.answer.body
        return lodged.text("consent_id")

    async def read(self, consent_id: str) -> dict[str, object]:
        """Return the consent as it stands."""
        found = await self._machine.get(f"/v1/consents/{consent_id}", token=self._token)
        return msgspec.json.decode(found.answer.body, type=dict[str, object])

    async def poll(self, consent_id: str, state: str) -> dict[str, object]:
        """Return the consent, once it is in a state."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.read(consent_id))["state"] != state:
                await asyncio.sleep(0.1)
        return found

    async def ask(self, temper: Temper, consent_id: str) -> Exchange:
        """Ask for a report."""
        return await self._machine.ask(consent_id, USCCS[temper], token=self._token)


@asynccontextmanager
async def open_bank(house: House) -> AsyncGenerator[Bank]:
    """Lend a bank with a token."""
    async with house.machine() as machine:
        yield Bank(house, machine, await machine.fetch_token("consents reports"))


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.temper))
async def test_each_enterprise_does_what_the_contract_says(row: Row, house: House) -> None:
    """Lodge, poll, look once, poll: its states are those of the file, in their order."""
    async with open_bank(house) as bank:
        consent_id = await bank.lodge(row.temper, waits=WAITS.get(row.temper, PATIENCE_SECONDS))
        await bank.poll(consent_id, row.answered)
        if row.answered == "ACTIVE":
            await bank.ask(row.temper, consent_id)
        await bank.poll(consent_id, row.ends)


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("temper", "sections", "looks"),
    [
        (Temper.APPROVES, sorted(SECTIONS), 20),
        (Temper.APPROVES_LESS, ["EVA", "LST"], 10),
    ],
)
async def test_a_yes_is_as_wide_as_the_temper_says(
    temper: Temper, sections: list[str], looks: int, house: House
) -> None:
    """As asked, or less of everything."""
    async with open_bank(house) as bank:
        answered = await bank.poll(await bank.lodge(temper), "ACTIVE")

        assert (answered["sections"], answered["max_queries"]) == (sections, looks)


@pytest.mark.usefixtures("company")
async def test_silence_stays_a_request(house: House) -> None:
    """When another one, lodged after it, is answered, it still waits."""
    async with open_bank(house) as bank:
        silent = await bank.lodge(Temper.LAPSES)
        await bank.poll(await bank.lodge(Temper.APPROVES), "ACTIVE")

        assert (await bank.read(silent))["state"] == "REQUESTED"


@pytest.mark.usefixtures("company")
async def test_a_pause_begins_after_the_first_look_and_ends_by_itself(house: House) -> None:
    """Delivered, refused while it is paused, delivered again, and never paused a second time."""
    temper = Temper.PAUSES
    async with open_bank(house) as bank:
        consent_id = await bank.lodge(temper)
        await bank.poll(consent_id, "ACTIVE")
        first = await bank.ask(temper, consent_id)
        await bank.poll(consent_id, "PAUSED")
        paused = await bank.ask(temper, consent_id)
        await bank.poll(consent_id, "ACTIVE")
        again = await bank.ask(temper, consent_id)

        assert [outcome(one) for one in (first, paused, again)] == [
            (200, ""),
            (403, "consent-paused"),
            (200, ""),
        ]


@pytest.mark.usefixtures("company")
async def test_a_withdrawal_comes_while_the_query_runs(house: House) -> None:
    """The platform is still at it; the bank gets no byte of data."""
    temper = Temper.WITHDRAWS_MID_QUERY
    async with open_bank(house) as bank:
        consent_id = await bank.lodge(temper)
        await bank.poll(consent_id, "ACTIVE")

        assert outcome(await bank.ask(temper, consent_id)) == (403, "consent-withdrawn")
        assert (await bank.read(consent_id))["state"] == "WITHDRAWN"


@pytest.mark.usefixtures("company")
async def test_a_withdrawal_comes_after_the_first_look(house: House) -> None:
    """One report is delivered; the next request is refused."""
    temper = Temper.WITHDRAWS_AFTER_LOOK
    async with open_bank(house) as bank:
        consent_id = await bank.lodge(temper)
        await bank.poll(consent_id, "ACTIVE")
        first = await bank.ask(temper, consent_id)
        await bank.poll(consent_id, "WITHDRAWN")
        second = await bank.ask(temper, consent_id)

        assert outcome(first) == (200, "")
        assert outcome(second) == (403, "consent-withdrawn")


@pytest.mark.usefixtures("company")
async def test_of_two_who_must_approve_the_second_never_comes(house: House) -> None:
    """Two are asked for, one has approved, and it stays a request."""
    async with open_bank(house) as bank, asyncio.timeout(PATIENCE_SECONDS):
        # Before their first round the enterprise has not said yet that it wants two.
        while True:
            consent_id = await bank.lodge(Temper.ONE_OF_TWO)
            found = await bank.read(consent_id)
            if found["approvals"] == {"given": 0, "needed": 2}:
                break
            await asyncio.sleep(0.1)
        while found["approvals"] != {"given": 1, "needed": 2}:
            await asyncio.sleep(0.1)
            found = await bank.read(consent_id)

        assert found["state"] == "REQUESTED"
