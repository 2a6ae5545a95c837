"""The inbox: what was told, marked for each person, and how each of them wants to be told."""

import re

import pytest
from tests.endpoints.stage import Machine, Stage

from creditbridge.app.keeping import keep_house
from creditbridge.journeys.send_notices import SendNotices

CODE = re.compile(r"[0-9]{8}")


async def send_mails(stage: Stage) -> None:
    """Let the house send what waits."""
    sending = keep_house(stage.rooms).send_notices
    assert isinstance(sending, SendNotices)
    await sending()


async def give_address(stage: Stage, session: str, address: str) -> str:
    """Type an address, read the code in the mail, and type that too."""
    await stage.visit(session, "/portal/inbox/address", form={"address": address})
    await send_mails(stage)
    found = CODE.search(stage.mailer.mails[-1].text)
    assert found is not None
    await stage.visit(session, "/portal/inbox/address/code", form={"code": found[0]})
    return found[0]


async def test_a_request_is_told_until_it_is_marked(stage: Stage, north: Machine) -> None:
    """Bank and purpose, with the way to the page where it is decided."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()

    shown = await stage.visit(session, "/portal/inbox?language=en")
    notice = re.search(rb'name="shown" value="([^"]*)"', shown.body)
    assert notice is not None
    marked = await stage.visit(session, "/portal/inbox/read", form={"shown": notice[1].decode()})
    again = await stage.visit(session, "/portal/inbox")

    assert f'href="/portal/consents/{consent_id}"'.encode() in shown.body
    assert b"asks for a consent: Review before a loan" in shown.body
    assert (marked.status, marked.header("location")) == (303, "/portal/inbox")
    assert b'name="shown"' not in again.body
    assert consent_id.encode() in again.body


async def test_an_address_is_confirmed_by_a_code_and_then_gets_mail(
    stage: Stage, north: Machine
) -> None:
    """The page names it; a request of a bank goes there."""
    session = await stage.sign_in()
    await give_address(stage, session, "lin@example.com")
    page = await stage.visit(session, "/portal/inbox/settings")
    await stage.lodge(north)
    await send_mails(stage)

    assert b"lin@example.com" in page.body
    assert [mail.to for mail in stage.mailer.mails] == ["lin@example.com"] * 2
    assert stage.mailer.mails[-1].subject.startswith("north bank")


async def test_an_address_is_erased_on_request(stage: Stage, north: Machine) -> None:
    """Nothing goes there any more."""
    session = await stage.sign_in()
    await give_address(stage, session, "lin@example.com")
    await stage.visit(session, "/portal/inbox/address/removal", form={})
    await stage.lodge(north)
    await send_mails(stage)

    page = await stage.visit(session, "/portal/inbox/settings")
    assert b"lin@example.com" not in page.body
    assert len(stage.mailer.mails) == 1


async def test_wishes_about_looks_are_kept(stage: Stage) -> None:
    """The button turns into its opposite."""
    session = await stage.sign_in()
    await stage.visit(session, "/portal/inbox/preferences", form={"wants_looks": "yes"})

    page = await stage.visit(session, "/portal/inbox/settings")
    assert b'name="wants_looks" value="no"' in page.body


@pytest.mark.parametrize(
    ("path", "form", "status", "code"),
    [
        ("/portal/inbox/address", {"address": "lin"}, 400, b"address-malformed"),
        ("/portal/inbox/address", {}, 400, b"address-malformed"),
        ("/portal/inbox/address", {"address": "a@b.example\r\nBcc: c@d.example"}, 400, b"request"),
        ("/portal/inbox/address/code", {"code": "00000000"}, 403, b"code-wrong"),
        ("/portal/inbox/address/code", {}, 403, b"code-wrong"),
    ],
)
async def test_what_is_typed_wrongly_is_a_page_that_says_so(
    stage: Stage, path: str, form: dict[str, str], status: int, code: bytes
) -> None:
    """With a code to quote, and without what was typed."""
    answer = await stage.visit(await stage.sign_in(), path, form=form)

    assert answer.status == status
    assert code in answer.body
    assert b"Bcc" not in answer.body


@pytest.mark.parametrize("path", ["/portal/inbox", "/portal/inbox/settings"])
async def test_who_is_not_signed_in_is_led_to_the_way_in(stage: Stage, path: str) -> None:
    """As on every page."""
    answer = await stage.visit("", path)

    assert (answer.status, answer.header("location")) == (303, "/portal/sign-in")


@pytest.mark.parametrize("marks", ["", ",", "ntc_x," * 40, "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"])
async def test_marks_of_nothing_do_nothing(stage: Stage, marks: str) -> None:
    """No id, half an id, another kind of id."""
    answer = await stage.visit(await stage.sign_in(), "/portal/inbox/read", form={"shown": marks})

    assert answer.status == 303
