"""Consent receipts offline: what one says is what was signed, and any change is found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from creditbridge.consents.artefact import artefact_message, encode_artefact
from creditbridge.consents.model import (
    ConsentArtefact,
    ConsentState,
    Grantee,
    Grantor,
)
from creditbridge.evidence.binary import write_binary
from creditbridge.evidence.consent_receipts import (
    ConsentReceipt,
    PartyRole,
    ReceiptArtefact,
    ReceiptEvent,
    ReceiptHeader,
    ReceiptNotice,
    ReceiptParty,
    encode_receipt,
    processing_of,
    receipt_message,
)
from creditbridge.evidence.contract import TS_27560, format_receipt_schema
from creditbridge.evidence.documents import verify_document
from creditbridge.evidence.model import Result
from creditbridge.evidence.pins import Pin, Pins, PinsFile
from creditbridge.evidence.receipt_assembling import ReceiptHouse, parties_of
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.model import EventKind, Receipt
from creditbridge.ledger.rules import receipt_message as promise_message
from creditbridge.profile.codes import DataClass, Purpose, SectionCode

CONTRACTS = Path(__file__).parents[2] / "contracts"
ORIGIN = "log.example/creditbridge"
ASKED_AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


def make_key(number: int) -> FileKey:
    """Return a throw-away key that is the same in every run, so that the example is too."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return FileKey(key=name_key(private.public_key()), private=private)


