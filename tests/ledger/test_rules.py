"""What an entry's bytes are, and what opens and proves them."""

import hashlib
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.foundation.errors import Malformed, SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.composing import (
    Numbers,
    Prepared,
    RecordUnfit,
    Salts,
    prepare,
    report_of,
    require_fit,
    subject_of,
)
from creditbridge.ledger.encoding import SpellingUnknown, encode, to_base64url
from creditbridge.ledger.model import (
    ArtefactProof,
    BankName,
    CallerRefused,
    ConsentName,
    EnterpriseName,
    EventKind,
    HttpExchange,
    IntentOutcome,
    Opening,
    PersonName,
    Proofs,
    Receipt,
    Record,
    ReferenceKind,
    ReportDelivered,
    RequestProof,
)
from creditbridge.ledger.rules import (
    OpeningUnsound,
    commit,
    decode_core,
    entry_of,
    join_parts,
    may_close,
    open_entry,
    read_names,
    require_digest,
    require_link,
    require_promised,
    require_proofs,
    salted_digest,
    sign_receipt,
    verify_receipt,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BANK = BankName(bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="Example Bank")
RECORD = Record(
    kind=EventKind.CALLER_REFUSED,
    rule="admit-caller",
    rule_version="1",
    terms=CallerRefused(client="cli_1", door="reports", code="token-unbound"),
    bank=BANK,
)
CORE = (
    b'{"bank":"ref","bank_seq":7,"decided_at":"2026-03-01T12:00:00.000000Z","digests":{},'
    b'"event_id":"evt_1","key_ids":{},"kind":"caller.refused",'
    b'"personal":"zMDvGvTn0TWBYiaxsq1VV5XbZZpWtRiOnXTQ_eBwCGA","rule":"admit-caller",'
    b'"rule_version":"1","terms":{"client":"cli_1","code":"token-unbound","door":"reports"},"v":1}'
)
PERSONAL = (
    b'{"ref":{"bank_id":"bnk_1","is":"bank","legal_name":"Example Bank",'
    b'"uscc":"91330104YY0000A13Q"}}'
)


def make(record: Record = RECORD) -> Prepared:
    """Return the entry that a record becomes, under salts of zeros."""
    salts = Salts(
        entry=bytes(32),
        personal=bytes(32),
        digests=dict.fromkeys(record.digests, bytes(32)),
    )
    numbers = Numbers(references={ReferenceKind.BANK: "ref"}, bank_seq=7)
    return prepare(record, numbers, salts, event_id="evt_1", decided_at=NOON)


def opening_of(prepared: Prepared) -> Opening:
    """Return the opening with its names."""
    return replace(
        prepared.opening,
        salt2=to_base64url(bytes(32)),
        personal=to_base64url(prepared.personal or b""),
    )


def test_an_entrys_bytes_are_final() -> None:
    """Core, personal part, commitment and entry, byte for byte: they must hold for ten years."""
    prepared = make()

    personal = to_base64url(hashlib.sha256(bytes(32) + PERSONAL).digest())
    core = CORE.replace(b"zMDvGvTn0TWBYiaxsq1VV5XbZZpWtRiOnXTQ_eBwCGA", personal.encode())
    commitment = hashlib.sha256(b"creditbridge-entry-v1\0" + bytes(32) + core).digest()
    assert prepared.personal == PERSONAL
    assert encode(prepared.core) == core
    assert prepared.commitment == commitment == commit(bytes(32), core)
    assert entry_of(commitment) == b"\x01" + commitment
    assert len(entry_of(commitment)) == 33


def test_an_opening_opens_its_commitment() -> None:
    """Core, commitment and names come back."""
    prepared = make()

    assert open_entry(opening_of(prepared)) == (prepared.core, prepared.commitment)
    assert read_names(opening_of(prepared)) == {"ref": BANK}


def test_an_entry_of_nobody_has_no_personal_part() -> None:
    """Nothing to name, nothing to erase."""
    record = replace(RECORD, kind=EventKind.STRANGERS_REFUSED, bank=None)
    prepared = make(record)

    assert prepared.personal is None
    assert prepared.core.personal is None


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": "AA"},
        {"salt": to_base64url(bytes(31))},
        {"salt": "A" * 42 + "B"},
        {"core": to_base64url(b"{}")},
        {"core": to_base64url(b"[]")},
        {"core": "?"},
        {"salt2": to_base64url(bytes([1] * 32))},
        {"personal": to_base64url(b"{}")},
        {"salt2": None},
        {"personal": None},
        {"salt2": None, "personal": None},
        {"salt2": None, "erased": "evt_2"},
        {"erased": "evt_2"},
        {"digest_salts": {"request": to_base64url(bytes(32))}},
    ],
)
def test_an_opening_whose_parts_do_not_fit_is_refused(changes: dict[str, str | None]) -> None:
    """Another salt, core, personal part, or one that is gone without an erasure."""
    with pytest.raises(OpeningUnsound):
        open_entry(replace(opening_of(make()), **changes))


