"""A new legal representative on the portal: reads what was given, confirms it or ends it."""

import re

import msgspec
import pytest
from msgspec.structs import replace
from tests.endpoints.ceremonies import enrol, make_phone
from tests.endpoints.stage import ENTERPRISE, ISSUER, USCC, Machine, Stage
from tests.endpoints.test_signed_approvals import fields_for, sign
from tests.endpoints.wire import send

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import digest_of
from creditbridge.evidence.model import Manifest, Result, StepState
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.protocols.canonical_json import canonicalize

VERSION = re.compile(rb'name="version" value="(\d+)"')


def successor(stage: Stage, number: int = 2, *, role: str = "LEGAL_REP") -> None:
    """Let the provider name another person at the next sign-in."""
    stage.identity.sign_in_as(
        f"sub-{number}", f"示例{number}", uscc=USCC, name=ENTERPRISE, role=role
    )


async def version_shown(stage: Stage, session: str, page: str) -> str:
    """Return the version that a page was shown of."""
    found = VERSION.search((await stage.visit(session, page)).body)
    assert found is not None
    return found[1].decode()


async def test_a_new_one_reads_and_confirms(stage: Stage, north: Machine, consent_id: str) -> None:
    """The bank is refused with `consent-paused` until then, and gets its report afterwards."""
    page = f"/portal/consents/{consent_id}"
    successor(stage)
    session = await stage.sign_in()
    _, held_off = await stage.ask(north, consent_id)
    listed = await stage.visit(session, "/portal/consents")
    shown = await stage.visit(session, page)
    read = await stage.visit(session, f"{page}/confirmation")
    version = await version_shown(stage, session, f"{page}/confirmation")

    answer = await stage.visit(session, f"{page}/confirmation", form={"version": version})

    _, answered = await stage.ask(north, consent_id)
    after = await stage.visit(session, page)
    assert (held_off.status, held_off.code) == (403, "consent-paused")
    assert f"{page}/confirmation".encode() in shown.body
    assert b'id="consent-resume"' not in shown.body
    assert "查看并确认".encode() in listed.body
    assert b"north bank" in read.body
    assert b'id="consent-confirm"' in read.body
    assert (answer.status, answer.header("location")) == (303, f"{page}?notice=confirmed")
    assert answered.status == 200
    assert b'id="consent-pause"' in after.body
    assert "新的法定代表人确认".encode() in after.body


async def test_a_new_one_ends_it(stage: Stage, north: Machine, consent_id: str) -> None:
    """By the withdrawal that every consent has; the bank is told that it is withdrawn."""
    successor(stage)
    session = await stage.sign_in()

    await stage.visit(session, f"/portal/consents/{consent_id}/withdrawal", form={})

    _, refused = await stage.ask(north, consent_id)
    assert (refused.status, refused.code) == (403, "consent-withdrawn")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, b"decision-missing"),
        ({"version": "1"}, b"consent-confirmation-not-awaited"),
        ({"version": "99999"}, b"consent-confirmation-not-awaited"),
    ],
)
async def test_what_was_not_shown_is_not_confirmed(
    form: dict[str, str], code: bytes, stage: Stage, north: Machine, consent_id: str
) -> None:
    """A form of another version, or of none, changes nothing."""
    successor(stage)
    session = await stage.sign_in()

    answer = await stage.visit(session, f"/portal/consents/{consent_id}/confirmation", form=form)

    _, refused = await stage.ask(north, consent_id)
    assert code in answer.body
    assert refused.code == "consent-paused"


async def test_an_agent_reads_and_does_not_confirm(stage: Stage, consent_id: str) -> None:
    """The page says who can, and shows no button; the form is refused all the same."""
    successor(stage)
    await stage.sign_in()
    successor(stage, 3, role="AGENT")
    session = await stage.sign_in()
    page = f"/portal/consents/{consent_id}/confirmation"

    read = await stage.visit(session, page)
    answer = await stage.visit(session, page, form={"version": "3"})

    assert read.status == 200
    assert b'id="consent-confirm"' not in read.body
    assert b'id="consent-end"' in read.body
    assert answer.status == 403
    assert b"confirmation-not-yours" in answer.body


