"""A small story in memory: records, the log they make, and the pack that proves one report.

Nothing here needs a database: entries are composed, hashed and signed as the ledger does it.
"""

import hashlib
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.passkeys import PARTY

from creditbridge.consents.artefact import artefact_message, encode_artefact
from creditbridge.consents.model import ConsentArtefact, Grantee, Grantor
from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial
from creditbridge.evidence.pins import LogPin, PartyPin, Pin, Pins, PinsFile, read_pins
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.composing import Numbers, names_of, prepare, subject_of
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    CATALOGUE,
    ArtefactProof,
    BankName,
    ConsentApproved,
    ConsentEnded,
    ConsentRequested,
    EnterpriseName,
    EventKind,
    ExchangeProof,
    HttpExchange,
    Opened,
    PersonEnrolled,
    PersonName,
    Proofs,
    Record,
    ReferenceKind,
    ReportDelivered,
    ReportIntended,
    ReportRefused,
    RequestProof,
)
from creditbridge.ledger.rules import entry_of, join_parts, sign_receipt
from creditbridge.ledger.vault import draw_salts
from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import Confidence, MatchBy, Purpose, SectionCode
from creditbridge.profile.model import Served, Subject
from creditbridge.profile.record import Match
from creditbridge.profile.seal import seal_profile
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.checkpoint import Checkpoint, format_checkpoint
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    make_request_signature,
    make_response_signature,
)
from creditbridge.protocols.merkle import prove_inclusion
from creditbridge.protocols.merkle_tree import Node, hash_leaf, root_of
from creditbridge.protocols.signed_note import note_key, sign_note
from creditbridge.protocols.tlog_proof import format_proof
from creditbridge.protocols.uscc import EntityCategory

ORIGIN = "log.example/creditbridge"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BANK = BankName(bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="Example Bank")
ENTERPRISE = EnterpriseName(uscc="91330100YY0000A13Y", name="Example Works")
PERSON = PersonName(person_id="prs_1", name="Li Example", role="LEGAL_REP")
PURPOSES = frozenset({Purpose.PRE_LOAN_REVIEW})
TEXT = "<!doctype html><h1>北方银行请求查询</h1>".encode()  # The page that was read.
SECTIONS = frozenset({SectionCode.REG, SectionCode.PEN})
ROLES = ("log", "receipt", "consent", "query", "seal", "platform", "bank")
FILLERS = 300  # Entries of others before ours: proofs cross a tile.

Keys: TypeAlias = Mapping[str, FileKey]
MakeExchange: TypeAlias = Callable[[bytes], ExchangeProof]
Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]


@pytest.fixture(scope="session")
def keys() -> Keys:
    """One key for each who signs; the log's is Ed25519, as notes want it."""
    made = {role: generate_private_key(SECP256R1()) for role in ROLES[1:]}
    log = Ed25519PrivateKey.generate()
    return {
        "log": FileKey(key=name_key(log.public_key()), private=log),
        **{
            role: FileKey(key=name_key(private.public_key()), private=private)
            for role, private in made.items()
        },
    }


@pytest.fixture(scope="session")
def pins_file(keys: Keys) -> PinsFile:
    """The pins of the bank, as it got them at onboarding."""

    def pin(role: str) -> tuple[Pin, ...]:
        key = keys[role].key
        return (Pin(kid=key.key_id, jwk=key.to_jwk()),)

    return PinsFile(
        v=1,
        origin=ORIGIN,
        log_keys=(LogPin(vkey=note_key(ORIGIN, keys["log"].key).format()),),
        receipt_keys=pin("receipt"),
        consent_keys=pin("consent"),
        query_keys=pin("query"),
        seal_keys=pin("seal"),
        platform_keys={"provincial": pin("platform")},
        bank_keys=pin("bank"),
        relying_parties=(PartyPin(rp_id=PARTY.rp_id, origins=PARTY.origins),),
    )


@pytest.fixture(scope="session")
def pins(pins_file: PinsFile) -> Pins:
    """The same, read."""
    return read_pins(msgspec.json.encode(pins_file))