def test_an_erased_opening_still_opens() -> None:
    """The core stands alone; the event of the erasure stands in for the names."""
    prepared = make()
    erased = replace(prepared.opening, erased="evt_2")

    assert open_entry(erased) == (prepared.core, prepared.commitment)
    assert read_names(erased) == {}


@pytest.mark.parametrize("personal", ["?", to_base64url(b"[]"), to_base64url(b'{"ref":{}}')])
def test_names_that_cannot_be_read_are_refused(personal: str) -> None:
    """No base64url, no mapping, no name."""
    with pytest.raises(OpeningUnsound):
        read_names(replace(opening_of(make()), personal=personal))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"kind":"caller.refused"', b'"kind":"caller.welcomed"'),
        (b'"kind":"caller.refused"', b'"kind":"token.refused"'),
        (b'"bank_seq":7', b'"bank_seq":"7"'),
        (b'"bank_seq":7', b'"bank_seq":null'),
        (b'"bank_seq":7', b'"bank_seq":7,"branch":"x"'),
        (b'"door":"reports"', b'"door":"reports","more":1'),
        (b"12:00:00.000000Z", b"12:00:00Z"),
        (b"12:00:00.000000Z", b"12:00:00.000000"),
        (b"12:00:00.000000Z", b"20:00:00.000000+08:00"),
        (b'{"bank"', b'{ "bank"'),
        (b'"terms":{"client":"cli_1","code":"token-unbound","door":"reports"}', b'"terms":null'),
    ],
)
def test_a_core_spelt_otherwise_is_refused(old: bytes, new: bytes) -> None:
    """Unknown version, kind or member, null, another instant's form, a blank."""
    raw = encode(make().core)
    assert old in raw

    with pytest.raises(Malformed):
        decode_core(raw.replace(old, new))


def test_digests_are_of_salt_and_bytes() -> None:
    """Each under a salt of its own; other bytes, or a digest that is not there, are refused."""
    record = replace(RECORD, digests={"request": b"base"})
    prepared = make(record)

    require_digest(prepared.opening, prepared.core, "request", b"base")
    assert prepared.core.digests["request"] == to_base64url(salted_digest(bytes(32), b"base"))
    for name, raw in (("request", b"other"), ("query", b"base")):
        with pytest.raises(OpeningUnsound):
            require_digest(prepared.opening, prepared.core, name, raw)


def test_joined_parts_cannot_be_split_otherwise() -> None:
    """The same bytes cut elsewhere give another digest."""
    assert join_parts([b"ab", b"c"]) == bytes(7) + b"\x02ab" + bytes(7) + b"\x01c"
    assert join_parts([b"ab", b"c"]) != join_parts([b"a", b"bc"])
    assert join_parts([]) == b""


EXCHANGE = HttpExchange(
    platform="provincial",
    query_id="qry_1",
    query_base=b"q",
    query_signature=b"s",
    query_key_id="k",
    grant=b"{}",
)


@pytest.mark.parametrize(
    ("name", "raw", "proofs", "other"),
    [
        (
            "request",
            b"base",
            Proofs(request=RequestProof(body=b"{}", base=b"base")),
            Proofs(request=RequestProof(body=b"{}", base=b"x")),
        ),
        (
            "request",
            b"{}",
            Proofs(request=RequestProof(body=b"{}")),
            Proofs(request=RequestProof(body=b"x")),
        ),
        (
            "artefact",
            b"a",
            Proofs(artefact=ArtefactProof(artefact=b"a", signature=b"s", key_id="k")),
            Proofs(artefact=ArtefactProof(artefact=b"x", signature=b"s", key_id="k")),
        ),
        ("query", join_parts([b"q"]), Proofs(exchanges=(EXCHANGE,)), Proofs()),
        (
            "answer",
            join_parts([b"a"]),
            Proofs(exchanges=(replace(EXCHANGE, answer_base=b"a"),)),
            Proofs(exchanges=(EXCHANGE,)),
        ),
    ],
)
def test_signed_bytes_must_be_those_of_the_digest(
    name: str, raw: bytes, proofs: Proofs, other: Proofs
) -> None:
    """Request, artefact, queries and answers."""
    prepared = make(replace(RECORD, digests={name: raw}))

    require_proofs(prepared.opening, prepared.core, proofs)
    with pytest.raises(OpeningUnsound):
        require_proofs(prepared.opening, prepared.core, other)