CONSENT_KEY, RECEIPT_KEY, OTHER_KEY = make_key(1), make_key(2), make_key(3)
ARTEFACT = ConsentArtefact(
    v=1,
    consent_id="cns_01k91v4e8s7c3v5n8m2k4p6q8r",
    authorization_no="SQ-2026-1",
    grantor=Grantor(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司"),
    grantee=Grantee(bank_id="bnk_01", uscc="91330104YY0000A13Q", legal_name="示例北岸银行"),
    purposes=(Purpose.PRE_LOAN_REVIEW,),
    sections=(SectionCode.PEN, SectionCode.REG),
    valid_from=ASKED_AT,
    valid_to=ASKED_AT + timedelta(days=30),
    max_queries=3,
    requested_at=ASKED_AT,
    data_classes=(DataClass.PUBLIC,),
    retention_days=90,
)
HOUSE = ReceiptHouse(
    origin=ORIGIN,
    people_url="https://gateway.example",
    operator="示例征信网关运营处",
    complaints="complaints@gateway.example",
    regulator="示例征信监督管理处",
)


def promise(number: int, at: datetime, key: FileKey = RECEIPT_KEY) -> bytes:
    """Return the ledger's signed promise for an entry."""
    unsigned = Receipt(
        v=1,
        origin=ORIGIN,
        commitment=write_binary(bytes([number]) * 32),
        decided_at=at,
        include_by=at + timedelta(seconds=60),
        kid=key.key.key_id,
    )
    signature = write_binary(key.sign(promise_message(unsigned)))
    return replace(unsigned, signature=signature).encode()


def event(number: int, kind: EventKind, entity_id: str, **members: object) -> ReceiptEvent:
    """Return an event of the consent's life, an hour after the one before."""
    at = ASKED_AT + timedelta(hours=number)
    plain = ReceiptEvent(
        event_id=f"evt_{number}",
        event_type=kind,
        event_time=at,
        entity_id=entity_id,
        consent_seq=number,
        commitment=write_binary(bytes([number]) * 32),
        ledger_receipt=write_binary(promise(number, at)),
    )
    return replace(plain, **members)


BANK, ENTERPRISE = ARTEFACT.grantee.uscc, ARTEFACT.grantor.uscc
REQUESTED = event(1, EventKind.CONSENT_REQUESTED, BANK, event_state=ConsentState.REQUESTED)
APPROVED = event(2, EventKind.CONSENT_APPROVED, ENTERPRISE, event_state=ConsentState.ACTIVE)
WITHDRAWN = event(4, EventKind.CONSENT_WITHDRAWN, ENTERPRISE, event_state=ConsentState.WITHDRAWN)
SILENCED = event(5, EventKind.CONSENT_SILENCED, ORIGIN)


def receipt(state: ConsentState = ConsentState.WITHDRAWN, **members: object) -> ConsentReceipt:
    """Return an unsigned receipt of a consent that was given, used and withdrawn."""
    document = encode_artefact(ARTEFACT)
    plain = ConsentReceipt(
        v=1,
        type="consent-receipt",
        header=ReceiptHeader(
            schema_version="creditbridge-consent-receipt-1",
            receipt_id="rcp_01k9b6d8q2w5c3v5n8m2k4p6q8",
            record_id=ARTEFACT.consent_id,
            record_state=state,
            grantor_id=ENTERPRISE,
            origin=ORIGIN,
            issued_at=ASKED_AT + timedelta(hours=6),
            authorization_no=ARTEFACT.authorization_no,
        ),
        parties=parties_of(ARTEFACT, HOUSE),
        processing=processing_of(
            ARTEFACT,
            withdrawal_method=f"{HOUSE.people_url}/portal/consents/{ARTEFACT.consent_id}/withdrawal",
            notice=ReceiptNotice(
                template_id="portal-decision",
                template_version="3",
                text_digest=write_binary(bytes(32)),
            ),
        ),
        events=(REQUESTED, APPROVED, WITHDRAWN, SILENCED),
        artefact=ReceiptArtefact(
            document=write_binary(document),
            kid=CONSENT_KEY.key.key_id,
            signature=write_binary(CONSENT_KEY.sign(artefact_message(document))),
        ),
        kid=CONSENT_KEY.key.key_id,
    )
    return replace(plain, **members)


def sign(unsigned: ConsentReceipt, key: FileKey = CONSENT_KEY) -> bytes:
    """Sign a receipt as the house does."""
    signature = key.sign(receipt_message(unsigned))
    return encode_receipt(replace(unsigned, signature=write_binary(signature)))


@pytest.fixture
def pins() -> Pins:
    """What a verifier believes."""
    consent, promises = (
        Pin(kid=key.key.key_id, jwk=dict(key.key.to_jwk())) for key in (CONSENT_KEY, RECEIPT_KEY)
    )
    file = PinsFile(
        v=1,
        origin=ORIGIN,
        log_keys=(),
        receipt_keys=(promises,),
        consent_keys=(consent,),
        query_keys=(),
        seal_keys=(),
        platform_keys={},
    )
    return Pins(file=file, witness_keys=())


def test_a_receipt_verifies_step_by_step(pins: Pins) -> None:
    """Form, signature, the consent that both sides signed, the events that the ledger promised."""
    verdict = verify_document(sign(receipt()), pins)

    assert verdict.result is Result.VALID
    assert [step.name for step in verdict.steps] == ["form", "signature", "consent", "events"]
    assert verdict.steps[0].detail == f"receipt of {ARTEFACT.consent_id}"
    assert verdict.steps[2].detail == "PRE_LOAN_REVIEW: PEN, REG"
    assert verdict.steps[3].detail == "4 events, WITHDRAWN"


@pytest.mark.parametrize("state", [ConsentState.ACTIVE, ConsentState.EXPIRED])
def test_a_consent_ends_by_time_without_an_event(pins: Pins, state: ConsentState) -> None:
    """After an approval alone it is live, or over because its term is."""
    live = receipt(state, events=(REQUESTED, APPROVED))

    assert verify_document(sign(live), pins).result is Result.VALID


@pytest.mark.parametrize(("size", "signs"), [(9, False), (10, True), (20, True), (21, False)])
def test_a_receipts_key_counts_while_it_signed(pins: Pins, size: int, *, signs: bool) -> None:
    """From its announcement to its retirement, by how long the log was at the issue."""
    given = receipt()
    sized = replace(given, header=replace(given.header, log_size=size))
    keys = tuple(replace(pin, from_index=10, to_index=20) for pin in pins.file.consent_keys)

    told = verify_document(
        sign(sized), Pins(file=replace(pins.file, consent_keys=keys), witness_keys=())
    )

    assert (told.result is Result.VALID) is signs


RAW = sign(receipt())
PROCESSING = receipt().processing
ARTEFACT_SIGNED = receipt().artefact
HEADER = receipt().header
PARTIES = receipt().parties


@pytest.mark.parametrize(
    ("raw", "steps"),
    [
        pytest.param(RAW + b"\n", 1, id="a byte more"),
        pytest.param(RAW.replace(b'"v":1', b'"v":2', 1), 1, id="another version"),
        pytest.param(RAW.replace(b"T07:30:00Z", b"T07:30:00+00:00", 1), 1, id="spelt otherwise"),
        pytest.param(b'{"type":"pack"}', 1, id="another type"),
        pytest.param(b"[]", 1, id="no object"),
        pytest.param(RAW.replace(b'"max_queries":3', b'"max_queries":4', 1), 2, id="another bound"),
        pytest.param(RAW.replace("北岸".encode(), "南岸".encode(), 1), 2, id="another bank"),
        pytest.param(sign(receipt(), OTHER_KEY), 2, id="another key"),
        pytest.param(encode_receipt(receipt()), 2, id="no signature"),
        pytest.param(sign(receipt(header=replace(HEADER, origin="other"))), 2, id="another log"),
    ],
)
def test_any_change_is_found(pins: Pins, raw: bytes, steps: int) -> None:
    """By whoever changes a file without the house's key."""
    verdict = verify_document(raw, pins)

    assert (verdict.result, len(verdict.steps)) == (Result.INVALID, steps)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"processing": replace(PROCESSING, retention_period_days=900)}, id="longer"),
        pytest.param({"processing": replace(PROCESSING, recipients=("x",))}, id="recipients"),
        pytest.param({"parties": PARTIES[1:]}, id="no grantor"),
        pytest.param({"parties": (*PARTIES, PARTIES[0])}, id="two grantors"),
        pytest.param(
            {"parties": (PARTIES[0], replace(PARTIES[1], party_id="x"), PARTIES[2])}, id="bank"
        ),
        pytest.param({"header": replace(HEADER, record_id="cns_2")}, id="another consent"),
        pytest.param({"artefact": replace(ARTEFACT_SIGNED, kid="other")}, id="unknown key"),
        pytest.param({"artefact": replace(ARTEFACT_SIGNED, signature="A" * 86)}, id="unsigned"),
        pytest.param({"artefact": replace(ARTEFACT_SIGNED, document="AA")}, id="other artefact"),
    ],
)
def test_a_receipt_says_nothing_but_its_artefact(pins: Pins, said: dict[str, object]) -> None:
    """Even the house cannot sign a receipt of what was not agreed to."""
    verdict = verify_document(sign(replace(receipt(), **said)), pins)

    assert (verdict.result, len(verdict.steps)) == (Result.INVALID, 3)


