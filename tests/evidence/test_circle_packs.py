"""A consent that several people gave: its pack, and the doctored ones that nobody believes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import asdict, replace
from tests.evidence.conftest import NOON, PERSON, PURPOSES, SECTIONS, reference_of
from tests.evidence.test_independent import repack
from tests.evidence.test_signature import Tale as Passkey, enrol, judge
from tests.passkeys import Authenticator, make_authenticator

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.model import Manifest, PackMaterial, Result, Strength
from creditbridge.evidence.pins import PinsFile, read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.model import (
    ApprovalProof,
    ConsentApproved,
    ConsentCountersigned,
    EnterpriseChanged,
    EventKind,
    PersonEnrolled,
    PersonName,
    Proofs,
    Record,
    ReferenceKind,
    ReportDelivered,
)
from creditbridge.ledger.rules import join_parts
from creditbridge.protocols.approval_statement import (
    Act,
    ApprovalStatement,
    StatedConsent,
    challenge_of,
    encode_statement,
)
from creditbridge.protocols.canonical_json import canonicalize

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]

AGENT = PersonName(person_id="prs_2", name="Qian Example", role="AGENT")
STRANGER = PersonName(person_id="prs_9", name="Li Example", role="AGENT")
HEAD_PHONE, AGENT_PHONE, OTHER_PHONE = (make_authenticator() for _ in range(3))
REQUEST_VERSION = 1
# Where these entries stand in a story of a circle.
RULES, HEAD_KEY, AGENT_KEY, COUNTERSIGNED, APPROVED = 2, 3, 4, 6, 7


class Circle(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved, as the log has it; what a test changes of it, a dishonest house wrote."""

    rule: str = "2/0/"
    needed: int = 2
    first: PersonName = AGENT
    phone: Authenticator = AGENT_PHONE
    is_signed: bool = True
    artefact: str | None = None
    version: int = REQUEST_VERSION
    # Event ids; None: the one that stands in the story.
    counted: frozenset[str] | None = None
    again: bool = False


def tell(story: list[Record], circle: Circle) -> list[Record]:
    """Return the story of a consent that the agent and then the legal representative gave."""
    enrolled, requested, approved, intended, delivered, *_ = story
    terms = approved.terms
    assert isinstance(terms, ConsentApproved)
    artefact = circle.artefact or terms.artefact_digest
    first = countersign(approved, circle, artefact)
    told = [
        enrolled,
        appoint(enrolled),
        rule(enrolled, circle.rule),
        enrol(Passkey(device=HEAD_PHONE, enrolled=HEAD_PHONE)),
        enrol(Passkey(device=AGENT_PHONE, enrolled=AGENT_PHONE, enrolled_by=AGENT)),
        requested,
        first,
        *([first] if circle.again else []),
    ]
    counted = {f"evt_{place}" for place in range(COUNTERSIGNED, len(told))}
    changes = {
        "needed": circle.needed,
        "countersigned": frozenset(counted) if circle.counted is None else circle.counted,
        "credential": f"evt_{HEAD_KEY}",
    }
    proof = sign(HEAD_PHONE, PERSON, terms.artefact_digest, REQUEST_VERSION)
    told.append(
        replace(
            approved,
            terms=ConsentApproved(**{**asdict(terms), **changes}),
            digests={**approved.digests, "approval": join_parts(proof.parts)},
            proofs=replace(approved.proofs, approval=proof),
        )
    )
    assert isinstance(delivered.terms, ReportDelivered)
    ends = replace(delivered.terms, intended=f"evt_{len(told)}")
    return [*told, intended, replace(delivered, terms=ends)]


def appoint(enrolled: Record) -> Record:
    """Return the agent's entry: the legal representative let them approve this much."""
    terms = PersonEnrolled(
        role="AGENT",
        issuer="https://id.example",
        proof_digest="p",
        appointed_by="evt_0",
        may_approve=True,
        purposes=PURPOSES,
        sections=SECTIONS,
        days_max=30,
        queries_max=2,
    )
    return replace(enrolled, terms=terms, person=AGENT)


