"""What each step of a verification asks for."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.examination import examine
from creditbridge.evidence.model import (
    Manifest,
    PackMaterial,
    PackUntrue,
    Result,
    Step,
    StepState,
    Strength,
)
from creditbridge.evidence.pins import Pins, PinsFile, read_pins
from creditbridge.evidence.reading import read_pack
from creditbridge.evidence.verifying import verify_pack
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.model import (
    BankName,
    EnterpriseName,
    EventKind,
    ExchangeProof,
    PersonName,
    Proofs,
    Record,
    ReportFailed,
    RequestProof,
)
from creditbridge.ledger.rules import join_parts
from creditbridge.profile.codes import KeyPosition, SectionCode
from creditbridge.profile.model import NamedPerson, Profile, ProfileDraft
from creditbridge.profile.seal import seal_profile
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.signed_note import NoteKeyKind, cosign_line, note_key, parse_note

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
Keys: TypeAlias = Mapping[str, FileKey]

OTHER_ENTERPRISE = EnterpriseName(uscc="91330100YY0000A20R", name="Other Works")
OTHER_PERSON = PersonName(person_id="prs_2", name="Wang Example", role="AGENT")
OTHER_BANK = BankName(bank_id="bnk_2", uscc="91330104YY0000A13Q", legal_name="Other Bank")


def find_step(pack: bytes, pins: Pins, name: str, profile: bytes | None = None) -> Step:
    """Return the step of this name."""
    return next(step for step in verify_pack(pack, pins, profile).steps if step.name == name)


def last_step(pack: bytes, pins: Pins, profile: bytes | None = None) -> Step:
    """Return the step that failed."""
    verdict = verify_pack(pack, pins, profile)
    assert verdict.result is Result.INVALID
    return verdict.steps[-1]


def repack(pack: bytes, changes: dict[str, bytes]) -> bytes:
    """Return a pack with other files, whole again as far as its manifest goes."""
    files = unpack_files(pack) | changes
    manifest = msgspec.json.decode(files.pop("manifest.json"), type=Manifest)
    named = {name: digest_of(content) for name, content in files.items()}
    honest = replace(manifest, files=named)
    return pack_files({**files, "manifest.json": canonicalize(msgspec.to_builtins(honest))})


def told(story: list[Record], place: int, record: Record) -> list[Record]:
    """Return the story with another record in one place."""
    return [*story[:place], record, *story[place + 1 :]]


def failure(record: Record, *, exchange: ExchangeProof | None = None) -> Record:
    """Return a failure instead of the delivery."""
    terms = ReportFailed(
        report_id="rpt_1", intended="evt_3", query_id="qry_1", outcome="UNKNOWN", code="x"
    )
    digests = {} if exchange is None else {"query": join_parts([exchange.query_base])}
    kept = Proofs() if exchange is None else Proofs(exchanges=(exchange,))
    return replace(
        record,
        kind=EventKind.REPORT_FAILED,
        terms=terms,
        digests=digests,
        proofs=kept,
    )


def test_a_refused_report_verifies_with_its_callers_facts(
    write: Write, refused_story: list[Record], pins: Pins
) -> None:
    """Seven steps: what was asked, and that it was refused."""
    verdict = verify_pack(assemble_pack(write(refused_story)), pins)

    assert verdict.result is Result.VALID
    assert [step.name for step in verdict.steps[5:]] == ["request", "refusal"]
    assert verdict.steps[-1].detail == "consent-missing"


def test_unknown_and_foreign_consents_look_identical(
    write: Write, story: list[Record], refused_story: list[Record], pins: Pins
) -> None:
    """A refusal that names an enterprise or a consent is no pack of ours."""
    named = replace(refused_story[0], enterprise=story[0].enterprise)

    assert last_step(assemble_pack(write([named])), pins).name == "refusal"


def test_a_refused_packs_other_entries_are_refused(
    write: Write, story: list[Record], refused_story: list[Record], pins: Pins
) -> None:
    """Somebody slipped another entry of the log in."""
    material = write([*refused_story, story[0]])
    pack = assemble_pack(material)
    whole = assemble_pack(write(story))
    added = {name: content for name, content in unpack_files(whole).items() if "300/" in name}
    other = {name.replace("300/", "301/"): content for name, content in added.items()}
    assert len(other) == 2

    assert last_step(repack(pack, other), pins).name == "archive"
    entry = material.entries[1]
    honest = {
        "entries/000000000301/opening.json": entry.opening.encode(),
        "entries/000000000301/inclusion.tlog-proof": material.inclusions[301].encode(),
    }
    assert last_step(repack(pack, honest), pins).name == "refusal"


@pytest.mark.parametrize("kept", [True, False])
def test_a_failed_report_verifies_with_what_was_kept(
    *, kept: bool, write: Write, story: list[Record], exchange: ExchangeProof, pins: Pins
) -> None:
    """A query without an answer, or nothing at all; what is missing is said."""
    unanswered = replace(exchange, answer_base=None, answer_signature=None, answer_key_id=None)
    ended = failure(story[4], exchange=unanswered if kept else None)
    pack = assemble_pack(write(told(story, 4, ended)))

    assert verify_pack(pack, pins).result is Result.VALID
    queries, answers = (find_step(pack, pins, name) for name in ("queries", "answers"))
    assert queries.state is (StepState.PASSED if kept else StepState.SKIPPED)
    assert answers.state is StepState.SKIPPED


def test_a_failed_report_has_no_profile(
    write: Write, story: list[Record], pins: Pins, profile: bytes
) -> None:
    """Nothing was delivered: a profile that claims otherwise is not the gateway's."""
    pack = assemble_pack(write(told(story, 4, failure(story[4]))))

    step = last_step(pack, pins, profile)

    assert (step.name, "nothing was delivered" in step.detail) == ("profile", True)


