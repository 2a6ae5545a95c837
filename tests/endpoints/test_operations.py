"""The operations door: health with reasons, and operators' signed acts."""

from datetime import timedelta

import msgspec
import pytest
from tests.endpoints.stage import Machine, Stage, make_key
from tests.endpoints.wire import send

from creditbridge.foundation.errors import Unavailable
from creditbridge.foundation.key_rings import KeyPurpose, PlannedKey
from creditbridge.protocols.canonical_json import canonicalize

UNKNOWN_CHANGE = "chg_01hzy6t9x7c3v5n8m2k4p6q8r0"


async def read_reasons(stage: Stage) -> tuple[int, object]:
    """Return status and reasons of readiness."""
    answer = await send(stage.operations, "GET", "/readyz")
    assert answer.header("cache-control") == "no-store"
    return answer.status, answer.json["reasons"]


async def test_an_opened_house_is_ready(stage: Stage) -> None:
    """Alive and ready are two questions."""
    alive = await send(stage.operations, "GET", "/livez")

    assert (alive.status, alive.json) == (200, {"status": "alive"})
    assert await read_reasons(stage) == (200, [])


async def test_a_house_without_operators_is_not_ready(closed_stage: Stage) -> None:
    """Nothing is served before two persons enrolled."""
    assert await read_reasons(closed_stage) == (503, ["house-unopened"])


async def test_a_drain_is_seen_first_at_readiness(stage: Stage) -> None:
    """The balancer stops sending; the process is still alive."""
    stage.lifecycle.phase = type(stage.lifecycle.phase).DRAINING

    assert await read_reasons(stage) == (503, ["draining"])
    assert (await send(stage.operations, "GET", "/livez")).status == 200


async def test_a_late_sequencer_is_a_reason(stage: Stage) -> None:
    """What waits for its index longer than a minute gates readiness (fault 36)."""
    async with stage.database.transaction() as tx:
        later = tx.now + timedelta(seconds=61)
    await stage.database.raise_floor(later)

    assert await read_reasons(stage) == (503, ["ledger-late"])


async def test_the_sequencers_trouble_is_a_reason(stage: Stage) -> None:
    """By its own code."""
    stage.sequencer.trouble = Unavailable()

    assert await read_reasons(stage) == (503, ["unavailable"])


async def test_a_key_that_nobody_is_shown_any_more_is_a_reason(stage: Stage) -> None:
    """This machine's last key of a purpose is retired: what it signs nobody could verify."""
    ring = stage.rooms.keys.seal
    key, later = ring.current().key, make_key().key
    now = stage.clock.now()
    retired = PlannedKey(key=key, use_from=now, is_retired=True)
    ring.plan([retired, PlannedKey(key=later, use_from=now)], now=now)

    assert await read_reasons(stage) == (503, ["keys-retired"])


async def test_keys_are_shown_with_their_times(stage: Stage) -> None:
    """Each purpose has begun with one; nothing of a private half."""
    answer = await send(stage.operations, "GET", "/keys")

    keys = msgspec.convert(answer.json["keys"], list[dict[str, str | None]])
    assert {key["purpose"] for key in keys} == set(KeyPurpose)
    assert {key["retired_at"] for key in keys} == {None}
    assert keys[0].keys() == {"purpose", "kid", "alg", "use_from", "retired_at"}


async def test_a_lost_database_is_a_reason(stage: Stage) -> None:
    """Readiness is false, and nothing raises."""
    await stage.database.close()

    assert await read_reasons(stage) == (503, ["database-unavailable"])


async def test_the_house_is_opened_once(stage: Stage) -> None:
    """The second bootstrap is refused (fault 73)."""
    operators = [{"person_name": name, "key": make_key().key.to_jwk()} for name in ("One", "Two")]

    answer = await stage.operate("/operators", {"operators": operators})

    assert (answer.status, answer.code) == (403, "house-opened")


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_two_persons_and_no_others_open_the_house(count: int, closed_stage: Stage) -> None:
    """One is too few, three are too many."""
    operators = [
        {"person_name": f"Person {number}", "key": make_key().key.to_jwk()}
        for number in range(count)
    ]

    answer = await closed_stage.operate("/operators", {"operators": operators})

    assert (answer.status, answer.code) == (400, "operators-miscounted")


