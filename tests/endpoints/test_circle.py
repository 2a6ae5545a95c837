"""Decoupled approval by several (CIBA, n-of-m), with the passkeys of all of them."""

import asyncio
from collections import Counter
from typing import TypeAlias

import msgspec
import pytest
from tests.endpoints.browser import detail
from tests.endpoints.circle import Circle, open_circle
from tests.endpoints.polling import (
    CIBA_MEMBERS,
    answer_waiting,
    ask_well,
    open_waiting,
    poll,
    told,
    wait,
)
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.test_passkeys import code_of
from tests.endpoints.test_signed_approvals import demand
from tests.endpoints.wire import send

from creditbridge.evidence.examination import open_entries
from creditbridge.evidence.model import StepState, Strength
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.reading import read_pack
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.model import ConsentApproved, ConsentCountersigned
from creditbridge.ledger.rules import open_entry, require_proofs
from creditbridge.ledger.store import openings
from creditbridge.login.passkeys.model import Demand

PENDING = (400, "authorization_pending")


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask people without a browser."""
    return await stage.onboard("north", signs=False, members=CIBA_MEMBERS)


@pytest.fixture
async def circle(stage: Stage, north: Machine) -> Circle:
    """Two people who must both approve."""
    return await open_circle(stage)


async def ask_for_one(stage: Stage, north: Machine) -> str:
    """Ask for one consent; return what to poll with."""
    return await ask_well(stage, north, authorization_details=[detail(stage)])


@pytest.mark.parametrize("wanted", [Demand.NONE, Demand.DEVICE_BOUND])
async def test_C6_it_stays_pending_until_the_last_has_approved(
    wanted: Demand, stage: Stage, north: Machine, circle: Circle
) -> None:
    """Each with a passkey of their own where it is demanded, and over one and the same artefact."""
    demand(stage, wanted)
    signs = wanted is not Demand.NONE
    for each in (circle.head, circle.agent) if signs else ():
        await each.enrol()
    auth_req_id = await ask_for_one(stage, north)

    first = await circle.agent.approve(signs=signs)
    between = told(await poll(stage, north, auth_req_id))
    last = await circle.head.approve(signs=signs)
    await wait(stage, seconds=5)
    given = await poll(stage, north, auth_req_id)

    assert first.header("location") == "/portal/consents?notice=countersigned"
    assert last.header("location") == "/portal/consents?notice=approved"
    assert (between, given.status) == (PENDING, 200)
    countersigned, approved = await read_yeses(stage)
    assert isinstance(countersigned, ConsentCountersigned)
    assert isinstance(approved, ConsentApproved)
    assert (countersigned.given, countersigned.needed, approved.needed) == (1, 2, 2)
    credentials = {countersigned.credential, approved.credential}
    assert len(credentials - {None}) == (2 if signs else 0)
    assert countersigned.artefact_digest == approved.artefact_digest


async def test_C6_both_signatures_are_proven_offline(
    stage: Stage, north: Machine, circle: Circle
) -> None:
    """The pack of a report under it: the approvers' signatures hold, each by its enrolled key."""
    demand(stage, Demand.DEVICE_BOUND)
    for each in (circle.head, circle.agent):
        await each.enrol()
    auth_req_id = await ask_for_one(stage, north)
    for each in (circle.agent, circle.head):
        await each.approve()
    given = await poll(stage, north, auth_req_id)
    (granted,) = msgspec.convert(given.json["authorization_details"], list[dict[str, object]])

    pack, pins = await prove(stage, north, str(granted["consent_id"]))

    verdict = verify_pack(pack, read_pins(pins))
    # The platform that is played here signs nothing: the consent's own steps are what counts.
    passed = {one.name: one for one in verdict.steps if one.state is StepState.PASSED}
    assert {"chain", "consent", "approver", "signature", "coverage"} <= passed.keys()
    assert passed["signature"].strength is Strength.APPROVER_SIGNED
    assert "with 1 others" in passed["approver"].detail
    opened = open_entries(read_pack(pack))
    kinds = Counter(str(one.core.kind) for one in opened)
    assert kinds["credential.enrolled"] == 2
    assert kinds["consent.countersigned"] == kinds["consent.approved"] == 1