FOREIGN = write_binary(promise(2, APPROVED.event_time, OTHER_KEY))


@pytest.mark.parametrize(
    ("state", "events"),
    [
        pytest.param("WITHDRAWN", (REQUESTED, WITHDRAWN, APPROVED), id="out of order"),
        pytest.param("WITHDRAWN", (REQUESTED, WITHDRAWN), id="never given"),
        pytest.param("ACTIVE", (REQUESTED, APPROVED, WITHDRAWN), id="ended all the same"),
        pytest.param("PAUSED", (REQUESTED, APPROVED), id="never paused"),
        pytest.param(
            "ACTIVE",
            (REQUESTED, replace(APPROVED, ledger_receipt=REQUESTED.ledger_receipt)),
            id="another event's promise",
        ),
        pytest.param(
            "ACTIVE", (REQUESTED, replace(APPROVED, ledger_receipt=FOREIGN)), id="another's promise"
        ),
        pytest.param(
            "ACTIVE", (REQUESTED, replace(APPROVED, ledger_receipt="AA")), id="no promise"
        ),
        pytest.param(
            "ACTIVE",
            (REQUESTED, replace(APPROVED, event_time=APPROVED.event_time + timedelta(seconds=1))),
            id="another time",
        ),
        pytest.param("ACTIVE", (), id="no events"),
    ],
)
def test_events_are_those_that_the_ledger_promised(
    pins: Pins, state: str, events: tuple[ReceiptEvent, ...]
) -> None:
    """In order, each with its promise, and leading to the state that is shown."""
    verdict = verify_document(sign(receipt(ConsentState(state), events=events)), pins)

    assert (verdict.result, len(verdict.steps)) == (Result.INVALID, 4)


def test_contacts_are_said_where_the_operator_says_them() -> None:
    """Of the gateway and of who supervises; the register holds none of banks."""
    full = {party.party_role: party for party in parties_of(ARTEFACT, HOUSE)}
    bare = parties_of(ARTEFACT, ReceiptHouse(origin=ORIGIN, people_url="https://gateway.example"))

    assert full[PartyRole.PROCESSOR].contact == "示例征信网关运营处"
    assert full[PartyRole.AUTHORITY].contact == "示例征信监督管理处"
    assert full[PartyRole.CONTROLLER] == ReceiptParty(
        party_id=BANK, party_role=PartyRole.CONTROLLER, party_name="示例北岸银行"
    )
    assert [party.party_role for party in bare] == ["GRANTOR", "CONTROLLER", "PROCESSOR"]


def test_the_contract_is_the_struct() -> None:
    """The schema in `contracts/` is made of what is signed."""
    assert (CONTRACTS / "consent-receipt.schema.json").read_bytes() == format_receipt_schema()


def test_the_example_is_a_receipt(pins: Pins) -> None:
    """It fits the schema, its signatures hold, and it is what this file makes."""
    raw = (CONTRACTS / "consent-receipt.example.json").read_bytes()
    schema = msgspec.json.decode(format_receipt_schema(), type=dict[str, object])

    Draft202012Validator(schema).validate(msgspec.json.decode(raw))
    assert raw == RAW
    assert verify_document(raw, pins).result is Result.VALID


def test_every_place_of_the_mapping_is_a_member() -> None:
    """What the contract says of ISO/IEC TS 27560 names members that a receipt has."""
    assert isinstance(TS_27560, dict)
    places = [str(place).split(":")[0].split(" ")[0] for place in TS_27560.values() if place]
    schema = format_receipt_schema().decode()

    missing = [
        place
        for place in places
        for word in place.strip(",").split(".")
        if f'"{word}": {{' not in schema and word != "the"
    ]
    assert len(places) > 20
    assert missing == []
