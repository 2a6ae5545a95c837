"""Letters on paper over the real doors: lodged, confirmed, seen, proven, disowned."""

import hashlib
import itertools
from datetime import timedelta

import msgspec
import pytest
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.test_licence import license_bank
from tests.endpoints.wire import Answer, send

from creditbridge.evidence.consent_receipts import ConsentReceipt
from creditbridge.evidence.documents import verify_document
from creditbridge.evidence.model import Result, Strength
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.encoding import to_base64url
from creditbridge.parties.acts import ConfirmationAct
from creditbridge.parties.rules import message_of_act
from creditbridge.protocols.canonical_json import JsonValue

LICENCE: dict[str, JsonValue] = {
    "purposes": ["PRE_LOAN_REVIEW"],
    "sections": ["FIN", "PEN", "REG"],
    "paper": True,
}
UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
NUMBERS = itertools.count(1)


def text_of(answer: Answer) -> str:
    """Return a page as its reader gets it."""
    return answer.body.decode()


def letter_body(stage: Stage, **changed: object) -> bytes:
    """Return the body of a letter that a bank lodges, with a scan of its own."""
    scan = hashlib.sha256(f"scan {next(NUMBERS)}".encode()).hexdigest()
    words: dict[str, object] = {
        "form": "PAPER_SCAN",
        "document": {"sha256": scan, "size_bytes": 480_112, "media_type": "application/pdf"},
        "letter": {
            "signed_on": "2026-03-01",
            "ticked": ["APPLICATION", "POST_LOAN"],
            "scopes": ["QUERY", "KEEP"],
            "signed_by": "LEGAL_REP",
            "sealed": True,
            "reporting_until": "2031-12-31",
            "bound": [{"role": "GUARANTOR", "uscc": "91330106589876549K", "name": "担保示例公司"}],
            "bound_persons": 1,
        },
    }
    return stage.consent_body(**{**words, **changed})


@pytest.fixture
async def papered(stage: Stage, north: Machine) -> Machine:
    """A machine of a bank whose licence has letters on paper."""
    await license_bank(stage, north, LICENCE)
    return north


@pytest.fixture
async def letter_id(stage: Stage, papered: Machine) -> str:
    """The consent of a letter that waits for an operator."""
    _, answer = await stage.call(papered, "POST", "/v1/consents", body=letter_body(stage))
    assert answer.status == 201, answer.body
    return str(answer.json["consent_id"])


async def confirm(stage: Stage, consent_id: str, *, by: int = 0) -> Answer:
    """Confirm a letter as one of the operators, as the command line does."""
    shown = await send(stage.operations, "GET", f"/documents/{consent_id}")
    assert shown.status == 200, shown.body
    act = ConfirmationAct(
        operator_id=stage.operator_ids[by],
        consent_id=consent_id,
        version=msgspec.convert(shown.json["version"], int),
        artefact_digest=str(shown.json["artefact_digest"]),
        acted_at=stage.clock.now(),
    )
    signature = stage.operator_keys[by].sign(message_of_act(act))
    return await stage.operate("/confirmations", {"act": act, "signature": to_base64url(signature)})


@pytest.fixture
async def live_id(stage: Stage, letter_id: str) -> str:
    """The consent of a letter that as many operators confirmed as had to."""
    for by in range(2):
        answer = await confirm(stage, letter_id, by=by)
        assert answer.status == 201, answer.body
        if answer.json["state"] == "ACTIVE":
            break
    return letter_id


async def test_L18_a_bank_without_permission_is_refused(stage: Stage, north: Machine) -> None:
    """Without a licence, and with one that has no paper."""
    _, unlicensed = await stage.call(north, "POST", "/v1/consents", body=letter_body(stage))
    await license_bank(stage, north, {**LICENCE, "paper": False})
    _, unpapered = await stage.call(north, "POST", "/v1/consents", body=letter_body(stage))

    assert {(one.status, one.code) for one in (unlicensed, unpapered)} == {
        (403, "consent-paper-not-licensed")
    }


