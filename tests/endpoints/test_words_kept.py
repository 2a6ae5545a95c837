"""L04: the words that were shown are kept, and outlive every change of the page."""

import hashlib
import re

import pytest
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.wire import send

from creditbridge.endpoints import portal
from creditbridge.evidence.archive import unpack_files
from creditbridge.evidence.model import Step, StepState
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.reading import read_pack
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import ConsentApproved
from creditbridge.ledger.rules import open_entry

OTHER = "<!doctype html><p>另一种写法</p>".encode()


async def prove(stage: Stage, machine: Machine, report_id: str) -> tuple[bytes, Step]:
    """Return the page in a report's pack, and the verifier's step about it."""
    await stage.sequencer.run_once()
    _, pack = await stage.call(machine, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{machine.bank_id}")
    verdict = verify_pack(pack.body, read_pins(pins.body))
    (step,) = (one for one in verdict.steps if one.name == "text")
    (text,) = read_pack(pack.body).texts.values()
    return text, step


async def give(stage: Stage, machine: Machine) -> str:
    """Give a consent, look under it, and return the report's id."""
    consent_id = await stage.give_consent(machine)
    _, report = await stage.ask(machine, consent_id, key=consent_id)
    return report.header("creditbridge-report")


async def test_the_old_words_verify_after_the_page_changed(
    stage: Stage, north: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one person read before and another after it: each stands with its own digest."""
    first = await give(stage, north)
    before, step = await prove(stage, north, first)
    monkeypatch.setattr(portal, "render", lambda *_, **__: OTHER)

    second = await give(stage, north)

    again, step_again = await prove(stage, north, first)
    after, step_after = await prove(stage, north, second)
    assert "north bank" in before.decode()
    assert (again, after) == (before, OTHER)
    assert [one.state for one in (step, step_again, step_after)] == [StepState.PASSED] * 3


async def test_what_is_kept_is_the_page_without_its_reader(stage: Stage, north: Machine) -> None:
    """No form token, no name of whoever read it; and nothing of it lies in the clear."""
    consent_id, session = await stage.lodge(north), await stage.sign_in()
    page = await stage.visit(session, f"/portal/consents/{consent_id}")
    found = re.search(rb'name="version" value="(\d+)"', page.body)
    assert found is not None
    form = {"decision": "approve", "version": found[1].decode(), "sections": "REG"}
    await stage.visit(session, f"/portal/consents/{consent_id}/decision", form=form)
    _, report = await stage.ask(north, consent_id)

    text, _ = await prove(stage, north, report.header("creditbridge-report"))

    assert "沈示例" in page.body.decode()
    assert "沈示例" not in text.decode()
    assert b"form_token" not in text
    async with stage.database.transaction() as tx:
        rows = await tx.fetch_value(
            int, "SELECT count(*) FROM ledger_openings WHERE position($1 IN proofs) > 0", text[:40]
        )
    assert rows == 0


async def test_the_digest_in_the_log_is_of_the_very_page(stage: Stage, north: Machine) -> None:
    """As it was before the words were kept: an old digest needs no new rule."""
    report_id = await give(stage, north)
    text, _ = await prove(stage, north, report_id)
    _, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")

    cores = [open_entry(one.opening)[0] for one in read_pack(pack.body).entries]
    (approved,) = [one.terms for one in cores if isinstance(one.terms, ConsentApproved)]
    assert approved.text_digest == to_base64url(hashlib.sha256(text).digest())
    assert (approved.template_id, approved.template_version) == ("portal-decision", "3")
    (name,) = [one for one in unpack_files(pack.body) if one.startswith("texts/")]
    assert name.endswith(".html")