def rule(enrolled: Record, words: str) -> Record:
    """Return the entry by which the enterprise said how many must approve."""
    terms = EnterpriseChanged(what="APPROVALS", rules=frozenset({words}), needed=1)
    return replace(enrolled, kind=EventKind.ENTERPRISE_CHANGED, terms=terms, person=None)


def countersign(approved: Record, circle: Circle, artefact: str) -> Record:
    """Return the first yes."""
    proof = sign(circle.phone, circle.first, artefact, circle.version)
    terms = ConsentCountersigned(
        version=circle.version,
        role=circle.first.role,
        artefact_digest=artefact,
        template_id="credit-report",
        template_version="1",
        text_digest="t",
        given=1,
        needed=2,
        credential=f"evt_{AGENT_KEY}" if circle.is_signed else None,
    )
    return replace(
        approved,
        kind=EventKind.CONSENT_COUNTERSIGNED,
        terms=terms,
        person=circle.first,
        digests={"approval": join_parts(proof.parts)} if circle.is_signed else {},
        proofs=Proofs(approval=proof) if circle.is_signed else Proofs(),
    )


def sign(phone: Authenticator, person: PersonName, artefact: str, version: int) -> ApprovalProof:
    """Return what a phone signed for one of them."""
    statement = encode_statement(
        ApprovalStatement(
            v=1,
            act=Act.APPROVE,
            approver=reference_of(ReferenceKind.PERSON, person.person_id),
            consents=(StatedConsent(artefact=artefact, version=version),),
            nonce="n" * 43,
            expires_at=NOON + timedelta(minutes=5),
        )
    )
    said = phone.sign(challenge_of(statement))
    return ApprovalProof(
        statement=statement,
        client_data=said.client_data,
        authenticator_data=said.authenticator_data,
        signature=said.signature,
        credential_id=phone.credential_id,
        public_key=phone.public_key,
    )


Judge: TypeAlias = Callable[[bytes], tuple[str, str, bool]]


@pytest.fixture
def verdicts(pins_file: PinsFile, tmp_path: Path) -> Judge:
    """The last step of the verifier, its detail, and whether the independent one agrees."""

    def verify(pack: bytes) -> tuple[str, str, bool]:
        verdict = verify_pack(pack, read_pins(msgspec.json.encode(pins_file)))
        last = verdict.steps[-1]
        agrees = judge(pack, pins_file, tmp_path) is (verdict.result is Result.VALID)
        return last.name, last.detail, agrees

    return verify


@pytest.mark.parametrize(
    ("is_signed", "strength"),
    [(True, Strength.APPROVER_SIGNED), (False, Strength.SESSION_ATTESTED)],
)
def test_both_yeses_are_proven(
    is_signed: bool,  # noqa: FBT001 -- a case
    strength: Strength,
    story: list[Record],
    write: Write,
    pins_file: PinsFile,
    tmp_path: Path,
) -> None:
    """Each by its own passkey; where one had none, the whole is only as strong as that one."""
    pack = assemble_pack(write(tell(story, Circle(is_signed=is_signed))))

    verdict = verify_pack(pack, read_pins(msgspec.json.encode(pins_file)))

    steps = {one.name: one for one in verdict.steps}
    assert verdict.result is Result.VALID
    assert steps["approver"].detail.endswith("with 1 others")
    assert steps["signature"].strength is strength
    assert steps["signature"].detail.count("passkey") == 2
    assert judge(pack, pins_file, tmp_path)


