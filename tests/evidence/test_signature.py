"""A consent that its approver signed with a passkey: proven offline, or refused with its reason."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import asdict, replace
from tests.evidence.conftest import NOON, PERSON, reference_of
from tests.passkeys import AT, BE, BS, ED, UP, UV, Authenticator, make_authenticator

from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Result, Step, StepState, Strength
from creditbridge.evidence.pins import PinsFile, read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ApprovalProof,
    ConsentApproved,
    CredentialEnded,
    CredentialEnrolled,
    EventKind,
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

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]

SCRIPT = Path(__file__).parent / "independent_verifier.py"
DEVICE = make_authenticator()
OTHER = make_authenticator()
STRANGER = PersonName(person_id="prs_9", name="Li Example", role="AGENT")
APPROVED, DELIVERED = 2, 4  # Places in the story without a passkey.


class Tale(msgspec.Struct, frozen=True, kw_only=True):
    """How an approval was signed; what a test changes of it, it tells wrongly."""

    device: Authenticator = DEVICE
    enrolled: Authenticator = DEVICE
    enrolled_by: PersonName = PERSON
    device_bound: bool = True
    approver: str = reference_of(ReferenceKind.PERSON, PERSON.person_id)
    version: int = 1
    artefact: str | None = None
    expires_after: timedelta = timedelta(minutes=5)
    approves_after: timedelta = timedelta(0)
    kind: str = "webauthn.get"
    challenge: bytes | None = None
    is_late: bool = False
    has_ended: bool = False
    is_kept: bool = True


def tell(story: list[Record], tale: Tale) -> list[Record]:
    """Return the story with a passkey's enrolment and a signed approval; ids shift by one."""
    approved = story[APPROVED]
    terms = approved.terms
    assert isinstance(terms, ConsentApproved)
    statement = encode_statement(
        ApprovalStatement(
            v=1,
            act=Act.APPROVE,
            approver=tale.approver,
            consents=(
                StatedConsent(
                    artefact=tale.artefact or terms.artefact_digest, version=tale.version
                ),
            ),
            nonce="n" * 43,
            expires_at=NOON + tale.expires_after,
        )
    )
    said = tale.device.sign(tale.challenge or challenge_of(statement), kind=tale.kind)
    proof = ApprovalProof(
        statement=statement,
        client_data=said.client_data,
        authenticator_data=said.authenticator_data,
        signature=said.signature,
        credential_id=tale.device.credential_id,
        public_key=tale.device.public_key,
    )
    place = APPROVED + 1 if tale.is_late else 1
    signed = replace(
        approved,
        terms=ConsentApproved(**{**asdict(terms), "credential": f"evt_{place}"}),
        digests={**approved.digests, "approval": join_parts(proof.parts)},
        proofs=replace(approved.proofs, approval=proof) if tale.is_kept else approved.proofs,
    )
    delivered = story[DELIVERED]
    assert isinstance(delivered.terms, ReportDelivered)
    told = [*story]
    told[APPROVED] = signed
    told.insert(place, enrol(tale))
    shift = 1
    if tale.has_ended:
        told.insert(2, end(tale))
        shift = 2
    told[DELIVERED + shift] = replace(
        delivered, terms=replace(delivered.terms, intended=f"evt_{3 + shift}")
    )
    return told


def enrol(tale: Tale) -> Record:
    """Return the record of a passkey's enrolment."""
    return Record(
        kind=EventKind.CREDENTIAL_ENROLLED,
        rule="passkeys",
        rule_version="1",
        terms=CredentialEnrolled(
            credential=digest(tale.enrolled),
            public_key=to_base64url(tale.enrolled.public_key),
            device_bound=tale.device_bound,
            proof_digest="p",
            approves_from=NOON + tale.approves_after,
        ),
        person=tale.enrolled_by,
    )


def end(tale: Tale) -> Record:
    """Return the record of its end."""
    return replace(
        enrol(tale),
        kind=EventKind.CREDENTIAL_ENDED,
        terms=CredentialEnded(credential=digest(tale.enrolled), reason="PERSON"),
    )


def digest(device: Authenticator) -> str:
    """Return how the ledger names a credential."""
    return to_base64url(hashlib.sha256(device.credential_id).digest())