async def test_what_waits_for_nobody_has_no_page(stage: Stage, consent_id: str) -> None:
    """A live consent is not confirmed, and another enterprise's is not found."""
    session = await stage.sign_in()
    page = f"/portal/consents/{consent_id}/confirmation"

    live = await stage.visit(session, page)
    stage.identity.sign_in_as("sub-9", "外人", uscc="91330106589876549K", name="别家有限公司")
    other = await stage.visit(await stage.sign_in(), page)

    assert b"consent-confirmation-not-awaited" in live.body
    assert other.status == 404


async def test_the_former_one_is_sent_to_the_way_in_and_no_further(
    stage: Stage, consent_id: str
) -> None:
    """The open session ends at once; the next sign-in says why it does not go on."""
    former = await stage.sign_in()
    successor(stage)
    await stage.sign_in()

    shown = await stage.visit(former, f"/portal/consents/{consent_id}")
    stage.identity.sign_in_as("sub-1", "沈示例", uscc=USCC, name=ENTERPRISE)
    begun = await send(stage.people, "GET", "/portal/sign-in/start")
    sent = dict(re.findall(r"[?&](state|nonce)=([^&]+)", begun.header("location")))
    stage.identity.nonce = sent["nonce"]
    refused = await send(
        stage.people,
        "GET",
        f"/portal/callback?code=c&state={sent['state']}&iss={ISSUER}",
        headers=[("cookie", begun.header("set-cookie").partition(";")[0])],
    )

    assert (shown.status, shown.header("location")) == (303, "/portal/sign-in")
    assert refused.status == 403
    assert b"voice-succeeded" in refused.body


async def test_a_confirmation_is_signed_and_proven_offline(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """By the new one's own passkey, over the artefact and version shown; the pack holds it."""
    successor(stage)
    session, phone = await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    page = f"/portal/consents/{consent_id}/confirmation"
    version = await version_shown(stage, session, page)
    asks = await stage.visit(session, page, form={"version": version})
    assert b'id="passkey-form"' in asks.body
    stranger = await sign(stage, session, asks, fields_for(asks, make_phone()))
    asks = await stage.visit(session, page, form={"version": version})

    signed = await sign(stage, session, asks, fields_for(asks, phone))

    _, report = await stage.ask(north, consent_id)
    await stage.sequencer.run_once()
    report_id = report.header("creditbridge-report")
    _, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{north.bank_id}")
    steps = {one.name: one for one in verify_pack(pack.body, read_pins(pins.body)).steps}
    assert stranger.status == 400
    assert signed.status == 303
    assert "confirmed 1 times" in steps["approver"].detail
    assert "passkey enrolled at index" in steps["signature"].detail
    assert "2 page(s)" in steps["text"].detail
    assert steps["text"].state is StepState.PASSED


async def test_a_doctored_confirmation_is_found(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """Its signature taken out of the pack is missed."""
    successor(stage)
    session, phone = await stage.sign_in(), make_phone()
    await enrol(stage, session, phone)
    page = f"/portal/consents/{consent_id}/confirmation"
    version = await version_shown(stage, session, page)
    asks = await stage.visit(session, page, form={"version": version})
    await sign(stage, session, asks, fields_for(asks, phone))
    _, report = await stage.ask(north, consent_id)
    await stage.sequencer.run_once()
    report_id = report.header("creditbridge-report")
    _, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{north.bank_id}")
    files = unpack_files(pack.body)
    manifest = msgspec.json.decode(files.pop("manifest.json"), type=Manifest)
    kept = {name: raw for name, raw in files.items() if not name.startswith("approvals/")}
    named = replace(manifest, files={name: digest_of(raw) for name, raw in kept.items()})
    doctored = pack_files({**kept, "manifest.json": canonicalize(msgspec.to_builtins(named))})

    verdict = verify_pack(doctored, read_pins(pins.body))

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "signature")
