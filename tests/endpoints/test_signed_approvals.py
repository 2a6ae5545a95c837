"""Approvals that a passkey signs: in the portal, on the way from a bank, and where one waits."""

import re

import pytest
from msgspec.structs import force_setattr, replace
from tests.endpoints.browser import CODE_FLOW, Browser, detail, push_details, redeem, returned
from tests.endpoints.ceremonies import asked_of, enrol, make_fields, make_phone, sign_fields
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.test_passkeys import code_of, list_kinds
from tests.endpoints.wire import Answer, send
from tests.passkeys import UP, Authenticator

from creditbridge.evidence.examination import open_entries
from creditbridge.evidence.model import StepState, Strength
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.reading import read_pack
from creditbridge.evidence.verifying import verify_pack
from creditbridge.journeys.approver_signature import HousePolicy
from creditbridge.ledger.model import ConsentApproved, DigestName, EventKind
from creditbridge.ledger.rules import open_entry, require_proofs
from creditbridge.ledger.store import openings
from creditbridge.login.passkeys.model import Demand
from creditbridge.login.passkeys.rules import user_handle

APPROVE = {"decision": "approve", "version": "1"}


def demand(stage: Stage, wanted: Demand) -> None:
    """Let the policy demand a passkey, of a kind."""
    # One for all three ways in; frozen for everybody but the policy's own change.
    policy = HousePolicy(policies=stage.rooms.consents.policies, least=wanted)
    force_setattr(stage.house.people.give_consent.sign_consents, "policy", policy)


async def ask(stage: Stage, session: str, consent_id: str) -> Answer:
    """Say yes in the portal, and be asked to sign."""
    return await stage.visit(session, f"/portal/consents/{consent_id}/decision", form=APPROVE)


async def sign(stage: Stage, session: str, page: Answer, fields: dict[str, str]) -> Answer:
    """Send the page's form."""
    found = re.search(r'id="passkey-form" method="post" action="([^"]*)"', page.body.decode())
    assert found is not None
    return await stage.visit(session, found[1], form=fields)


def fields_for(page: Answer, phone: Authenticator) -> dict[str, str]:
    """Return what the script fills in; the page's first form is the one that signs."""
    first = page.body.decode().partition('id="passkey-form"')[2].partition("</form>")[0]
    return sign_fields(replace(page, body=b"<form" + first.encode()), phone)


async def read_approvals(stage: Stage) -> list[ConsentApproved]:
    """Return the terms of every approval, once its proofs fit its digests."""
    async with stage.database.transaction() as tx:
        rows = await openings.read_behind(tx, first=0, rows_max=1000)
    approvals = []
    for row in rows:
        if row.kind == EventKind.CONSENT_APPROVED:
            opened = stage.rooms.ledger._vault.unlock(row)  # noqa: SLF001 -- what the auditor reads
            core, _ = open_entry(opened.opening)
            require_proofs(opened.opening, core, opened.proofs)
            assert isinstance(core.terms, ConsentApproved)
            assert (DigestName.APPROVAL in core.digests) == (core.terms.credential is not None)
            approvals.append(core.terms)
    return approvals


async def test_a_yes_is_signed_in_the_portal(stage: Stage, north: Machine) -> None:
    """The page says what is signed; the approval's entry names the passkey's enrolment."""
    demand(stage, Demand.ANY)
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)

    page = await ask(stage, session, consent_id)
    done = await sign(stage, session, page, fields_for(page, phone))

    assert page.status == 200
    assert "script-src 'self'" in page.header("content-security-policy")
    assert b"north bank" in page.body
    assert 'id="passkey-without"' not in page.body.decode()
    assert (done.status, done.header("location")) == (303, "/portal/consents?notice=approved")
    (terms,) = await read_approvals(stage)
    assert terms.credential is not None