@pytest.fixture(scope="session")
def artefact() -> bytes:
    """The consent as both sides sign it."""
    return encode_artefact(
        ConsentArtefact(
            v=1,
            consent_id="cns_1",
            authorization_no="A-7",
            grantor=Grantor(uscc=ENTERPRISE.uscc, name=ENTERPRISE.name),
            grantee=Grantee(
                bank_id=BANK.bank_id,
                uscc=BANK.uscc,
                legal_name=BANK.legal_name,
                clients=("cli_1",),
            ),
            purposes=(Purpose.PRE_LOAN_REVIEW,),
            sections=(SectionCode.PEN, SectionCode.REG),
            valid_from=NOON,
            valid_to=NOON + timedelta(days=30),
            max_queries=2,
            requested_at=NOON,
        )
    )


@pytest.fixture(scope="session")
def request_proof(keys: Keys) -> RequestProof:
    """A signed request for REG, PEN and LST."""
    body = canonicalize(
        {
            "consent_id": "cns_1",
            "purpose": "PRE_LOAN_REVIEW",
            "sections": ["REG", "PEN", "LST"],
            "uscc": ENTERPRISE.uscc,
        }
    )
    message = Request(
        method="POST",
        target_uri="https://bank.example/v1/reports",
        headers=(("authorization", "Bearer cbt_1"), ("content-type", "application/json")),
        body=body,
    )
    made = make_request_signature(
        message, BANK_REQUEST, keys["bank"], created=1_772_366_400, nonce="n" * 22
    )
    return RequestProof(
        body=body, base=made.base, signature=made.signature, key_id=keys["bank"].key.key_id
    )


@pytest.fixture(scope="session")
def grant(artefact: bytes) -> bytes:
    """What the gateway grants the platform to answer."""
    return canonicalize(
        {
            "v": 1,
            "audience": "provincial",
            "query_id": "qry_1",
            "uscc": ENTERPRISE.uscc,
            "sections": ["PEN", "REG"],
            "purpose": "PRE_LOAN_REVIEW",
            "consent_digest": to_base64url(hashlib.sha256(artefact).digest()),
            "expires_at": "2026-03-01T12:01:00Z",
        }
    )


@pytest.fixture(scope="session")
def make_exchange(keys: Keys) -> MakeExchange:
    """Make a signed query with a grant, and the platform's answer to it."""

    def make(grant: bytes) -> ExchangeProof:
        query = Request(
            method="POST",
            target_uri="https://platform.example/v1/queries",
            headers=(
                ("creditbridge-query-id", "qry_1"),
                ("creditbridge-consent", f":{b64encode(grant).decode()}:"),
                ("content-type", "application/json"),
            ),
            body=b"{}",
        )
        asked = make_request_signature(
            query, PLATFORM_QUERY, keys["query"], created=1_772_366_401, nonce="q" * 22
        )
        sent = replace(query, headers=query.headers + asked.headers)
        answer = Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")
        said = make_response_signature(
            answer, sent, PLATFORM_ANSWER, keys["platform"], created=1_772_366_402
        )
        return HttpExchange(
            platform="provincial",
            query_id="qry_1",
            query_base=asked.base,
            query_signature=asked.signature,
            query_key_id=keys["query"].key.key_id,
            grant=grant,
            answer_base=said.base,
            answer_signature=said.signature,
            answer_key_id=keys["platform"].key.key_id,
        )

    return make


@pytest.fixture(scope="session")
def exchange(make_exchange: MakeExchange, grant: bytes) -> ExchangeProof:
    """The query of the story, and its answer."""
    return make_exchange(grant)


