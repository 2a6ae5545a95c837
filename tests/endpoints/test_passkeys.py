"""The portal's pages about passkeys: adding, a second one, ending, and what goes wrong."""

import re

import pytest
from msgspec.structs import replace
from tests.endpoints.ceremonies import (
    answer_of,
    asked_of,
    challenge_of,
    enrol,
    fields_of,
    make_fields,
    make_phone,
    sign_fields,
)
from tests.endpoints.stage import ISSUER, USCC, Stage
from tests.endpoints.wire import Answer

from creditbridge.ledger.model import PersonName
from creditbridge.ledger.rules import open_entry, read_names
from creditbridge.ledger.store import openings
from creditbridge.notices.model import Reader

HOME = "/portal/passkeys"
AGE = "UPDATE login_sessions SET signed_in_at = signed_in_at - interval '11 minutes'"
COOL = "UPDATE login_passkeys SET approves_from = approves_from + interval '1 day'"


async def list_kinds(stage: Stage) -> list[str]:
    """Return the kinds of the entries about passkeys, in the order of their making."""
    async with stage.database.transaction() as tx:
        rows = await openings.read_behind(tx, first=0, rows_max=1000)
    kinds = [str(row.kind) for row in rows]
    return [kind for kind in kinds if kind.startswith(("credential.", "approval."))]


async def list_news(stage: Stage) -> list[str]:
    """Return what the inbox tells of passkeys, oldest first."""
    async with stage.database.transaction() as tx:
        notices = await stage.rooms.notices.list_notices(tx, Reader(person_id="prs_1", uscc=USCC))
    return [one.kind for one in reversed(notices) if one.kind.startswith("CREDENTIAL_")]


def code_of(page: Answer) -> str:
    """Return the code that an error page names."""
    found = re.search(r'id="error-code">([^<]*)<', page.body.decode())
    assert found is not None, page.body
    return found[1]


async def test_a_person_adds_a_passkey(stage: Stage) -> None:
    """Asked on a page that runs this site's script alone; kept with its name, and recorded."""
    session, phone = await stage.sign_in(), make_phone()

    page = await stage.visit(session, f"{HOME}/new")
    done = await stage.visit(session, HOME, form=make_fields(page, phone, "手机"))
    listed = await stage.visit(session, HOME)

    policy = page.header("content-security-policy")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in listed.header("content-security-policy")
    assert asked_of(page, "rp-id") == "gateway.example"
    assert (done.status, done.header("location")) == (303, f"{HOME}?notice=passkey-added")
    assert "手机" in listed.body.decode()
    assert await list_kinds(stage) == ["credential.enrolled"]
    assert await list_news(stage) == ["CREDENTIAL_ENROLLED"]


async def test_the_entry_of_a_passkey_names_its_person_alone(stage: Stage) -> None:
    """Key and proof of authority are in the core; no enterprise is."""
    await enrol(stage, await stage.sign_in(), make_phone())

    async with stage.database.transaction() as tx:
        rows = await openings.read_behind(tx, first=0, rows_max=1000)
    (row,) = (one for one in rows if one.kind == "credential.enrolled")
    opened = stage.rooms.ledger._vault.unlock(row)  # noqa: SLF001 -- what the auditor reads
    core, _ = open_entry(opened.opening)
    assert (core.bank, core.enterprise, core.consent) == (None, None, None)
    assert [type(one) for one in read_names(opened.opening).values()] == [PersonName]


async def test_a_session_that_lay_open_signs_in_again_first(stage: Stage) -> None:
    """The first passkey needs a fresh sign-in; the way back leads to the page."""
    session = await stage.sign_in()
    async with stage.database.transaction() as tx:
        await tx.execute(AGE)

    answer = await stage.visit(session, f"{HOME}/new")

    assert answer.status == 303
    assert answer.header("location").startswith(ISSUER)


async def test_a_second_passkey_needs_the_first(stage: Stage) -> None:
    """The page asks for a signature, and only then for the new key."""
    session, phone, key = await stage.sign_in(), make_phone(), make_phone(synced=True)
    await enrol(stage, session, phone)

    asks = await stage.visit(session, f"{HOME}/new")
    confirmed = await stage.visit(session, f"{HOME}/confirmation", form=sign_fields(asks, phone))
    done = await stage.visit(session, HOME, form=make_fields(confirmed, key, "key"))

    assert asked_of(asks, "ceremony") == "get"
    assert asked_of(confirmed, "ceremony") == "create"
    assert done.status == 303
    assert await list_kinds(stage) == ["credential.enrolled"] * 2


async def test_a_second_passkey_is_not_added_around_the_first(stage: Stage) -> None:
    """A page that was opened before the first was there adds none after it."""
    session = await stage.sign_in()
    early = await stage.visit(session, f"{HOME}/new")
    other = await stage.sign_in()
    await enrol(stage, other, make_phone())

    done = await stage.visit(session, HOME, form=make_fields(early, make_phone()))

    assert (done.status, code_of(done)) == (403, "passkey-recovery-needed")


