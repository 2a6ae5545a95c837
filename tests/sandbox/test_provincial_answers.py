"""What the provincial platform answers, and what it counts."""

import json
from asyncio import TaskGroup
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from creditbridge.protocols.http_signatures import SignatureRejected, SignatureStale
from creditbridge.protocols.strict_json import JsonValue
from creditsandbox.province.population import Province

UsccOf = Callable[[str], str]
Validate = Callable[[str, object], None]
Body = Mapping[str, JsonValue]


class StillClock(Protocol):
    """The clock of both sides."""

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        ...


class Gateway(Protocol):
    """What these tests need of the small gateway."""

    clock: StillClock

    async def ask(self, uscc: str, *, query_id: str | None = None) -> httpx.Response:
        """Send a signed query."""
        ...

    async def find_state(self, query_id: str) -> httpx.Response:
        """Ask whether a query was counted."""
        ...

    def verify(self, answer: httpx.Response) -> dict[str, JsonValue]:
        """Return the body of an answer whose signature holds."""
        ...

    def query_id(self) -> str:
        """Return a fresh query id."""
        ...

    async def count(self) -> dict[str, JsonValue]:
        """Return the platform's counts."""
        ...


@pytest.fixture
def validate(contracts: Path) -> Validate:
    """Check a message against its definition in the contract."""
    schema = json.loads((contracts / "platforms/provincial/messages.schema.json").read_bytes())
    document = Resource.from_contents(schema)

    def check(name: str, message: object) -> None:
        validator = Draft202012Validator(
            {"$ref": f"messages#/$defs/{name}"},
            registry=Registry().with_resource("messages", document),
        )
        faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(message)]
        assert faults == []

    return check


def sections_of(body: Body) -> dict[str, dict[str, JsonValue]]:
    """Return the sections of an answer."""
    sections: dict[str, dict[str, JsonValue]] = json.loads(json.dumps(body["sections"]))
    return sections


def records_of(body: Body, code: str) -> list[dict[str, JsonValue]]:
    """Return the records of a section."""
    records: list[dict[str, JsonValue]] = json.loads(json.dumps(sections_of(body)[code]["records"]))
    return records