def test_a_receipt_promises_its_entry(receipt_key: FileKey) -> None:
    """Signed over its canonical form without the signature; for this entry and no other."""
    prepared = make()
    receipt = sign_receipt(prepared.core, prepared.commitment, receipt_key, origin="log.example")
    find_key = {receipt_key.key.key_id: receipt_key.key}.get

    unsigned = msgspec.json.decode(receipt.encode(), type=dict[str, object])
    signature = unsigned.pop("signature")
    message = b"creditbridge-receipt-v1\0" + msgspec.json.encode(unsigned, order="sorted")
    assert sorted(unsigned) == [
        "bank_seq",
        "commitment",
        "decided_at",
        "include_by",
        "kid",
        "origin",
        "v",
    ]
    assert receipt.include_by == NOON + timedelta(seconds=60)
    assert isinstance(signature, str)
    assert verify_receipt(receipt.encode(), find_key) == receipt
    raw = urlsafe_b64decode(f"{signature}==")
    receipt_key.key.verify(raw, message)
    require_promised(receipt, prepared.core, prepared.commitment)
    with pytest.raises(OpeningUnsound):
        require_promised(receipt, prepared.core, bytes(32))


@pytest.mark.parametrize(
    "changes", [{"bank_seq": 8}, {"signature": None}, {"kid": "other"}, {"signature": "A" * 86}]
)
def test_a_changed_receipt_is_refused(changes: dict[str, object], receipt_key: FileKey) -> None:
    """Another number, no signature, an unknown key, a wrong signature."""
    prepared = make()
    receipt = sign_receipt(prepared.core, prepared.commitment, receipt_key, origin="log.example")

    with pytest.raises(SignatureInvalid):
        verify_receipt(
            replace(receipt, **changes).encode(), {receipt_key.key.key_id: receipt_key.key}.get
        )


def test_a_receipt_of_another_version_is_refused() -> None:
    """Unknown versions are refused, not guessed at."""
    receipt = Receipt(v=1, origin="o", commitment="c", decided_at=NOON, include_by=NOON, kid="k")

    with pytest.raises(SpellingUnknown):
        verify_receipt(receipt.encode().replace(b'"v":1', b'"v":2'), lambda _: None)


def test_links_follow_each_other() -> None:
    """The number counts on, and the commitment before is named."""
    core = replace(make().core, consent_seq=2, consent_prev=to_base64url(bytes(32)))

    require_link(core, seq=2, before=bytes(32))
    for seq, before in ((3, bytes(32)), (2, None), (2, bytes([1] * 32))):
        with pytest.raises(OpeningUnsound):
            require_link(core, seq=seq, before=before)


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        (RECORD, True),
        (replace(RECORD, bank=None), False),
        (replace(RECORD, person=PersonName(person_id="p", name="n", role="r")), False),
        (replace(RECORD, digests={"request": b""}), False),
        (replace(RECORD, kind=EventKind.TOKEN_REFUSED), False),
        (replace(RECORD, request_id="rpt_1"), False),
    ],
)
def test_the_catalogue_says_what_fits(record: Record, *, fits: bool) -> None:
    """Too few names, too many, a digest, other terms, another report's id."""
    if fits:
        require_fit(record)
        return
    with pytest.raises(RecordUnfit):
        require_fit(record)


def test_each_name_stands_for_one_subject() -> None:
    """References are kept under these ids."""
    names = (
        BANK,
        EnterpriseName(uscc="91330100YY0000A13Y", name="n"),
        ConsentName(consent_id="cns_1"),
        PersonName(person_id="prs_1", name="n", role="r"),
    )

    assert [subject_of(name) for name in names] == [
        "bnk_1",
        "91330100YY0000A13Y",
        "cns_1",
        "prs_1",
    ]


def test_only_reports_entries_are_found_by_a_report() -> None:
    """Terms with a report id name theirs, others none."""
    delivered = ReportDelivered(
        report_id="rpt_1",
        profile_id="prf_1",
        intended="evt_1",
        query_id="qry_1",
        sections=frozenset(),
        query_out_at=NOON,
        answer_in_at=NOON,
    )

    assert report_of(delivered) == "rpt_1"
    assert report_of(RECORD.terms) is None


@pytest.mark.parametrize("outcome", list(IntentOutcome))
def test_an_intent_ends_once(outcome: IntentOutcome) -> None:
    """Open intents may end in any way; after that only UNKNOWN can turn out as never sent."""
    assert may_close(None, outcome)
    for current in IntentOutcome:
        proven = (current, outcome) == (IntentOutcome.UNKNOWN, IntentOutcome.NOT_SENT)
        assert may_close(current, outcome) is proven
