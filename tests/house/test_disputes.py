"""A dispute from the enterprise's page to the platform and back, between real processes."""

import asyncio
import time
from collections.abc import Mapping

import asyncpg
import msgspec
import pytest
from tests.house.house import PEOPLE, Given, House
from tests.house.machine import Machine
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.browser import Page

pytestmark = pytest.mark.xdist_group("house")

# Its listing is what the sandbox keeps, whatever is said against it.
LISTED = "listed"
STATE = "SELECT state FROM disputes WHERE uscc = $1 ORDER BY dispute_id DESC LIMIT 1"
# As if the next turn had come: a turn is put off by minutes.
HURRY = "UPDATE disputes SET try_at = now() WHERE uscc = $1"
ANSWERS = "SELECT count(*) FROM ledger_openings WHERE kind = 'dispute.answered'"


class Profile(msgspec.Struct):
    """What these tests read of a profile."""

    sections: Mapping[str, Mapping[str, object]]
    flags: list[Mapping[str, object]]

    @property
    def listing(self) -> Mapping[str, object]:
        """The one listing in it."""
        [record] = msgspec.convert(self.sections["LST"]["records"], list[Mapping[str, object]])
        return record

    @property
    def listing_is_disputed(self) -> bool:
        """Whether the flag of the serious list says that its record is disputed."""
        [flag] = [one for one in self.flags if one["code"] == "SERIOUS_LIST"]
        return flag["disputed"] is True


async def look(bank: Machine, given: Given, token: str) -> tuple[str, Profile]:
    """Return a report's id, and its profile."""
    answer = await bank.ask(given.consent_id, given.uscc, token=token)
    assert answer.status == 200, answer.answer.body
    profile = msgspec.json.decode(answer.answer.body, type=Profile)
    return answer.header("creditbridge-report"), profile


def file_dispute(house: House, report_id: str, record: Mapping[str, object]) -> Page:
    """File a dispute as the representative does, with both names of the record."""
    browser = house.browser(LISTED)
    source = msgspec.convert(record["source"], Mapping[str, object])
    page = browser.open(f"{house.layout.people_url}/portal/disputes/new?report={report_id}")
    return browser.submit(
        page,
        "dispute-file",
        record=str(record["record_id"]),
        number=str(source["source_record_id"]),
        ground="WRONG_FACT",
        text="列入依据有误。",
    )


async def reach(
    ledger: "asyncpg.Connection[asyncpg.Record]", state: str, *, hurries: bool = False
) -> None:
    """Return when the dispute is in a state."""
    end = time.monotonic() + PATIENCE_SECONDS
    while await ledger.fetchval(STATE, PEOPLE[LISTED]) != state:
        assert time.monotonic() < end, f"it was never {state}"
        if hurries:
            await ledger.execute(HURRY, PEOPLE[LISTED])
        await asyncio.sleep(0.2)


async def test_a_dispute_reaches_the_platform_and_its_answer_the_enterprise(house: House) -> None:
    """Marked in the profiles meanwhile, flag included; answered, recorded, and told."""
    given = await house.give_consent(LISTED)
    ledger = await asyncpg.connect(house.database.url)
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        report_id, before = await look(bank, given, token)
        filed = await asyncio.to_thread(file_dispute, house, report_id, before.listing)
        assert filed.status == 200, filed.text
        await reach(ledger, "ACCEPTED")
        _, marked = await look(bank, given, token)
        await reach(ledger, "ANSWERED", hurries=True)
        _, after = await look(bank, given, token)
        answers = await ledger.fetchval(ANSWERS)
    await ledger.close()
    inbox = await asyncio.to_thread(
        house.browser(LISTED).open, f"{house.layout.people_url}/portal/inbox"
    )

    assert before.listing["dispute"] is None
    assert not before.listing_is_disputed
    dispute = msgspec.convert(marked.listing["dispute"], Mapping[str, object])
    assert dispute["state"] == "OPEN"
    assert {"opened_at", "due_at"} <= dispute.keys()
    assert marked.listing_is_disputed
    assert msgspec.convert(after.listing["dispute"], Mapping[str, object])["state"] == "REJECTED"
    assert after.listing["subject_statement"] == "列入依据有误。"
    assert not after.listing_is_disputed
    assert answers == 1
    assert "平台答复了贵企业的异议" in inbox.text
    assert "异议申请已转交平台" in inbox.text