def test_an_unsigned_request_is_the_gateways_word(
    write: Write, story: list[Record], request_proof: RequestProof, pins: Pins
) -> None:
    """TLS and token spoke for the bank: the step passes, and says how weak it is."""
    proof = RequestProof(body=request_proof.body)
    unsigned = replace(story[3], digests={"request": proof.body}, proofs=Proofs(request=proof))
    pack = assemble_pack(write(told(story, 3, unsigned)))

    step = find_step(pack, pins, "request")

    assert verify_pack(pack, pins).result is Result.VALID
    assert step.strength is Strength.GATEWAY_ATTESTED


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}"])
def test_a_body_that_says_nothing_contradicts_nothing(
    body: bytes, write: Write, refused_story: list[Record], pins: Pins
) -> None:
    """A refused caller may have sent anything."""
    proof = RequestProof(body=body)
    odd = replace(refused_story[0], digests={"request": body}, proofs=Proofs(request=proof))

    assert verify_pack(assemble_pack(write([odd])), pins).result is Result.VALID


def test_erased_names_leave_a_valid_pack(write: Write, story: list[Record], pins: Pins) -> None:
    """The replay runs on references; the verdict says that names are gone."""
    material = write(story)
    erased = tuple(
        replace(
            one,
            opening=replace(one.opening, salt2=None, personal=None, erased="evt_9"),
        )
        for one in material.entries
    )
    pack = assemble_pack(replace(material, entries=erased))

    verdict = verify_pack(pack, pins)

    assert verdict.result is Result.VALID_WITH_ERASED_DATA
    assert verdict.steps[1].detail == "6 open, names of 6 erased"


def test_witnesses_are_counted(pack: bytes, pins_file: PinsFile) -> None:
    """As many as the pins require must have cosigned; unknown ones do not count."""
    private = Ed25519PrivateKey.generate()
    witness = FileKey(key=name_key(private.public_key()), private=private)
    named = note_key("witness.example", witness.key, kind=NoteKeyKind.COSIGNATURE)
    required = replace(pins_file, witnesses=(named.format(),), witnesses_required=1)
    pins = read_pins(msgspec.json.encode(required))
    note = unpack_files(pack)["checkpoint"].decode()
    line = cosign_line(parse_note(note).text, "witness.example", witness, cosigned_at=1)
    proofs = {
        name: content.replace(note.encode(), (note + line).encode())
        for name, content in unpack_files(pack).items()
        if name.endswith("tlog-proof") or name == "checkpoint"
    }

    assert last_step(pack, pins).name == "checkpoint"
    witnessed = repack(pack, proofs)
    assert verify_pack(witnessed, pins).result is Result.VALID
    assert find_step(witnessed, pins, "checkpoint").strength is Strength.WITNESSED


def test_a_bank_may_call_several_keys_the_same(
    pack: bytes, pins_file: PinsFile, keys: Keys
) -> None:
    """Whichever fits is the bank's, wherever it stands; none of them is another's."""
    (own,) = pins_file.bank_keys
    other = replace(own, jwk=keys["seal"].key.to_jwk())

    for bank_keys, result in (
        ((own, other), Result.VALID),
        ((other, own), Result.VALID),
        ((other, other), Result.INVALID),
    ):
        pins = read_pins(msgspec.json.encode(replace(pins_file, bank_keys=bank_keys)))
        assert verify_pack(pack, pins).result is result


def test_a_log_of_another_origin_is_refused(pack: bytes, pins_file: PinsFile) -> None:
    """Its key may be pinned under another name; the pins name one log."""
    other = replace(pins_file, origin="other.example/log")

    step = last_step(pack, read_pins(msgspec.json.encode(other)))

    assert (step.name, "another log" in step.detail) == ("checkpoint", True)