@pytest.fixture(scope="session")
def profile(keys: Keys) -> bytes:
    """The sealed profile that was delivered."""
    heading = ProfileHeading(
        profile_id="prf_1",
        generated_at=NOON,
        subject=Subject(
            uscc=ENTERPRISE.uscc,
            name=ENTERPRISE.name,
            entity_category=EntityCategory.ENTERPRISE,
            match=Match(by=MatchBy.USCC, confidence=Confidence.HIGH),
        ),
        consent_id="cns_1",
        authorization_no="A-7",
        purpose=Purpose.PRE_LOAN_REVIEW,
        bank_id=BANK.bank_id,
        request_digest="0" * 64,
    )
    served = Served(sections={}, omitted=(), unconfirmed=(), quality=(), sources=())
    draft = build_profile(served, (), heading=heading)
    return seal_profile(draft, keys["seal"]).raw


@pytest.fixture
def story(
    keys: Keys,
    artefact: bytes,
    request_proof: RequestProof,
    exchange: ExchangeProof,
    profile: bytes,
) -> list[Record]:
    """Enrolled, requested, approved, asked, delivered, withdrawn: `evt_0` to `evt_5`."""
    about = Record(
        kind=EventKind.CONSENT_WITHDRAWN,
        rule="consent-decision",
        rule_version="1",
        terms=ConsentEnded(version=3, state="WITHDRAWN"),
        bank=BANK,
        enterprise=ENTERPRISE,
        consent_id="cns_1",
    )
    signature = keys["consent"].sign(artefact_message(artefact))
    intended = ReportIntended(
        report_id="rpt_1",
        query_id="qry_1",
        client="cli_1",
        purpose="PRE_LOAN_REVIEW",
        asked=frozenset({"REG", "PEN", "LST"}),
        sections=frozenset({"REG", "PEN"}),
        consent_version=2,
        use_number=1,
        deadline_at=NOON + timedelta(seconds=20),
    )
    delivered = ReportDelivered(
        report_id="rpt_1",
        profile_id="prf_1",
        intended="evt_3",
        query_id="qry_1",
        sections=frozenset({"REG", "PEN"}),
        query_out_at=NOON,
        answer_in_at=NOON,
    )
    return [
        replace(
            about,
            kind=EventKind.PERSON_ENROLLED,
            terms=PersonEnrolled(role="LEGAL_REP", issuer="https://id.example", proof_digest="p"),
            bank=None,
            consent_id=None,
            person=PERSON,
        ),
        replace(
            about,
            kind=EventKind.CONSENT_REQUESTED,
            terms=ConsentRequested(
                client="cli_1",
                lapses_at=NOON,
                version=1,
                purposes=PURPOSES,
                sections=SECTIONS,
                valid_from=NOON,
                valid_to=NOON + timedelta(days=30),
                max_queries=2,
                clients=frozenset({"cli_1"}),
                authorization_no="A-7",
            ),
        ),
        replace(
            about,
            kind=EventKind.CONSENT_APPROVED,
            terms=ConsentApproved(
                version=2,
                purposes=PURPOSES,
                sections=SECTIONS,
                valid_from=NOON,
                valid_to=NOON + timedelta(days=30),
                max_queries=2,
                clients=frozenset({"cli_1"}),
                authorization_no="A-7",
                role="LEGAL_REP",
                artefact_digest=to_base64url(hashlib.sha256(artefact).digest()),
                template_id="credit-report",
                template_version="1",
                text_digest=to_base64url(hashlib.sha256(TEXT).digest()),
            ),
            person=PERSON,
            digests={"artefact": artefact, "text": TEXT},
            proofs=Proofs(
                text=TEXT,
                artefact=ArtefactProof(
                    artefact=artefact, signature=signature, key_id=keys["consent"].key.key_id
                ),
            ),
        ),
        replace(
            about,
            kind=EventKind.REPORT_INTENDED,
            rule="consent-coverage",
            terms=intended,
            digests={"request": request_proof.base or b""},
            request_id="rpt_1",
            proofs=Proofs(request=request_proof),
        ),
        replace(
            about,
            kind=EventKind.REPORT_DELIVERED,
            terms=delivered,
            digests={
                "query": join_parts([exchange.query_base]),
                "answer": join_parts([exchange.answer_base or b""]),
                "profile": profile,
            },
            request_id="rpt_1",
            proofs=Proofs(exchanges=(exchange,)),
        ),
        replace(about, person=PERSON),
    ]