async def test_a_narrower_yes_is_what_is_signed(stage: Stage, north: Machine) -> None:
    """Sections, term and looks as chosen: the statement is over that artefact."""
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    form = {**APPROVE, "chooses": "1", "see_REG": "1", "days": "7", "looks": "1"}

    page = await stage.visit(session, f"/portal/consents/{consent_id}/decision", form=form)
    done = await sign(stage, session, page, fields_for(page, phone))

    assert done.status == 303
    (terms,) = await read_approvals(stage)
    assert terms.credential is not None
    assert (terms.max_queries, terms.sections) == (1, frozenset({"REG"}))


async def test_where_none_is_needed_a_person_may_go_without(stage: Stage, north: Machine) -> None:
    """The page offers it, and the entry says that none signed."""
    consent_id, session = await stage.lodge(north), await stage.sign_in()
    await enrol(stage, session, make_phone())
    page = await ask(stage, session, consent_id)

    done = await stage.visit(
        session,
        f"/portal/consents/{consent_id}/decision",
        form={**APPROVE, "without": "passkey"},
    )

    assert 'id="passkey-without"' in page.body.decode()
    assert done.status == 303
    assert [one.credential for one in await read_approvals(stage)] == [None]


@pytest.mark.parametrize(
    ("wanted", "synced", "code"),
    [
        (Demand.ANY, None, "passkey-missing"),
        (Demand.DEVICE_BOUND, True, "passkey-unbound"),
    ],
)
async def test_a_needed_passkey_is_asked_for(
    wanted: Demand,
    synced: bool | None,  # noqa: FBT001 -- a case
    code: str,
    stage: Stage,
    north: Machine,
) -> None:
    """Without one, or with one that may leave its device, nothing is approved, be it forced."""
    demand(stage, wanted)
    consent_id, session = await stage.lodge(north), await stage.sign_in()
    if synced is not None:
        await enrol(stage, session, make_phone(synced=synced))

    asked = await ask(stage, session, consent_id)
    forced = await stage.visit(
        session,
        f"/portal/consents/{consent_id}/decision",
        form={**APPROVE, "without": "passkey"},
    )

    assert (asked.status, code_of(asked)) == (403, code)
    assert (forced.status, code_of(forced)) == (403, "passkey-missing")
    assert await read_approvals(stage) == []


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://gateway.example"},
        {"origin": "https://a.gateway.example"},
        {"rp_id": "evil.example"},
        {"flags": UP},
        {"extra": b"\x00"},
    ],
    ids=["origin", "http", "sub-domain", "RP", "UV 0", "trailing bytes"],
)
async def test_a_bad_signature_approves_nothing(
    lie: dict[str, str | int | bytes], stage: Stage, north: Machine
) -> None:
    """400 in uniform words, recorded, and the try is spent: the right answer comes too late."""
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    page = await ask(stage, session, consent_id)

    bad = await sign(stage, session, page, fields_for(page, replace(phone, **lie)))
    late = await sign(stage, session, page, fields_for(page, phone))

    answers = [(one.status, code_of(one)) for one in (bad, late)]
    assert answers == [(400, "approval-invalid")] * 2
    assert await list_kinds(stage) == ["credential.enrolled", *["approval.refused"] * 2]
    assert await read_approvals(stage) == []


async def test_anothers_user_handle_approves_nothing(stage: Stage, north: Machine) -> None:
    """A synced passkey of another account on the same device."""
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    page = await ask(stage, session, consent_id)
    fields = fields_for(page, phone) | {"user_handle": "A" * 43}

    assert user_handle("prs_1") != bytes(32)
    assert code_of(await sign(stage, session, page, fields)) == "approval-invalid"


async def test_a_signature_counts_for_its_own_request_alone(stage: Stage, north: Machine) -> None:
    """Signed for one consent and sent to another: refused, and neither is given."""
    session, phone = await stage.sign_in(), make_phone()
    first, second = await stage.lodge(north), await stage.lodge(north)
    await enrol(stage, session, phone)
    page = await ask(stage, session, first)

    moved = await stage.visit(
        session, f"/portal/consents/{second}/decision", form=fields_for(page, phone)
    )

    assert (moved.status, code_of(moved)) == (400, "approval-invalid")
    assert await read_approvals(stage) == []


