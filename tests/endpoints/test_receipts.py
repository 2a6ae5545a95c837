"""Consent receipts at both doors: of a live, a narrowed, an ended consent; and of none."""

import msgspec
import pytest
from tests.endpoints.stage import ENTERPRISE, ORIGIN, PEOPLE_URL, USCC, Machine, Stage
from tests.endpoints.wire import send

from creditbridge.endpoints.choosing import CHOOSES, TICK
from creditbridge.evidence.consent_receipts import ConsentReceipt, PartyRole
from creditbridge.evidence.documents import verify_document
from creditbridge.evidence.model import Result
from creditbridge.evidence.pins import read_pins

UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"


async def take(stage: Stage, machine: Machine, consent_id: str) -> ConsentReceipt:
    """Take a receipt at the bank's door, and verify it with what the house published."""
    request, answer = await stage.call(machine, "GET", f"/v1/consents/{consent_id}/receipt")
    assert answer.status == 200, answer.body
    stage.verify(request, answer)
    pins = await send(stage.operations, "GET", f"/pins/{machine.bank_id}")
    assert verify_document(answer.body, read_pins(pins.body)).result is Result.VALID
    return msgspec.json.decode(answer.body, type=ConsentReceipt)


def turns_of(receipt: ConsentReceipt) -> list[tuple[str, str | None]]:
    """Return each event with the state that it leads to."""
    return [(event.event_type, event.event_state) for event in receipt.events]


async def test_a_live_consent_is_receipted(stage: Stage, north: Machine, consent_id: str) -> None:
    """Who, what for, what, how long and by whom it was given; looks are a statement's."""
    await stage.ask(north, consent_id)

    receipt = await take(stage, north, consent_id)

    header, processing = receipt.header, receipt.processing
    assert (header.record_id, header.record_state) == (consent_id, "ACTIVE")
    assert (header.grantor_id, header.origin) == (USCC, ORIGIN)
    parties = {party.party_role: party for party in receipt.parties}
    assert parties[PartyRole.GRANTOR].party_name == ENTERPRISE
    assert processing.recipients == (parties[PartyRole.CONTROLLER].party_id,)
    assert [(one.purpose, one.lawful_basis) for one in processing.purposes] == [
        ("PRE_LOAN_REVIEW", "CONSENT")
    ]
    assert processing.information.sections == ("PEN", "REG")
    assert processing.privacy_notice is not None
    assert processing.withdrawal_method == f"{PEOPLE_URL}/portal/consents/{consent_id}/withdrawal"
    assert turns_of(receipt) == [
        ("consent.requested", "REQUESTED"),
        ("consent.approved", "ACTIVE"),
    ]
    assert [event.entity_id for event in receipt.events] == [processing.recipients[0], USCC]


async def test_what_was_narrowed_stays_narrow(stage: Stage, north: Machine) -> None:
    """The receipt says what was given, and not what was asked for."""
    consent_id = await stage.lodge(north)
    form = {"decision": "approve", "version": "1", CHOOSES: "1", f"{TICK}REG": "1", "looks": "1"}
    done = await stage.visit(
        await stage.sign_in(), f"/portal/consents/{consent_id}/decision", form=form
    )
    assert done.status == 303, done.body

    receipt = await take(stage, north, consent_id)

    assert receipt.processing.information.sections == ("REG",)
    assert receipt.processing.conditions.max_queries == 1


async def test_a_withdrawal_is_an_event(stage: Stage, north: Machine, consent_id: str) -> None:
    """With its time and the ledger's promise; the receipt of before stays as it was."""
    before = await take(stage, north, consent_id)
    session = await stage.sign_in()
    await stage.visit(session, f"/portal/consents/{consent_id}/withdrawal", form={})

    after = await take(stage, north, consent_id)

    assert (before.header.record_state, after.header.record_state) == ("ACTIVE", "WITHDRAWN")
    assert after.events[:2] == before.events
    assert turns_of(after)[2] == ("consent.withdrawn", "WITHDRAWN")
    assert after.events[2].entity_id == USCC


async def test_the_enterprise_downloads_the_same(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """By a link on the consent's page."""
    session = await stage.sign_in()
    page = await stage.visit(session, f"/portal/consents/{consent_id}")

    file = await stage.visit(session, f"/portal/consents/{consent_id}/receipt")

    assert f'href="/portal/consents/{consent_id}/receipt"'.encode() in page.body
    name = f'attachment; filename="consent-receipt-{consent_id}.json"'
    assert file.header("content-disposition") == name
    mine = msgspec.json.decode(file.body, type=ConsentReceipt)
    theirs = await take(stage, north, consent_id)
    assert (mine.processing, mine.events) == (theirs.processing, theirs.events)


async def test_S6_a_foreign_consent_has_no_receipt(
    stage: Stage, south: Machine, consent_id: str
) -> None:
    """404 alike for another bank's, an unknown one, and what is no id (PROTOCOLS, S6)."""
    ids = [consent_id, UNKNOWN_CONSENT, "cns_x", "%00"]

    answers = [(await stage.call(south, "GET", f"/v1/consents/{one}/receipt"))[1] for one in ids]

    assert {answer.status for answer in answers} == {404}
    assert {answer.code for answer in answers[:3]} == {"consent-unknown"}


@pytest.mark.parametrize("answered", [False, True])
async def test_what_was_never_given_has_none(
    stage: Stage, north: Machine, *, answered: bool
) -> None:
    """A request that is open, or refused."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()
    if answered:
        form = {"decision": "refuse", "version": "1"}
        await stage.visit(session, f"/portal/consents/{consent_id}/decision", form=form)

    _, at_bank = await stage.call(north, "GET", f"/v1/consents/{consent_id}/receipt")
    in_portal = await stage.visit(session, f"/portal/consents/{consent_id}/receipt")

    assert (at_bank.status, at_bank.code) == (403, "consent-not-given")
    assert (in_portal.status, b"consent-not-given" in in_portal.body) == (403, True)