async def test_a_bank_sees_what_it_lodged(stage: Stage, papered: Machine, letter_id: str) -> None:
    """The letter's own facts, the scan's digest, and how strong it is."""
    _, seen = await stage.call(papered, "GET", f"/v1/consents/{letter_id}")

    assert (seen.json["state"], seen.json["form"], seen.json["assurance"]) == (
        "REQUESTED",
        "PAPER_SCAN",
        "SCAN",
    )
    document = msgspec.convert(seen.json["document"], dict[str, object])
    letter = msgspec.convert(seen.json["letter"], dict[str, object])
    assert (document["size_bytes"], document["media_type"]) == (480_112, "application/pdf")
    assert letter["ticked"] == ["APPLICATION", "POST_LOAN"]
    assert letter["reporting_until"] == "2031-12-31"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"max_queries": 13}, "consent-queries-not-allowed"),
        ({"sections": ["REG", "FIN"]}, "consent-sections-not-allowed"),
        ({"data_classes": ["LENDING"]}, "consent-data-classes-not-allowed"),
        ({"letter": None}, "consent-form-not-allowed"),
        ({"document": None}, "consent-form-not-allowed"),
        ({"supersedes": "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"}, "consent-unknown"),
    ],
)
async def test_L18_a_letter_over_its_ceilings_is_refused(
    changed: dict[str, object], code: str, stage: Stage, papered: Machine
) -> None:
    """Those of paper, which are lower; lending is not for paper."""
    body = letter_body(stage, **changed)

    _, refused = await stage.call(papered, "POST", "/v1/consents", body=body)

    assert refused.code == code


async def test_L18_a_letters_term_is_shorter(stage: Stage, papered: Machine) -> None:
    """A quarter, and no day longer."""
    late = stage.clock.now() + timedelta(days=93)

    body = letter_body(stage, valid_to=late)
    _, refused = await stage.call(papered, "POST", "/v1/consents", body=body)

    assert (refused.status, refused.code) == (403, "consent-term-not-allowed")


async def test_one_scan_is_lodged_once(stage: Stage, papered: Machine) -> None:
    """Under another number it is the same letter."""
    document = {"sha256": "ab" * 32, "size_bytes": 1, "media_type": "image/png"}
    body = letter_body(stage, document=document)
    _, first = await stage.call(papered, "POST", "/v1/consents", body=body)
    body = letter_body(stage, document=document)
    _, again = await stage.call(papered, "POST", "/v1/consents", body=body)

    assert first.status == 201
    assert (again.status, again.code) == (403, "consent-document-taken")


async def test_L18_an_unconfirmed_letter_opens_nothing(
    stage: Stage, papered: Machine, letter_id: str
) -> None:
    """No platform is asked; the same consent is read once it was confirmed."""
    _, early = await stage.ask(papered, letter_id)
    assert (early.status, early.code) == (403, "consent-pending")
    assert stage.dialect.queries == []

    for by in range(2):
        answer = await confirm(stage, letter_id, by=by)
        if answer.json["state"] == "ACTIVE":
            break
    _, report = await stage.ask(papered, letter_id, key="key-2")

    assert report.status == 200, report.body


async def test_operators_see_what_waits(stage: Stage, letter_id: str) -> None:
    """All that the letter says, and where its scan lies; an unknown letter is not found."""
    listed = await send(stage.operations, "GET", "/documents")
    unknown = await send(stage.operations, "GET", f"/documents/{UNKNOWN_CONSENT}")
    strange = await send(stage.operations, "GET", "/documents/nothing")

    (found,) = msgspec.convert(listed.json["documents"], list[dict[str, object]])
    assert (found["consent_id"], found["state"], found["disowned"]) == (
        letter_id,
        "REQUESTED",
        False,
    )
    assert {(one.status, one.code) for one in (unknown, strange)} == {(404, "document-unknown")}


async def test_a_confirmation_twice_or_of_something_else_is_refused(
    stage: Stage, north: Machine, live_id: str
) -> None:
    """What was decided stays decided; a consent that is signed here has no scan."""
    again = await confirm(stage, live_id, by=1)
    signed = await stage.lodge(north)
    no_letter = await send(stage.operations, "GET", f"/documents/{signed}")

    assert (again.status, again.code) == (403, "consent-transition-impossible")
    assert (no_letter.status, no_letter.code) == (404, "document-unknown")


async def test_a_licence_without_paper_ends_the_use_of_letters(
    stage: Stage, papered: Machine, live_id: str
) -> None:
    """At the next look, and for an answer that was given before; no platform is asked."""
    assert (await stage.ask(papered, live_id))[1].status == 200
    await license_bank(stage, papered, {**LICENCE, "paper": False})

    _, again = await stage.ask(papered, live_id)
    _, other = await stage.ask(papered, live_id, key="key-2")

    assert {(one.status, one.code) for one in (again, other)} == {
        (403, "consent-paper-not-licensed")
    }
    assert len(stage.dialect.queries) == 1