@pytest.fixture
def refused_story(request_proof: RequestProof) -> list[Record]:
    """A request that a rule refused."""
    return [
        Record(
            kind=EventKind.REPORT_REFUSED,
            rule="consent-coverage",
            rule_version="1",
            terms=ReportRefused(
                report_id="rpt_1",
                client="cli_1",
                code="consent-missing",
                purpose="PRE_LOAN_REVIEW",
                asked=frozenset({"REG", "PEN", "LST"}),
            ),
            bank=BANK,
            digests={"request": request_proof.base or b""},
            request_id="rpt_1",
            proofs=Proofs(request=request_proof),
        )
    ]


@pytest.fixture(scope="session")
def write(keys: Keys) -> Write:
    """Write records into a log of their own, one second apart, behind entries of others."""

    def write_log(records: Sequence[Record]) -> PackMaterial:
        intake = Intake(keys["receipt"])
        entries = tuple(intake.take(record) for record in records)
        leaves = [hash_leaf(secrets.token_bytes(33)) for _ in range(FILLERS)]
        leaves += [hash_leaf(entry_of(entry.commitment)) for entry in entries]
        size = len(leaves)

        def node_hash(node: Node) -> bytes:
            return root_of(leaves[node.index << node.level : (node.index + 1) << node.level])

        text = format_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=root_of(leaves)))
        note = sign_note(text, ORIGIN, keys["log"])
        return PackMaterial(
            report_id="rpt_1",
            entries=entries,
            inclusions={
                index: format_proof(index, prove_inclusion(index, size, node_hash), note)
                for index in range(FILLERS, size)
            },
        )

    return write_log


@pytest.fixture
def pack(write: Write, story: list[Record]) -> bytes:
    """The pack of the delivered report."""
    return assemble_pack(write(story))


def reference_of(kind: ReferenceKind, subject: str) -> str:
    """Return a reference that a test can name beforehand; the house draws random ones."""
    return hashlib.sha256(f"{kind} {subject}".encode()).hexdigest()[:32]


class Intake:
    """The ledger's intake in memory: references, counters and chains as the database keeps them."""

    def __init__(self, receipt_key: FileKey) -> None:
        self._receipt_key = receipt_key
        self._counts: Counter[str] = Counter()
        self._last: dict[str, bytes] = {}
        self._taken = 0

    def take(self, record: Record) -> Opened:
        """Return the entry that a record becomes."""
        number, self._taken = self._taken, self._taken + 1
        references = {
            kind: reference_of(kind, subject_of(name)) for kind, name in names_of(record).items()
        }
        consent = references.get(ReferenceKind.CONSENT)
        chained = CATALOGUE[record.kind].chained and consent is not None
        salts = draw_salts(record)
        prepared = prepare(
            record,
            Numbers(
                references=references,
                bank_seq=self._next(references.get(ReferenceKind.BANK)),
                subject_seq=self._next(references.get(ReferenceKind.ENTERPRISE)),
                consent_seq=self._next(consent) if chained else None,
                consent_prev=self._last.get(consent or "") if chained else None,
            ),
            salts,
            event_id=f"evt_{number}",
            decided_at=NOON + timedelta(seconds=number),
        )
        if chained:
            self._last[consent or ""] = prepared.commitment
        named = prepared.personal
        receipt = sign_receipt(prepared.core, prepared.commitment, self._receipt_key, origin=ORIGIN)
        return Opened(
            event_id=prepared.core.event_id,
            kind=record.kind,
            commitment=prepared.commitment,
            opening=replace(
                prepared.opening,
                index=FILLERS + number,
                salt2=None if named is None else to_base64url(salts.personal),
                personal=None if named is None else to_base64url(named),
            ),
            proofs=record.proofs,
            receipt=receipt.encode(),
        )

    def _next(self, reference: str | None) -> int | None:
        if reference is None:
            return None
        self._counts[reference] += 1
        return self._counts[reference]