@pytest.mark.parametrize(
    ("pinned", "step"),
    [
        ("log_keys", "checkpoint"),
        ("receipt_keys", "receipt"),
        ("bank_keys", "request"),
        ("consent_keys", "consent"),
        ("query_keys", "queries"),
        ("platform_keys", "answers"),
        ("seal_keys", "profile"),
    ],
)
def test_a_key_that_is_not_pinned_counts_for_nothing(
    pinned: str, step: str, pack: bytes, profile: bytes, pins_file: PinsFile
) -> None:
    """Each signature rests on a key that the pins name."""
    nothing: dict[str, object] = {pinned: {} if pinned == "platform_keys" else ()}
    pins = read_pins(msgspec.json.encode(replace(pins_file, **nothing)))

    assert last_step(pack, pins, profile).name == step


def test_a_receipt_of_another_log_is_refused(
    write: Write, story: list[Record], keys: Keys, pins: Pins
) -> None:
    """The commitment is right, the promise was given in another log's name."""
    from creditbridge.ledger.rules import open_entry, sign_receipt  # noqa: PLC0415 -- once here

    material = write(story)
    core, commitment = open_entry(material.entries[4].opening)
    receipt = sign_receipt(core, commitment, keys["receipt"], origin="other.example/log")
    pack = repack(assemble_pack(material), {"receipt.json": receipt.encode()})

    step = last_step(pack, pins)

    assert (step.name, "another log" in step.detail) == ("receipt", True)


def test_the_checkpoint_of_the_proofs_is_the_packs(
    pack: bytes, write: Write, story: list[Record], pins: Pins
) -> None:
    """Two signed checkpoints in one pack: all proofs must lead to the one shown."""
    other = unpack_files(assemble_pack(write(story)))["checkpoint"]

    assert last_step(repack(pack, {"checkpoint": other}), pins).name == "inclusion"


Change: TypeAlias = Callable[[list[Record]], list[Record]]

STORIES: list[tuple[Change, str, str]] = [
    # Somebody else had been enrolled, or this person for another enterprise, or only later.
    (lambda s: told(s, 0, replace(s[0], person=OTHER_PERSON)), "approver", "had not been enrolled"),
    (
        lambda s: told(s, 0, replace(s[0], enterprise=OTHER_ENTERPRISE)),
        "approver",
        "had not been enrolled",
    ),
    # The entries name another enterprise than the artefact.
    (
        lambda s: [replace(one, enterprise=OTHER_ENTERPRISE) for one in s],
        "request",
        "uscc",
    ),
    # A link of another consent, an entry of another bank.
    (lambda s: told(s, 5, replace(s[5], consent_id="cns_2")), "chain", "another consent"),
    (lambda s: told(s, 5, replace(s[5], bank=OTHER_BANK)), "openings", "another bank"),
    # Messages that are missing.
    (lambda s: told(s, 3, replace(s[3], proofs=Proofs())), "request", "request/body: missing"),
    (lambda s: told(s, 2, replace(s[2], proofs=Proofs())), "consent", "artefact.json: missing"),
    (lambda s: told(s, 4, replace(s[4], proofs=Proofs())), "queries", "without a query"),
    # No approval at all.
    (lambda s: [s[0], s[1], s[0], *s[3:]], "consent", "no approval before the use"),
]


@pytest.mark.parametrize("case", STORIES, ids=map(str, range(len(STORIES))))
def test_stories_that_do_not_hold_are_found(
    case: tuple[Change, str, str], story: list[Record], write: Write, pins: Pins
) -> None:
    """Each at the step that asks for it."""
    change, name, words = case

    step = last_step(assemble_pack(write(change(story))), pins)

    assert (step.name, words in step.detail) == (name, True)


def test_a_missing_link_of_the_chain_is_found(
    write: Write, story: list[Record], pins: Pins
) -> None:
    """The assembler left out a link: numbers and commitments do not follow."""
    material = write(story)
    pack = assemble_pack(replace(material, entries=(material.entries[0], *material.entries[2:])))

    assert last_step(pack, pins).name == "chain"


def test_a_delivery_without_its_answer_is_refused(
    write: Write, story: list[Record], exchange: ExchangeProof, pins: Pins
) -> None:
    """A profile came from somewhere, but no platform signed for it."""
    unanswered = replace(exchange, answer_base=None, answer_signature=None)
    delivered = replace(story[4], proofs=Proofs(exchanges=(unanswered,)))

    assert last_step(assemble_pack(write(told(story, 4, delivered))), pins).name == "answers"