async def test_a_replayed_signature_approves_nothing(stage: Stage, north: Machine) -> None:
    """The same form again finds no statement."""
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    page = await ask(stage, session, consent_id)
    fields = fields_for(page, phone)

    first = await sign(stage, session, page, fields)
    again = await sign(stage, session, page, fields)

    assert first.status == 303
    assert again.status in {400, 403}
    assert len(await read_approvals(stage)) == 1


async def test_ten_consents_are_signed_at_once(stage: Stage) -> None:
    """One touch on the page that a bank leads to; each entry holds the same statement."""
    demand(stage, Demand.DEVICE_BOUND)
    machine = await stage.onboard("north", members=CODE_FLOW)
    address = await push_details(stage, machine, *[detail(stage) for _ in range(10)])
    browser, phone = Browser(stage), make_phone()
    page = await browser.open(address)
    session = browser.cookies["__Host-creditbridge"]
    await enrol(stage, session, phone)

    asked = await browser.decide(page, "approve")
    done = await browser.post("/oauth/authorize/decision", fields_for(asked, phone))

    assert asked_of(asked, "ceremony") == "get"
    code = returned(done)["code"]
    assert (await redeem(stage, machine, code)).status == 200
    approvals = await read_approvals(stage)
    assert len(approvals) == 10
    assert len({one.credential for one in approvals}) == 1
    assert len({one.artefact_digest for one in approvals}) == 10


async def test_a_bad_signature_keeps_a_banks_request_open(stage: Stage) -> None:
    """A page, and not an answer to the bank: the person signs anew."""
    demand(stage, Demand.ANY)
    machine = await stage.onboard("north", members=CODE_FLOW)
    browser, phone = Browser(stage), make_phone()
    page = await browser.open(await push_details(stage, machine, detail(stage)))
    none = await browser.decide(page, "approve")
    await enrol(stage, browser.cookies["__Host-creditbridge"], phone)

    asked = await browser.decide(page, "approve")
    bad = fields_for(asked, replace(phone, origin="https://evil.example"))
    refused = await browser.post("/oauth/authorize/decision", bad)
    anew = await browser.decide(page, "approve")
    done = await browser.post("/oauth/authorize/decision", fields_for(anew, phone))

    assert (none.status, code_of(none)) == (403, "passkey-missing")
    assert (refused.status, code_of(refused)) == (400, "approval-invalid")
    assert "code" in returned(done)


async def test_a_signed_consent_is_proven_offline(stage: Stage, north: Machine) -> None:
    """The pack of a report under it holds the signature, and of other passkeys nothing."""
    consent_id, session, phone = await stage.lodge(north), await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    asks = await stage.visit(session, "/portal/passkeys/new")
    target = "/portal/passkeys/confirmation"
    confirmed = await stage.visit(session, target, form=sign_fields(asks, phone))
    second = make_fields(confirmed, make_phone(synced=True))
    assert (await stage.visit(session, "/portal/passkeys", form=second)).status == 303
    page = await ask(stage, session, consent_id)
    assert (await sign(stage, session, page, fields_for(page, phone))).status == 303
    _, report = await stage.ask(north, consent_id)
    await stage.sequencer.run_once()

    report_id = report.header("creditbridge-report")
    _, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{north.bank_id}")

    verdict = verify_pack(pack.body, read_pins(pins.body))
    (step,) = (one for one in verdict.steps if one.name == "signature")
    assert (step.state, step.strength) == (StepState.PASSED, Strength.APPROVER_SIGNED)
    opened = open_entries(read_pack(pack.body))
    kinds = [str(one.core.kind) for one in opened]
    assert kinds.count("credential.enrolled") == 1
