"""A running platform follows its tester: another day, decisions by hand, faults."""

import json
from datetime import date
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from litestar import Litestar

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.keys import FileKey
from creditsandbox.dialects.provincial.endpoints import build_app
from creditsandbox.dialects.provincial.platform import Pace, Platform
from creditsandbox.dialects.provincial.tokens import Tokens
from creditsandbox.province.fixed import Outcome
from creditsandbox.province.population import Province
from creditsandbox.province.state import Act, ActKind, Fault, State, StateFile

FOUND, CLEAN = "91330100YY0000A13Y", "91330100YY0000A3XH"


class House(Protocol):
    """What these tests need of the keys and the clock."""

    clock: Clock
    message_key: FileKey
    login_key: FileKey
    platform_key: FileKey


class Gateway(Protocol):
    """What these tests need of the small gateway."""

    async def ask(self, uscc: str, *, query_id: str | None = None) -> httpx.Response:
        """Send a signed query."""
        ...

    def query_id(self) -> str:
        """Return a fresh query id."""
        ...


@pytest.fixture
def state_file(tmp_path: Path) -> StateFile:
    """Return a state file that is not there yet."""
    return StateFile(tmp_path / "state.json")


@pytest.fixture
def platform_app(house: House, state_file: StateFile) -> Litestar:
    """Return the provincial platform over a province that a tester moves."""
    platform = Platform(
        province=Province(size=100, state_file=StateFile(state_file.path)),
        platform_id="provincial",
        tokens=Tokens(
            platform_id="provincial",
            client_id="creditbridge",
            keys={house.login_key.key.key_id: house.login_key.key},
        ),
        signer=house.platform_key,
        message_keys={house.message_key.key.key_id: house.message_key.key},
        pace=Pace(slow_seconds=0.01, dispute_seconds=20.0),
    )
    return build_app(platform, base_url="https://platform.example", clock=house.clock)


def states_of(answer: httpx.Response) -> dict[str, str]:
    """Return the state of each penalty of an answer, by document number."""
    records = json.loads(answer.content)["sections"]["PEN"]["records"]
    return {record["punish_document_code"]: record["state"] for record in records}


async def test_the_records_are_those_of_the_moved_day(
    gateway: Gateway, state_file: StateFile
) -> None:
    """Eighty days on the records of another month are served, delivered at the same instant."""
    before = await gateway.ask(FOUND)

    state_file.write(State(ahead_days=80))
    after = await gateway.ask(FOUND)

    assert set(states_of(before).values()) == {"1", "4"}
    assert states_of(after).keys() != states_of(before).keys()
    instants = [json.loads(each.content)["sections"]["PEN"]["as_of"] for each in (before, after)]
    assert instants[0] == instants[1]


async def test_a_repair_by_hand_is_in_the_next_answer(
    gateway: Gateway, state_file: StateFile
) -> None:
    """State 4, repaired, for the record of that number, and no other record changed."""
    before = states_of(await gateway.ask(FOUND))
    number = next(each for each in before if "120" in each)

    act = Act(kind=ActKind.REPAIR, uscc=FOUND, section="PEN", number=number, on=date(2026, 11, 21))
    state_file.write(State(acts=(act,)))
    after = states_of(await gateway.ask(FOUND))

    assert after == before | {number: "4"}


async def test_a_repeated_query_is_answered_from_the_state_of_its_count(
    gateway: Gateway, state_file: StateFile
) -> None:
    """Moved in between: the same id gets the same bytes, another id the new day's."""
    query_id = gateway.query_id()
    first = await gateway.ask(FOUND, query_id=query_id)

    state_file.write(State(ahead_days=400))
    again, fresh = await gateway.ask(FOUND, query_id=query_id), await gateway.ask(FOUND)

    assert again.content == first.content
    assert json.loads(fresh.content)["sections"] != json.loads(first.content)["sections"]


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.DOWN, 503), (Outcome.NOT_FOUND, 404), (Outcome.SLOW, 200)]
)
async def test_a_fault_is_switched_on_for_everybody_and_off(
    gateway: Gateway, state_file: StateFile, outcome: Outcome, status: int
) -> None:
    """The clean enterprise answers as the switch says, and well again afterwards."""
    state_file.write(State(faults=(Fault(uscc="*", outcome=outcome),)))
    spoilt = await gateway.ask(CLEAN)
    state_file.write(State())
    well = await gateway.ask(CLEAN)

    assert (spoilt.status_code, well.status_code) == (status, 200)


async def test_a_failed_section_is_switched_on_for_one(
    gateway: Gateway, state_file: StateFile
) -> None:
    """Its penalties are an error, those of others are not."""
    state_file.write(State(faults=(Fault(uscc=CLEAN, outcome=Outcome.SECTION_FAILED),)))

    sections = [
        json.loads((await gateway.ask(uscc)).content)["sections"] for uscc in (CLEAN, FOUND)
    ]

    assert [section["PEN"]["status"] for section in sections] == ["ERROR", "FOUND"]


async def test_a_broken_state_file_counts_nothing(gateway: Gateway, state_file: StateFile) -> None:
    """503 until it is mended: no guess about what the tester meant."""
    state_file.path.write_bytes(b"{")
    broken = await gateway.ask(CLEAN)
    state_file.path.unlink()
    mended = await gateway.ask(CLEAN)

    assert (broken.status_code, mended.status_code) == (503, 200)