def test_an_answer_to_another_query_is_refused(
    write: Write, story: list[Record], exchange: ExchangeProof, keys: Keys, pins: Pins
) -> None:
    """The same query signed again is another query: the answer covers the first one's signature."""
    again = replace(exchange, query_signature=keys["query"].sign(exchange.query_base))
    delivered = replace(story[4], proofs=Proofs(exchanges=(again,)))

    step = last_step(assemble_pack(write(told(story, 4, delivered))), pins)

    assert (step.name, "another query" in step.detail) == ("answers", True)


def test_messages_of_another_delivery_are_refused(
    write: Write, story: list[Record], exchange: ExchangeProof, pins: Pins
) -> None:
    """Query and answer hold, but the entry's digests were taken of others."""
    other = join_parts([exchange.query_base + b" "])
    delivered = replace(story[4], digests={**story[4].digests, "query": other})

    assert last_step(assemble_pack(write(told(story, 4, delivered))), pins).name == "messages"


@pytest.mark.parametrize("other", [b"[]", b'{"v":1}', b"nonsense"])
def test_a_query_with_another_grant_is_refused(other: bytes, pack: bytes, pins: Pins) -> None:
    """The signed query carries the grant's bytes."""
    assert last_step(repack(pack, {"queries/01/grant.json": other}), pins).name == "queries"


def test_names_that_the_artefact_does_not_name_are_refused(
    write: Write, story: list[Record], pins: Pins
) -> None:
    """The entries speak of another bank than the enterprise consented to."""
    records = [one if one.bank is None else replace(one, bank=OTHER_BANK) for one in story]

    step = last_step(assemble_pack(write(records)), pins)

    assert (step.name, "names others" in step.detail) == ("consent", True)


@pytest.mark.parametrize("changes", [None, {"sections": ["PEN", "TAX"]}, {"audience": "other"}])
def test_a_signed_grant_beyond_the_use_is_refused(
    changes: dict[str, object] | None,
    make_exchange: Callable[[bytes], ExchangeProof],
    grant: bytes,
    write: Write,
    story: list[Record],
    pins: Pins,
) -> None:
    """The gateway itself signed a grant that is none, wider, or for another platform."""
    members = msgspec.json.decode(grant, type=dict[str, object])
    other = (
        b"[]" if changes is None else msgspec.json.encode({**members, **changes}, order="sorted")
    )
    delivered = replace(story[4], proofs=Proofs(exchanges=(make_exchange(other),)))

    step = last_step(assemble_pack(write(told(story, 4, delivered))), pins)

    assert (step.name, "grant" in step.detail) == ("queries", True)


def test_a_use_outside_any_chain_is_refused(write: Write, story: list[Record], pins: Pins) -> None:
    """An intent without a consent is no link of anything."""
    use = replace(story[3], consent_id=None)
    end = replace(story[4], consent_id=None, terms=replace(story[4].terms, intended="evt_1"))

    step = last_step(assemble_pack(write([story[0], use, end])), pins)

    assert (step.name, "no link" in step.detail) == ("chain", True)


def test_an_end_must_name_an_intent(
    write: Write, story: list[Record], refused_story: list[Record], pins: Pins
) -> None:
    """A refusal of the same request is none."""
    end = replace(story[4], terms=replace(story[4].terms, intended="evt_3"))
    refused = replace(refused_story[0], terms=refused_story[0].terms)

    step = last_step(assemble_pack(write([*story[:3], refused, end])), pins)

    assert (step.name, "ends no intent" in step.detail) == ("openings", True)


def test_text_that_is_not_utf_8_is_refused(pack: bytes, pins: Pins) -> None:
    """A checkpoint, a proof and key ids are text."""
    step = last_step(repack(pack, {"request/key-id": b"\xff"}), pins)

    assert (step.name, "request/key-id" in step.detail) == ("archive", True)


def test_a_refused_report_has_no_intent(
    write: Write, refused_story: list[Record], pins: Pins
) -> None:
    """Whoever asks for it is told so."""
    examination = examine(read_pack(assemble_pack(write(refused_story))), pins, None)

    with pytest.raises(PackUntrue):
        examination.get_intended()


def test_l13_a_profile_that_shows_a_person_names_that_persons_consent(
    write: Write, story: list[Record], pins: Pins, profile: bytes, keys: Keys
) -> None:
    """A consent that the profile names and the delivery does not is a named violation."""
    shown = NamedPerson(
        person_consent_id="pcs_1", position=KeyPosition.LEGAL_REP, sections=(SectionCode.REG,)
    )
    sealed = msgspec.json.decode(profile, type=Profile)
    draft = {name: getattr(sealed, name) for name in ProfileDraft.__struct_fields__}
    raw = seal_profile(ProfileDraft(**{**draft, "persons": (shown,)}), keys["seal"]).raw
    told = replace(story[4], digests={**story[4].digests, "profile": raw})

    step = last_step(assemble_pack(write([*story[:4], told, *story[5:]])), pins, raw)

    assert step.name == "profile"
    assert "without that person's consent" in step.detail