async def test_a_confirmation_that_does_not_hold_is_recorded(stage: Stage) -> None:
    """400, uniform, and in the ledger; the page must be opened again."""
    session, phone = await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    asks = await stage.visit(session, f"{HOME}/new")

    wrong = sign_fields(asks, replace(phone, origin="https://evil.example"))
    answers = [
        await stage.visit(session, f"{HOME}/confirmation", form=form)
        for form in (wrong, sign_fields(asks, phone), {}, {"signing": "x"})
    ]

    assert [(one.status, code_of(one)) for one in answers] == [(400, "approval-invalid")] * 4
    assert await list_kinds(stage) == ["credential.enrolled", *["approval.refused"] * 2]


async def test_a_copy_is_suspended(stage: Stage) -> None:
    """A counter that does not grow, once; the suspension is in the ledger, the page shows it."""
    session, phone = await stage.sign_in(), make_phone().counted(9)
    await enrol(stage, session, phone)
    asks = await stage.visit(session, f"{HOME}/new")

    answer = await stage.visit(session, f"{HOME}/confirmation", form=sign_fields(asks, phone))
    listed = await stage.visit(session, HOME)

    assert (answer.status, code_of(answer)) == (400, "approval-invalid")
    assert await list_kinds(stage) == [
        "credential.enrolled",
        "credential.suspended",
        "approval.refused",
    ]
    assert await list_news(stage) == ["CREDENTIAL_ENROLLED", "CREDENTIAL_SUSPENDED"]
    assert "可能存在副本" in listed.body.decode()


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"attestation": "AAAA"}, 400, "passkey-enrolment-invalid"),
        ({"client_data": "!"}, 400, "passkey-enrolment-invalid"),
        ({"name": ""}, 400, "passkey-name-malformed"),
        ({"signing": "sgn_01hzy6t9x7c3v5n8m2k4p6q8r0"}, 400, "approval-invalid"),
    ],
)
async def test_a_form_that_brings_no_passkey_is_refused(
    changed: dict[str, str], status: int, code: str, stage: Stage
) -> None:
    """A page in the person's language, and nothing is kept."""
    session = await stage.sign_in()
    page = await stage.visit(session, f"{HOME}/new")

    answer = await stage.visit(session, HOME, form={**make_fields(page, make_phone()), **changed})

    assert (answer.status, code_of(answer)) == (status, code)
    assert await list_kinds(stage) == []


async def test_a_form_without_its_fields_is_refused(stage: Stage) -> None:
    """As a browser without the script would send it."""
    session = await stage.sign_in()
    page = await stage.visit(session, f"{HOME}/new")
    fields = {name: value for name, value in fields_of(page).items() if name != "attestation"}

    answer = await stage.visit(session, HOME, form=fields)

    assert (answer.status, code_of(answer)) == (400, "passkey-enrolment-invalid")


async def test_a_passkey_ends_after_a_preview(stage: Stage) -> None:
    """For good, with a record; the last one is called so."""
    session = await stage.sign_in()
    await enrol(stage, session, make_phone())
    listed = await stage.visit(session, HOME)
    found = re.search(r'href="(/portal/passkeys/psk_[0-9a-z]+/end)"', listed.body.decode())
    assert found is not None

    preview = await stage.visit(session, found[1])
    done = await stage.visit(session, found[1], form={})
    again = await stage.visit(session, found[1], form={})
    gone = await stage.visit(session, found[1])
    lost = await stage.visit(session, HOME)
    new = await stage.visit(session, f"{HOME}/new")

    assert "最后一个" in preview.body.decode()
    assert (done.status, done.header("location")) == (303, f"{HOME}?notice=passkey-ended")
    assert [code_of(one) for one in (again, gone)] == ["passkey-unknown"] * 2
    assert 'id="passkey-add"' not in lost.body.decode()
    assert code_of(new) == "passkey-recovery-needed"
    assert await list_kinds(stage) == ["credential.enrolled", "credential.ended"]
    assert await list_news(stage) == ["CREDENTIAL_ENROLLED", "CREDENTIAL_ENDED"]


async def test_a_passkey_that_waits_is_shown_so(stage: Stage) -> None:
    """With the instant from which on it may approve."""
    session = await stage.sign_in()
    await enrol(stage, session, make_phone())
    async with stage.database.transaction() as tx:
        await tx.execute(COOL)

    listed = await stage.visit(session, HOME)

    assert "起才能用来批准" in listed.body.decode()


async def test_a_stranger_is_led_to_the_way_in(stage: Stage) -> None:
    """No page about passkeys without a session; no form without its token."""
    for target in (HOME, f"{HOME}/new"):
        answer = await stage.visit(None, target)
        assert (answer.status, answer.header("location")) == (303, "/portal/sign-in")
    session = await stage.sign_in()
    page = await stage.visit(session, f"{HOME}/new")
    forged = {**make_fields(page, make_phone()), "form_token": "x"}

    answer = await stage.visit(session, HOME, form=forged)

    assert (answer.status, code_of(answer)) == (403, "form-token-invalid")


async def test_an_assertion_for_a_page_of_before_is_refused(stage: Stage) -> None:
    """Each page has its own challenge."""
    session, phone = await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    first = await stage.visit(session, f"{HOME}/new")
    second = await stage.visit(session, f"{HOME}/new")

    mixed = {**fields_of(second), **answer_of(phone, challenge_of(first))}
    answer = await stage.visit(session, f"{HOME}/confirmation", form=mixed)

    assert code_of(answer) == "approval-invalid"
