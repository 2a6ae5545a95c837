"""Disputes at the provincial platform: one case each, marked at once, decided by enterprise."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from jsonschema import Draft202012Validator

from creditbridge.foundation.ids import Kind, new_id
from creditbridge.protocols.strict_json import JsonValue
from creditsandbox.dialects.provincial.disputes import Disputes, DisputesFull, parse_objection
from creditsandbox.province.fixed import Outcome, list_fixed

Members = dict[str, object]
DECIDED = [
    ("FOUND", "PEN", "DELETE"),
    ("FOUND", "LST", "CORRECT"),
    ("SERIOUS_LIST", "PEN", "SUPPLEMENT"),
    ("SERIOUS_LIST", "LST", "KEEP"),
]


class Clock(Protocol):
    """The clock that stands still."""

    def now(self) -> datetime:
        """The instant."""
        ...

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        ...


class House(Protocol):
    """What these tests need of both sides' keys: the clock."""

    clock: Clock


class Gateway(Protocol):
    """The small gateway."""

    house: House
    token: str

    async def ask(self, uscc: str) -> httpx.Response:
        """Send a query for all sections."""
        ...

    async def dispute(
        self, objection: Members, *, named: str = "", body: bytes | None = None
    ) -> httpx.Response:
        """Hand a dispute over."""
        ...

    async def find_dispute(self, dispute_id: str, *, consent: str = "::") -> httpx.Response:
        """Ask how a dispute stands."""
        ...

    def verify(self, answer: httpx.Response) -> Members:
        """Return the body of an answer whose signature holds."""
        ...


async def records_of(gateway: Gateway, uscc: str, section: str) -> list[dict[str, JsonValue]]:
    """Return the records of a section as they are answered now."""
    body = json.loads(json.dumps(gateway.verify(await gateway.ask(uscc))))
    found: list[dict[str, JsonValue]] = body["sections"][section].get("records", [])
    return found


async def object_to(
    gateway: Gateway, outcome: str, section: str, changed: Members | None = None
) -> Members:
    """Return an objection to the first record of a section."""
    uscc = next(one.uscc for one in list_fixed() if one.outcome is Outcome(outcome))
    records = await records_of(gateway, uscc, section)
    return {
        "dispute_id": new_id(Kind.DISPUTE, now=gateway.house.clock.now()),
        "stage": "FIRST",
        "uscc": uscc,
        "section": section,
        "record_no": records[0]["record_no"] if records else "PEN-0",
        "ground": "WRONG_FACT",
        "text": "金额不对。",
        "filed_on": "2026-11-20",
        **(changed or {}),
    }


@pytest.fixture
def validate(contracts: Path) -> Callable[[str, object], None]:
    """Check a message against its definition in the contract."""
    schema = json.loads((contracts / "platforms/provincial/messages.schema.json").read_bytes())

    def check(name: str, message: object) -> None:
        Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"}).validate(message)

    return check


@pytest.mark.parametrize(("outcome", "section", "decision"), DECIDED)
async def test_a_record_is_marked_then_decided(
    gateway: Gateway,
    outcome: str,
    section: str,
    decision: str,
    validate: Callable[[str, object], None],
) -> None:
    """From its receipt until its answer the record carries the objection, with its due day."""
    objection = await object_to(gateway, outcome, section)
    uscc, number = str(objection["uscc"]), objection["record_no"]
    validate("Objection", objection)

    taken = gateway.verify(await gateway.dispute(objection))
    validate("Standing", taken)
    [marked] = [
        one for one in await records_of(gateway, uscc, section) if one["record_no"] == number
    ]
    gateway.house.clock.pass_seconds(20)
    answered = gateway.verify(await gateway.find_dispute(str(objection["dispute_id"])))
    validate("Standing", answered)
    after = [one for one in await records_of(gateway, uscc, section) if one["record_no"] == number]

    assert (taken["state"], taken["due_on"], taken["outcome"]) == ("ACCEPTED", "2026-11-27", None)
    assert marked["dispute"] == {
        "state": "OPEN",
        "opened_on": "2026-11-21",
        "due_on": "2026-11-27",
        "note": None,
        "hides": False,
    }
    assert (answered["state"], answered["outcome"]) == ("ANSWERED", decision)
    _require_decided(decision, marked, after)


def _require_decided(
    decision: str, marked: dict[str, JsonValue], after: list[dict[str, JsonValue]]
) -> None:
    if decision == "DELETE":
        assert after == []
        return
    [record] = after
    if decision == "CORRECT":
        assert record["dispute"] is None
        assert record["reason"] == f"{marked['reason']}（经异议核查更正）"
    if decision == "SUPPLEMENT":
        assert (record["dispute"], record["statement"]) == (None, "金额不对。")
    if decision == "KEEP":
        assert record["dispute"] == {**_dict(marked["dispute"]), "state": "REJECTED"}
        assert record["statement"] == "金额不对。"


