"""Every passkey is lost: two operators open the way, and the new one waits."""

import re

from msgspec.structs import replace
from tests.endpoints.ceremonies import enrol, make_fields, make_phone
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.test_passkeys import code_of, list_kinds
from tests.endpoints.test_signed_approvals import ask, demand

from creditbridge.login.passkeys.model import Demand
from creditbridge.parties.model import ChangeKind
from creditbridge.protocols.canonical_json import canonicalize

COOLED = """
    UPDATE login_passkeys
    SET enrolled_at = enrolled_at - interval '1 day',
        approves_from = approves_from - interval '1 day'
"""


async def find_person_id(stage: Stage, session: str) -> str:
    """Return the number that the page shows for an operator."""
    page = await stage.visit(session, "/portal/passkeys")
    found = re.search(r'id="person-id">([^<]+)<', page.body.decode())
    assert found is not None
    return found[1]


async def recover(stage: Stage, person_id: str) -> int:
    """Let two operators open the way; return the last answer's status."""
    body = canonicalize({"person_id": person_id})
    change = await stage.operate("/changes", stage.propose(body, ChangeKind.PASSKEY_RECOVERY))
    assert change.status == 201, change.body
    approved = await stage.operate("/approvals", stage.approve(change))
    return approved.status


async def test_two_operators_open_the_way_to_one_new_passkey(stage: Stage, north: Machine) -> None:
    """The old one ends, the new one waits its time, and everything is in the ledger."""
    demand(stage, Demand.ANY)
    session, consent_id = await stage.sign_in(), await stage.lodge(north)
    await enrol(stage, session, make_phone())
    person_id = await find_person_id(stage, session)

    assert await recover(stage, person_id) == 201
    opened = await stage.visit(session, "/portal/passkeys")
    anew = await stage.sign_in()
    page = await stage.visit(anew, "/portal/passkeys/new")
    done = await stage.visit(anew, "/portal/passkeys", form=make_fields(page, make_phone()))
    early = await ask(stage, anew, consent_id)
    async with stage.database.transaction() as tx:
        await tx.execute(COOLED)
    late = await ask(stage, anew, consent_id)

    assert "两名运营人员" in opened.body.decode()
    assert done.status == 303
    assert (early.status, code_of(early)) == (403, "passkey-cooling")
    assert late.status == 200
    assert await list_kinds(stage) == [
        "credential.enrolled",
        "credential.ended",
        "credential.recovered",
        "credential.enrolled",
    ]


async def test_a_recovery_of_nobody_is_refused(stage: Stage) -> None:
    """An id that names nobody, and one that is none."""
    assert await recover(stage, "prs_01hzy6t9x7c3v5n8m2k4p6q8r0") in {403, 404}
    assert await recover(stage, "x") in {403, 404}


async def test_people_are_told_of_passkeys(stage: Stage) -> None:
    """Added, recovered: a line each in the enterprise's inbox."""
    session, phone = await stage.sign_in(), make_phone()
    await enrol(stage, session, replace(phone))
    assert await recover(stage, await find_person_id(stage, session)) == 201

    inbox = (await stage.visit(session, "/portal/inbox")).body.decode()

    assert "通行密钥" in inbox