async def test_a_private_key_is_not_taken(closed_stage: Stage) -> None:
    """Whoever sends one by mistake is told, and it is not kept."""
    key = {**make_key().key.to_jwk(), "d": "c2VjcmV0"}
    operators = [{"person_name": "One", "key": key}, {"person_name": "Two", "key": key}]

    answer = await closed_stage.operate("/operators", {"operators": operators})

    assert answer.status == 400
    assert b"c2VjcmV0" not in answer.body


async def test_a_change_is_shown_before_it_is_approved(stage: Stage) -> None:
    """The second operator reads body and digest of what they will sign."""
    client = {
        "client_id": "east-core",
        "matcher": {"kind": "san_dns", "value": "core.east.example"},
        "scopes": ["reports"],
        "requires_signature": False,
        "keys": [],
    }
    bank = {"uscc": "91330104YY0000A13Q", "legal_name": "East", "clients": [client]}
    body = canonicalize(msgspec.to_builtins(bank))
    change = await stage.operate("/changes", stage.propose(body))

    shown = await send(stage.operations, "GET", f"/changes/{change.json['change_id']}")

    assert change.status == 201
    assert shown.status == 200
    assert shown.json == change.json
    approved = await stage.operate("/approvals", stage.approve(shown))
    assert approved.status == 201
    assert approved.json["legal_name"] == "East"
    again = await stage.operate("/approvals", stage.approve(shown))
    assert (again.status, again.code) == (403, "change-decided")


@pytest.mark.parametrize("change_id", [UNKNOWN_CHANGE, "chg_x"])
async def test_an_unknown_change_is_not_found(change_id: str, stage: Stage) -> None:
    """404, whatever its shape."""
    answer = await send(stage.operations, "GET", f"/changes/{change_id}")

    assert (answer.status, answer.code) == (404, "change-unknown")


async def test_an_unsigned_proposal_is_refused(stage: Stage) -> None:
    """Another key's signature, and a text that is none."""
    proposal = stage.propose(b"{}")
    forged = await stage.operate("/changes", {**proposal, "signature": "A" * 86})
    garbled = await stage.operate("/changes", {**proposal, "signature": "%"})

    assert (forged.status, forged.code) == (401, "signature-invalid")
    assert garbled.status == 400


async def test_pins_hold_the_houses_keys_and_the_banks(stage: Stage, north: Machine) -> None:
    """What a bank's verifier believes; for an unknown bank there is nothing."""
    answer = await send(stage.operations, "GET", f"/pins/{north.bank_id}")
    unknown = await send(stage.operations, "GET", "/pins/bnk_01hzy6t9x7c3v5n8m2k4p6q8r0")

    assert answer.status == 200
    bank_keys = msgspec.convert(answer.json["bank_keys"], list[dict[str, object]])
    assert [key["kid"] for key in bank_keys] == [north.key.key.key_id]
    assert unknown.status == 404


async def test_an_intact_ledger_has_no_violation(stage: Stage, north: Machine) -> None:
    """200 and empty lists; after an edit by whoever owns the database, 409 and its index."""
    await stage.sequencer.run_once()

    good = await send(stage.operations, "GET", "/ledger/check")
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE ledger_head SET root = sha256('another')")
    bad = await send(stage.operations, "GET", "/ledger/check")

    assert good.status == 200
    assert (good.json["violations"], good.json["breaches"]) == ([], [])
    assert bad.status == 409
    assert bad.json["violations"] != []
    assert north.client_id.encode() not in bad.body


async def test_what_ends_some_day_is_shown(stage: Stage) -> None:
    """The keys that sign are due in a year; nothing of the settings' files is there to be read."""
    answer = await send(stage.operations, "GET", "/health/endings")

    endings = msgspec.convert(answer.json["endings"], list[dict[str, object]])
    assert {ending["name"] for ending in endings} == {f"keys.{purpose}" for purpose in KeyPurpose}
    assert {(ending["kind"], ending["is_near"]) for ending in endings} == {("signing_key", False)}
    assert answer.header("cache-control") == "no-store"