def judge(pack: bytes, pins_file: PinsFile, folder: Path) -> bool:
    """Tell whether the independent verifier accepts a pack."""
    path, pins = folder / "pack.zip", folder / "pins.json"
    path.write_bytes(pack)
    pins.write_bytes(msgspec.json.encode(pins_file))
    command = [sys.executable, "-I", str(SCRIPT), "pack", str(path), str(pins)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- our own script
    return done.returncode == 0


def last_step(pack: bytes, pins_file: PinsFile) -> Step:
    """Return the step that failed."""
    verdict = verify_pack(pack, read_pins(msgspec.json.encode(pins_file)))
    assert verdict.result is Result.INVALID
    return verdict.steps[-1]


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("synced", [False, True])
def test_a_signed_approval_is_proven_offline(
    algorithm: int,
    synced: bool,  # noqa: FBT001 -- a case
    story: list[Record],
    write: Write,
    pins_file: PinsFile,
    tmp_path: Path,
) -> None:
    """The step names where the passkey was enrolled, and both verifiers agree."""
    device = make_authenticator(algorithm, synced=synced)
    tale = Tale(device=device, enrolled=device, device_bound=not synced)
    pack = assemble_pack(write(tell(story, tale)))

    verdict = verify_pack(pack, read_pins(msgspec.json.encode(pins_file)))

    (step,) = (one for one in verdict.steps if one.name == "signature")
    assert verdict.result is Result.VALID
    assert (step.state, step.strength) == (StepState.PASSED, Strength.APPROVER_SIGNED)
    assert step.detail.endswith("for portal.example")
    assert judge(pack, pins_file, tmp_path)


HTTP = replace(DEVICE, origin="http://portal.example")
BAD = {
    "webauthn.create": (Tale(kind="webauthn.create"), "client data: type"),
    "other challenge": (Tale(challenge=b"c" * 32), "client data: challenge"),
    "other origin": (
        Tale(device=replace(DEVICE, origin="https://evil.example")),
        "client data: origin",
    ),
    "sub-domain": (
        Tale(device=replace(DEVICE, origin="https://a.portal.example")),
        "client data: origin",
    ),
    "http": (Tale(device=HTTP), "client data: origin"),
    "other RP": (Tale(device=replace(DEVICE, rp_id="evil.example")), "RP id"),
    "UV 0": (Tale(device=replace(DEVICE, flags=UP)), "UP, UV"),
    "synced meanwhile": (Tale(device=replace(DEVICE, flags=UP | UV | BE | BS)), "BE"),
    "BS without BE": (Tale(device=replace(DEVICE, flags=UP | UV | BS)), "BS"),
    "attested": (Tale(device=replace(DEVICE, flags=UP | UV | AT)), "not asked for"),
    "extensions": (Tale(device=replace(DEVICE, flags=UP | UV | ED)), "not asked for"),
    "trailing bytes": (Tale(device=replace(DEVICE, extra=b"\x00")), "length"),
    "changed artefact": (Tale(artefact="A" * 43), "another artefact or version"),
    "changed version": (Tale(version=2), "another artefact or version"),
    "another approver": (Tale(approver="a" * 32), "another approver's"),
    "expired": (Tale(expires_after=timedelta(0)), "had expired"),
    "another's passkey": (Tale(enrolled_by=STRANGER), "not been enrolled before"),
    "another passkey": (Tale(enrolled=OTHER), "another passkey"),
    "another key": (
        Tale(device=replace(OTHER, credential_id=DEVICE.credential_id)),
        "another key",
    ),
    "another's signature": (
        Tale(enrolled=replace(DEVICE, private=OTHER.private, credential_id=DEVICE.credential_id)),
        "another key",
    ),
    "enrolled after": (Tale(is_late=True), "not been enrolled before"),
    "ended before": (Tale(has_ended=True), "had ended at index"),
    "cooling": (Tale(approves_after=timedelta(hours=1)), "might not approve yet"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_signature_is_refused_by_both(
    name: str, story: list[Record], write: Write, pins_file: PinsFile, tmp_path: Path
) -> None:
    """Each bad case of PROTOCOLS section 8 that a pack can show, with its reason."""
    tale, detail = BAD[name]
    pack = assemble_pack(write(tell(story, tale)))

    step = last_step(pack, pins_file)

    assert (step.name, detail in step.detail) == ("signature", True), step.detail
    assert not judge(pack, pins_file, tmp_path)


def test_a_signature_left_out_is_missed(
    story: list[Record], write: Write, pins_file: PinsFile, tmp_path: Path
) -> None:
    """The entry says that one was there."""
    pack = assemble_pack(write(tell(story, Tale(is_kept=False))))

    assert last_step(pack, pins_file).name == "consent"
    assert not judge(pack, pins_file, tmp_path)


def test_a_signature_that_the_entry_does_not_name_is_no_step_up(
    story: list[Record], write: Write, pins_file: PinsFile, tmp_path: Path
) -> None:
    """A digest without the enrolment, or an enrolment without the digest, is neither kind."""
    told = tell(story, Tale())
    terms = told[3].terms
    assert isinstance(terms, ConsentApproved)
    nameless = replace(told[3], terms=replace(terms, credential=None))
    bare = replace(
        told[3],
        digests={"artefact": told[3].digests["artefact"]},
        proofs=Proofs(artefact=told[3].proofs.artefact),
    )

    for changed in (nameless, bare):
        pack = assemble_pack(write([*told[:3], changed, *told[4:]]))
        step = last_step(pack, pins_file)
        assert (step.name, "missing" in step.detail) == ("signature", True)
        assert not judge(pack, pins_file, tmp_path)


def test_pins_say_for_whom_passkeys_sign(
    story: list[Record], write: Write, pins_file: PinsFile, tmp_path: Path
) -> None:
    """Without them, or for other indexes alone, nothing is believed."""
    pack = assemble_pack(write(tell(story, Tale())))
    party = pins_file.relying_parties[0]

    for parties in ((), (replace(party, from_index=1_000),), (replace(party, to_index=1),)):
        pins = replace(pins_file, relying_parties=parties)
        assert "nobody for whom passkeys sign" in last_step(pack, pins).detail
        assert not judge(pack, pins, tmp_path)