WRITTEN: Mapping[str, tuple[Circle, str, str]] = {
    "replaced by a stranger's": (Circle(first=STRANGER), "approver", "not been enrolled"),
    "replaced by one to another artefact": (
        Circle(artefact="A" * 43),
        "approver",
        "of another artefact",
    ),
    "replaced by one to another version": (Circle(version=2), "approver", "of another artefact"),
    "replaced by another phone's": (Circle(phone=OTHER_PHONE), "signature", "another passkey"),
    "replaced by another entry": (
        Circle(counted=frozenset({"evt_5"})),
        "approver",
        "no countersignature evt_5",
    ),
    "dropped, and the number with it": (
        Circle(counted=frozenset(), needed=1),
        "approver",
        "1 people approved, and 2 had to",
    ),
    "dropped": (Circle(counted=frozenset()), "approver", "1 people approved, and 2 had to"),
    "one twice": (
        Circle(again=True, rule="3/0/", needed=3),
        "approver",
        "2 people approved, and 3 had to",
    ),
    "one's own again": (
        Circle(first=PERSON, phone=HEAD_PHONE, is_signed=False),
        "approver",
        "1 people approved, and 2 had to",
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_what_a_dishonest_house_wrote_is_refused_by_both(
    case: str, story: list[Record], write: Write, verdicts: Judge
) -> None:
    """Signed, chained and logged as if it were true: who approved was not who had to."""
    circle, step, detail = WRITTEN[case]

    name, told, agrees = verdicts(assemble_pack(write(tell(story, circle))))

    assert (name, detail in told) == (step, True), told
    assert agrees


def test_a_yes_that_is_taken_out_of_a_pack_is_missed(
    story: list[Record], write: Write, verdicts: Judge
) -> None:
    """With its files and behind an honest manifest: the chain has a gap."""
    pack = assemble_pack(write(tell(story, Circle())))
    files = unpack_files(pack)
    gone = number_of(files, COUNTERSIGNED)

    kept = {name: raw for name, raw in files.items() if gone not in name}
    name, _, agrees = verdicts(honestly(kept))

    assert (name, agrees) == ("chain", True)


def test_a_yes_that_is_shown_twice_is_refused(
    story: list[Record], write: Write, verdicts: Judge
) -> None:
    """The same entry under two numbers: it stands in the log at one of them."""
    pack = assemble_pack(write(tell(story, Circle())))
    files = unpack_files(pack)
    one, other = number_of(files, COUNTERSIGNED), number_of(files, APPROVED)

    copies = {
        name.replace(one, f"{int(other) + 100:012d}"): raw
        for name, raw in files.items()
        if one in name
    }
    name, _, agrees = verdicts(repack(pack, copies))

    assert (name, agrees) == ("archive", True)


@pytest.mark.parametrize("part", ["signature", "statement.json", "public-key", "client-data.json"])
def test_a_signature_of_another_yes_in_its_place_is_refused(
    part: str, story: list[Record], write: Write, verdicts: Judge
) -> None:
    """The last approver's own file beside the first one's entry: not what the entry is about."""
    pack = assemble_pack(write(tell(story, Circle())))
    files = unpack_files(pack)
    first, last = number_of(files, COUNTERSIGNED), number_of(files, APPROVED)

    moved = {f"approvals/{first}/{part}": files[f"approvals/{last}/{part}"]}
    name, _, agrees = verdicts(repack(pack, moved))

    assert (name, agrees) == ("signature", True)


def number_of(files: Mapping[str, bytes], place: int) -> str:
    """Return the number in the log, as file names have it, of the entry at a place of the story."""
    return sorted({name.split("/")[1] for name in files if name.startswith("entries/")})[place]


def honestly(files: Mapping[str, bytes]) -> bytes:
    """Return a pack of these files, whose manifest names each."""
    manifest = msgspec.json.decode(files["manifest.json"], type=Manifest)
    rest = {name: raw for name, raw in files.items() if name != "manifest.json"}
    named = replace(manifest, files={name: digest_of(raw) for name, raw in rest.items()})
    return pack_files({**rest, "manifest.json": canonicalize(msgspec.to_builtins(named))})
