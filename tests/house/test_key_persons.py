"""A legal representative's own consent, from the bank's question to the pack that proves it."""

import asyncio
import secrets
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house.house import PEOPLE, House
from tests.house.machine import Machine
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli import verify
from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.operations import call
from creditbridge.foundation.clock import SystemClock

pytestmark = pytest.mark.xdist_group("house")

NAME, MASKED = "郑沙立", "郑**"
SECTIONS = ["LST", "PSN", "REG"]


async def test_l13_a_person_is_shown_on_their_own_word_alone(house: House, tmp_path: Path) -> None:
    """Hidden, asked, given, shown with a pack that verifies, withdrawn, hidden again."""
    given = await house.give_consent("listed", sections=["LST", "REG"])
    async with house.machine() as bank:
        token = await bank.fetch_token()

        async def look() -> Exchange:
            members = {"sections": SECTIONS, "person_purpose": "KEY_PERSON_REVIEW"}
            return await bank.ask(given.consent_id, given.uscc, token=token, members=members)

        before = await look()
        person_consent_id = await ask_person(house, bank, token)
        await asyncio.to_thread(press, house, person_consent_id, "person-approve")
        shown = await look()
        pack = await fetch_pack(bank, shown.header("creditbridge-report"), token)
        await asyncio.to_thread(press, house, person_consent_id, "person-withdraw")
        after = await look()

    assert read(before) == read(after) == (MASKED, None, [])
    name, records, persons = read(shown)
    assert (name, persons) == (NAME, [person_consent_id])
    assert records is not None
    assert [(one["person"], one["measure"]) for one in records] == [(NAME, "EXIT_RESTRICTION")]
    assert verifies(house, pack, shown.answer.body, tmp_path)
    assert house.check_ledger()[1] == []


async def ask_person(house: House, bank: Machine, token: str) -> str:
    """Ask the legal representative for everything, as the bank."""
    asked = await bank.post(
        "/v1/person-consents",
        {
            "enterprise": {"uscc": PEOPLE["listed"], "name": "杭州失诺建设工程（沙盒）有限公司"},
            "authorization_no": f"HOUSE-{secrets.token_hex(8)}",
            "purposes": ["KEY_PERSON_REVIEW"],
            "sections": ["PSN", "REG"],
            "valid_to": SystemClock().now() + timedelta(days=30),
        },
        token=token,
    )
    assert asked.status == 201, asked.answer.body
    return asked.text("person_consent_id")


def press(house: House, person_consent_id: str, button: str) -> None:
    """Open the person's page as they do, and press a button on it."""
    browser = house.browser("listed")
    page = browser.open(f"{house.layout.people_url}/portal/my-consents/{person_consent_id}")
    assert browser.submit(page, button).status == 200


async def fetch_pack(bank: Machine, report_id: str, token: str) -> bytes:
    """Fetch the pack of a report, once the log holds all of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await bank.get(f"/v1/reports/{report_id}/evidence", token=token)
            if answer.status != 503:
                assert answer.status == 200, answer.answer.body
                return answer.answer.body
            await asyncio.sleep(0.1)


def verifies(house: House, pack: bytes, profile: bytes, folder: Path) -> bool:
    """Tell whether the offline verifier accepts a pack with its profile."""
    _, pins = call(house.first.operations_port, "GET", f"/pins/{house.bank_ids['north']}")
    files = {"pack.zip": pack, "profile.json": profile, "pins.json": pins}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    parser = ArgumentParser()
    verify.add_arguments(parser)
    words = [str(folder / "pack.zip"), "--pins", str(folder / "pins.json")]
    words += ["--profile", str(folder / "profile.json")]
    return verify.run(parser.parse_args(words)) == 0


def read(exchange: Exchange) -> tuple[str, list[Mapping[str, object]] | None, list[object]]:
    """Return the name in the register, what is held about the person, and on whose consents."""
    assert exchange.status == 200, exchange.answer.body
    profile: Mapping[str, object] = exchange.json()
    sections, persons = profile["sections"], profile["persons"]
    assert isinstance(sections, dict)
    assert isinstance(persons, list)
    name: str = sections["REG"]["records"][0]["legal_rep"]
    records = sections["PSN"]["records"] if "PSN" in sections else None
    return name, records, [one["person_consent_id"] for one in persons]