async def test_the_pack_and_the_receipt_say_that_it_is_a_scan(
    stage: Stage, papered: Machine, live_id: str
) -> None:
    """Both verify, offline, and neither says that the enterprise signed."""
    _, report = await stage.ask(papered, live_id)
    await stage.sequencer.run_once()
    report_id = report.header("creditbridge-report")

    _, pack = await stage.call(papered, "GET", f"/v1/reports/{report_id}/evidence")
    _, receipt = await stage.call(papered, "GET", f"/v1/consents/{live_id}/receipt")
    answer = await send(stage.operations, "GET", f"/pins/{papered.bank_id}")
    pins = read_pins(answer.body)

    steps = {step.name: step for step in verify_pack(pack.body, pins).steps}
    assert steps["signature"].strength is Strength.SCAN_CONFIRMED
    assert "each by a key enrolled before" in steps["approver"].detail
    assert steps["consent"].strength is Strength.GATEWAY_SIGNED
    assert steps["coverage"].state == "PASSED"
    assert verify_document(receipt.body, pins).result is Result.VALID
    read = msgspec.json.decode(receipt.body, type=ConsentReceipt)
    collection = read.processing.collection
    assert collection is not None
    assert (collection.assurance, collection.confirmed_by) == ("SCAN", "OPERATOR")
    assert read.processing.privacy_notice is None
    confirmed = read.events[-1]
    assert (confirmed.event_type, confirmed.event_state) == ("document.confirmed", "ACTIVE")
    assert confirmed.entity_id == read.header.origin


async def test_an_unconfirmed_letter_has_no_receipt(
    stage: Stage, papered: Machine, letter_id: str
) -> None:
    """Nothing was given."""
    _, refused = await stage.call(papered, "GET", f"/v1/consents/{letter_id}/receipt")

    assert refused.code == "consent-not-given"


async def test_the_portal_shows_a_letter_as_one(stage: Stage, letter_id: str) -> None:
    """In the list and on its page, in both languages; there is nothing to approve."""
    session = await stage.sign_in()

    listed = await stage.visit(session, "/portal/consents")
    shown = await stage.visit(session, f"/portal/consents/{letter_id}")
    inbox = await stage.visit(session, "/portal/inbox")

    assert "纸质授权书" in text_of(listed)
    assert "并非在本平台签署" in text_of(shown)
    assert "担保示例公司" in text_of(shown)
    assert 'id="letter-disown"' in text_of(shown)
    assert 'id="consent-approve"' not in text_of(shown)
    assert "请核对是否属实" in text_of(inbox)
    answer = await stage.visit(
        session,
        f"/portal/consents/{letter_id}/decision",
        form={"decision": "approve", "version": "1"},
    )
    assert "consent-on-paper" in text_of(answer)


@pytest.mark.parametrize("is_live", [False, True])
async def test_not_ours_ends_it_at_once(
    stage: Stage, papered: Machine, letter_id: str, *, is_live: bool
) -> None:
    """The bank can look no more; operators find it on top of their list."""
    if is_live:
        for by in range(2):
            if (await confirm(stage, letter_id, by=by)).json["state"] == "ACTIVE":
                break
    session = await stage.sign_in()
    before = await stage.visit(session, f"/portal/consents/{letter_id}")
    assert ("运营人员确认了授权书扫描件" in text_of(before)) is is_live

    answer = await stage.visit(session, f"/portal/consents/{letter_id}/disowning", form={})
    page = await stage.visit(session, str(answer.header("location")))

    assert answer.status == 303
    assert "已警示运营人员" in text_of(page)
    assert 'id="letter-disown"' not in text_of(page)
    _, refused = await stage.ask(papered, letter_id)
    assert refused.code == ("consent-withdrawn" if is_live else "consent-refused")
    listed = await send(stage.operations, "GET", "/documents")
    (found,) = msgspec.convert(listed.json["documents"], list[dict[str, object]])
    assert (found["consent_id"], found["disowned"]) == (letter_id, True)


async def test_a_letter_of_somebody_else_cannot_be_disowned(
    stage: Stage, north: Machine, letter_id: str
) -> None:
    """Another enterprise's, an unknown one, and a consent that was signed here: not found alike."""
    signed = await stage.lodge(north)
    session = await stage.sign_in()
    mine = await stage.visit(session, f"/portal/consents/{signed}/disowning", form={})
    stage.identity.sign_in_as("sub-9", "别人", uscc="53330300YY0000A137", name="另一家示例公司")
    stranger = await stage.sign_in()
    foreign = await stage.visit(stranger, f"/portal/consents/{letter_id}/disowning", form={})
    unknown = await stage.visit(stranger, f"/portal/consents/{UNKNOWN_CONSENT}/disowning", form={})

    assert {one.status for one in (mine, foreign, unknown)} == {404}
    assert all("document-unknown" in text_of(one) for one in (mine, foreign, unknown))