async def test_C6_a_no_of_the_last_is_a_no(stage: Stage, north: Machine, circle: Circle) -> None:
    """Whoever else had approved: the machine hears that access is denied, and there is no grant."""
    auth_req_id = await ask_for_one(stage, north)
    await circle.agent.approve(signs=False)

    refused = await circle.head.answer("refuse")

    assert refused.status == 303
    assert told(await poll(stage, north, auth_req_id)) == (400, "access_denied")
    assert (await list_told(stage))[-1] == "consent.refused"


async def test_C6_one_person_is_no_circle(stage: Stage, north: Machine, circle: Circle) -> None:
    """Who approved does not approve again, nor does anybody with another person's passkey."""
    demand(stage, Demand.ANY)
    for each in (circle.head, circle.agent):
        await each.enrol()
    auth_req_id = await ask_for_one(stage, north)
    await circle.agent.approve()

    again = await circle.agent.approve()
    borrowed = await circle.head.sign(await circle.head.answer(), circle.agent.phone)

    assert (again.status, code_of(again)) == (403, "consent-approved-already")
    assert (borrowed.status, code_of(borrowed)) == (400, "approval-invalid")
    assert told(await poll(stage, north, auth_req_id)) == PENDING
    assert len(await read_yeses(stage)) == 1


async def test_C6_of_two_yeses_at_once_both_count_and_one_completes(
    stage: Stage, north: Machine, circle: Circle
) -> None:
    """Whichever comes second makes the grant; the machine fetches it once."""
    auth_req_id = await ask_for_one(stage, north)
    pages = [(one, await open_waiting(one.browser)) for one in (circle.head, circle.agent)]

    async with asyncio.TaskGroup() as group:
        racers = [
            group.create_task(answer_waiting(one.browser, page, "approve")) for one, page in pages
        ]

    assert sorted(one.result().header("location") for one in racers) == [
        "/portal/consents?notice=approved",
        "/portal/consents?notice=countersigned",
    ]
    assert (await poll(stage, north, auth_req_id)).status == 200
    assert (await list_told(stage)).count("grant.made") == 1


Yes: TypeAlias = ConsentApproved | ConsentCountersigned


async def read_yeses(stage: Stage) -> list[Yes]:
    """Return every yes in the ledger, in order, once its proofs fit its digests."""
    async with stage.database.transaction() as tx:
        rows = await openings.read_behind(tx, first=0, rows_max=1000)
    yeses = list[Yes]()
    for row in rows:
        opened = stage.rooms.ledger._vault.unlock(row)  # noqa: SLF001 -- what the auditor reads
        core, _ = open_entry(opened.opening)
        if isinstance(core.terms, ConsentApproved | ConsentCountersigned):
            require_proofs(opened.opening, core, opened.proofs)
            yeses.append(core.terms)
    return yeses


async def list_told(stage: Stage) -> list[str]:
    """Return the kinds of what is recorded of consents and grants."""
    async with stage.database.transaction() as tx:
        rows = await openings.read_behind(tx, first=0, rows_max=1000)
    kinds = [row.kind or "" for row in rows]
    return [kind for kind in kinds if kind.startswith(("consent.", "grant."))]


async def prove(stage: Stage, bank: Machine, consent_id: str) -> tuple[bytes, bytes]:
    """Take a report under a consent; return its pack, and the pins to verify it by."""
    _, report = await stage.ask(bank, consent_id)
    assert report.status == 200, report.body
    await stage.sequencer.run_once()
    report_id = report.header("creditbridge-report")
    _, pack = await stage.call(bank, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{bank.bank_id}")
    return pack.body, pins.body