def _dict(value: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(value, dict)
    return value


async def test_the_last_record_of_a_section_leaves_it_empty(gateway: Gateway) -> None:
    """Deleted, all of them: the section says that there is no record."""
    first = await object_to(gateway, "FOUND", "PEN")
    uscc = str(first["uscc"])
    for number in [one["record_no"] for one in await records_of(gateway, uscc, "PEN")]:
        await gateway.dispute(await object_to(gateway, "FOUND", "PEN", {"record_no": number}))
    gateway.house.clock.pass_seconds(20)

    body = json.loads(json.dumps(gateway.verify(await gateway.ask(uscc))))

    assert body["sections"]["PEN"]["status"] == "NO_RECORD"


async def test_what_is_gone_is_not_there_to_be_marked(gateway: Gateway) -> None:
    """A second dispute that came in time finds nothing any more; a review comes second."""
    first = await object_to(gateway, "FOUND", "PEN")
    other = await object_to(gateway, "FOUND", "PEN", {"record_no": first["record_no"]})
    never = await object_to(gateway, "FOUND", "PEN", {"stage": "REVIEW"})
    await gateway.dispute(first)
    await gateway.dispute(other)
    gateway.house.clock.pass_seconds(20)

    left = await records_of(gateway, str(first["uscc"]), "PEN")

    assert first["record_no"] not in {one["record_no"] for one in left}
    assert (await gateway.dispute(never)).status_code == 409


async def test_one_id_is_one_case(gateway: Gateway) -> None:
    """Sent again it is as it was; with other words it is refused, and so is a review too early."""
    objection = await object_to(gateway, "SERIOUS_LIST", "LST")
    taken = gateway.verify(await gateway.dispute(objection))
    gateway.house.clock.pass_seconds(10)

    again = await gateway.dispute(objection)
    other = await gateway.dispute({**objection, "text": "别的话。"})
    early = await gateway.dispute({**objection, "stage": "REVIEW"})
    gateway.house.clock.pass_seconds(10)
    review = await gateway.dispute({**objection, "stage": "REVIEW", "filed_on": "2026-11-21"})
    gateway.house.clock.pass_seconds(20)
    reviewed = gateway.verify(await gateway.find_dispute(str(objection["dispute_id"])))

    assert gateway.verify(again) == taken
    assert [one.status_code for one in (other, early, review)] == [409, 409, 200]
    assert gateway.verify(other)["code"] == "DISPUTE_CHANGED"
    assert (reviewed["stage"], reviewed["outcome"]) == ("REVIEW", "KEEP")


async def test_who_is_not_decided_about_stays_open(gateway: Gateway) -> None:
    """So that an overdue dispute can be seen."""
    objection = await object_to(gateway, "NOTHING_ADVERSE", "REG")
    await gateway.dispute(objection)
    gateway.house.clock.pass_seconds(200)

    standing = gateway.verify(await gateway.find_dispute(str(objection["dispute_id"])))

    assert (standing["state"], standing["outcome"]) == ("ACCEPTED", None)


@pytest.mark.parametrize(
    "changed",
    [
        {"record_no": "PEN-0"},
        {"section": "EVA", "uscc": "91330100YY0000A21R"},
        {"uscc": "91330100YY0000A3XH"},
    ],
)
async def test_a_record_that_is_not_there_is_not_taken_up(
    gateway: Gateway, changed: dict[str, object]
) -> None:
    """No such record, nobody there, or another's; no answer shows anything of it."""
    objection = await object_to(gateway, "FOUND", "PEN", changed)

    standing = gateway.verify(await gateway.dispute(objection))

    assert (standing["state"], standing["due_on"]) == ("NOT_ACCEPTED", None)
    assert all(
        one["dispute"] is None for one in await records_of(gateway, "91330100YY0000A13Y", "PEN")
    )


async def test_what_is_no_objection_is_refused(gateway: Gateway) -> None:
    """Another id in the header, an id of another kind, no JSON, an unknown member."""
    objection = await object_to(gateway, "FOUND", "PEN")
    query = new_id(Kind.QUERY, now=gateway.house.clock.now())

    for answer in (
        await gateway.dispute(objection, named=query),
        await gateway.dispute({**objection, "dispute_id": query}),
        await gateway.dispute(objection, body=b"{"),
        await gateway.dispute({**objection, "more": 1}),
    ):
        assert answer.status_code == 400
        assert gateway.verify(answer)["code"] == "OBJECTION_MALFORMED"


async def test_a_dispute_that_never_came_is_unknown(gateway: Gateway) -> None:
    """Signed; a question with a consent, or about no dispute, is malformed."""
    never = new_id(Kind.DISPUTE, now=gateway.house.clock.now())

    unknown = await gateway.find_dispute(never)
    odd = await gateway.find_dispute(never, consent=":AA==:")
    none = await gateway.find_dispute("x")

    assert gateway.verify(unknown) == {"dispute_id": never, "code": "DISPUTE_UNKNOWN"}
    assert [one.status_code for one in (unknown, odd, none)] == [404, 400, 400]


async def test_a_platform_that_is_down_takes_none(gateway: Gateway) -> None:
    """As it answers no query."""
    objection = await object_to(gateway, "FOUND", "PEN", {"uscc": "91330100YY0000A722"})

    answer = await gateway.dispute(objection)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_strangers_dispute_nothing(gateway: Gateway) -> None:
    """Without a token of the platform's: unsigned, and nothing is told."""
    objection = await object_to(gateway, "FOUND", "PEN")
    gateway.token = "stranger"

    assert (await gateway.dispute(objection)).status_code == 401
    assert (await gateway.find_dispute(str(objection["dispute_id"]))).status_code == 401


async def test_there_is_room_for_so_many(gateway: Gateway) -> None:
    """Then the sandbox asks to be started anew; what came before is known still."""
    full = Disputes(answer_seconds=1.0, cases_max=1)
    first, second = [await object_to(gateway, "FOUND", "PEN") for _ in range(2)]
    now = gateway.house.clock.now()
    case = full.take(parse_objection(json.dumps(first).encode()), is_known=True, now=now)

    with pytest.raises(DisputesFull):
        full.take(parse_objection(json.dumps(second).encode()), is_known=True, now=now)
    assert full.find(str(first["dispute_id"])) is case