async def test_everything_on_record_is_answered_as_the_contract_says(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """All nine sections are FOUND; the answer fits the schema, is signed and bound."""
    uscc = uscc_of("FOUND")

    answer = await gateway.ask(uscc)

    body = gateway.verify(answer)
    validate("Answer", body)
    assert answer.status_code == 200
    assert body["uscc"] == uscc
    assert body["answered_at"] == "2026-11-21T02:00:30Z"
    assert {
        code: section["status"] for code, section in sections_of(body).items()
    } == dict.fromkeys(("ABN", "EVA", "JUD", "LIC", "LST", "PEN", "REG", "SOC", "TAX"), "FOUND")
    assert {section["as_of"] for section in sections_of(body).values()} == {"2026-11-21T00:00:00Z"}


async def test_penalties_show_what_the_gateway_must_withhold(
    gateway: Gateway, uscc_of: UsccOf
) -> None:
    """Repaired, on the spot and open to appeal: each is sent, and says so."""
    body = gateway.verify(await gateway.ask(uscc_of("FOUND")))

    penalties = records_of(body, "PEN")
    told = {(row["state"], row["finality"], row["case_process_type"]) for row in penalties}
    assert told == {("1", "1", "02"), ("1", "2", "02"), ("1", "1", "01"), ("4", "1", "02")}
    assert {row["info_kind"] for row in penalties if row["finality"] == "2"} == {"1"}
    assert {"amount": "26", "unit": "万元", "currency": "CNY"} in [row["fine"] for row in penalties]


async def test_lists_show_removals_and_measures_without_a_basis(
    gateway: Gateway, uscc_of: UsccOf
) -> None:
    """One entry is removed, one stands; one measure has no published legal basis."""
    body = gateway.verify(await gateway.ask(uscc_of("FOUND")))

    entries = records_of(body, "LST")
    assert {row["state"]: row["remove_date"] for row in entries} == {"1": None, "2": "2026-04-05"}
    assert '"basis_published": false' in json.dumps(entries)


async def test_nothing_adverse_is_no_record(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """Penalties and lists say NO_RECORD, with the instant as of which that is so."""
    body = gateway.verify(await gateway.ask(uscc_of("NOTHING_ADVERSE")))

    validate("Answer", body)
    nothing = {"status": "NO_RECORD", "as_of": "2026-11-21T00:00:00Z"}
    assert (sections_of(body)["PEN"], sections_of(body)["LST"]) == (nothing, nothing)


async def test_a_failed_source_is_no_empty_one(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """Penalties say ERROR while lists say NO_RECORD."""
    body = gateway.verify(await gateway.ask(uscc_of("SECTION_FAILED")))

    validate("Answer", body)
    assert sections_of(body)["PEN"]["status"] == "ERROR"
    assert sections_of(body)["LST"]["status"] == "NO_RECORD"


async def test_the_dissolved_are_registered_as_such(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """The registration says 注销, and there is no evaluation."""
    body = gateway.verify(await gateway.ask(uscc_of("DISSOLVED")))

    validate("Answer", body)
    assert records_of(body, "REG")[0]["reg_state"] == "注销"
    assert sections_of(body)["EVA"]["status"] == "NO_RECORD"


async def test_an_unknown_enterprise_is_counted_and_signed(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """404, signed, SUBJECT_UNKNOWN: the platform looked, so it counts."""
    answer = await gateway.ask(uscc_of("NOT_FOUND"))

    body = gateway.verify(answer)
    validate("Refusal", body)
    assert (answer.status_code, body["code"]) == (404, "SUBJECT_UNKNOWN")
    assert (await gateway.count())["counted"] == 1


async def test_the_whole_population_fits_the_contract(gateway: Gateway, validate: Validate) -> None:
    """A hundred entities of every category answer within the schema."""
    for uscc in Province(size=100).list_codes():
        validate("Answer", gateway.verify(await gateway.ask(uscc)))


async def test_a_query_id_is_counted_once(gateway: Gateway, uscc_of: UsccOf) -> None:
    """Sent again, also at the same time, it gets the same answer and no second count."""
    number, uscc = gateway.query_id(), uscc_of("FOUND")
    first = await gateway.ask(uscc, query_id=number)
    gateway.clock.pass_seconds(5)

    async with TaskGroup() as group:
        tasks = [group.create_task(gateway.ask(uscc, query_id=number)) for _ in range(5)]

    assert {task.result().content for task in tasks} == {first.content}
    assert await gateway.count() == {"counted": 1, "by_uscc": {uscc: 1}, "tokens_issued": 1}


async def test_the_state_of_a_query_is_told(
    gateway: Gateway, uscc_of: UsccOf, validate: Validate
) -> None:
    """COUNTED after an answer, NOT_COUNTED for an id never seen; both signed."""
    number = gateway.query_id()
    before = gateway.verify(await gateway.find_state(number))
    await gateway.ask(uscc_of("FOUND"), query_id=number)
    after = gateway.verify(await gateway.find_state(number))

    validate("QueryState", before)
    validate("QueryState", after)
    assert (before["state"], after["state"]) == ("NOT_COUNTED", "COUNTED")


async def test_down_means_not_counted(gateway: Gateway, uscc_of: UsccOf) -> None:
    """503 with Retry-After, and the state says NOT_COUNTED."""
    number = gateway.query_id()

    answer = await gateway.ask(uscc_of("DOWN"), query_id=number)

    gateway.verify(answer)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert gateway.verify(await gateway.find_state(number))["state"] == "NOT_COUNTED"


async def test_slow_means_counted(gateway: Gateway, uscc_of: UsccOf) -> None:
    """The slow enterprise is counted, and its late answer is a right one."""
    answer = await gateway.ask(uscc_of("SLOW"))

    assert gateway.verify(answer)["uscc"] == uscc_of("SLOW")
    assert (await gateway.count())["counted"] == 1


async def test_a_wrong_signature_does_not_verify(gateway: Gateway, uscc_of: UsccOf) -> None:
    """The answer names the platform's key and is signed by another."""
    answer = await gateway.ask(uscc_of("WRONG_SIGNATURE"))

    with pytest.raises(SignatureRejected):
        gateway.verify(answer)
    assert (await gateway.count())["counted"] == 1


async def test_an_answer_about_another_is_rightly_signed(gateway: Gateway, uscc_of: UsccOf) -> None:
    """Only the body gives it away: it is about the enterprise with nothing adverse."""
    body = gateway.verify(await gateway.ask(uscc_of("OTHER_ENTERPRISE")))

    assert body["uscc"] == uscc_of("NOTHING_ADVERSE") != uscc_of("OTHER_ENTERPRISE")


async def test_a_replayed_answer_is_old_and_bound_to_another_request(
    gateway: Gateway, uscc_of: UsccOf
) -> None:
    """Stale by its time; and at that time it would still be another query's."""
    answer = await gateway.ask(uscc_of("REPLAYED"))

    with pytest.raises(SignatureStale):
        gateway.verify(answer)
    gateway.clock.pass_seconds(-600)
    with pytest.raises(SignatureRejected):
        gateway.verify(answer)
