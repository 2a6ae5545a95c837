"""The verdict on a pack."""

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.model import Manifest, PackMaterial, Result, Step, StepState, Strength
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.model import (
    Record,
    ReportDelivered,
    ReportIntended,
)
from creditbridge.protocols.canonical_json import canonicalize

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]

FLIPS = 500


def last_step(pack: bytes, pins: Pins, profile: bytes | None = None) -> Step:
    """Return the step that failed."""
    verdict = verify_pack(pack, pins, profile)
    assert verdict.result is Result.INVALID
    assert verdict.steps[-1].state is StepState.FAILED
    return verdict.steps[-1]


def repack(pack: bytes, changes: dict[str, bytes]) -> bytes:
    """Return a pack with other files, whole again as far as its manifest goes."""
    files = unpack_files(pack) | changes
    manifest = msgspec.json.decode(files.pop("manifest.json"), type=Manifest)
    named = {name: digest_of(content) for name, content in files.items()}
    honest = replace(manifest, files=named)
    return pack_files({**files, "manifest.json": canonicalize(msgspec.to_builtins(honest))})


def test_a_delivered_report_verifies_step_by_step(pack: bytes, pins: Pins, profile: bytes) -> None:
    """Seventeen steps, each with what it rests on."""
    verdict = verify_pack(pack, pins, profile)

    assert [(step.name, step.strength) for step in verdict.steps] == [
        ("archive", Strength.DIGEST),
        ("openings", Strength.DIGEST),
        ("checkpoint", Strength.LOG_SIGNED),
        ("inclusion", Strength.LOG_PROVEN),
        ("receipt", Strength.GATEWAY_SIGNED),
        ("request", Strength.BANK_SIGNED),
        ("chain", Strength.LOG_PROVEN),
        ("consent", Strength.GATEWAY_SIGNED),
        ("approver", Strength.LOG_PROVEN),
        ("signature", Strength.SESSION_ATTESTED),
        ("text", Strength.GATEWAY_ATTESTED),
        ("coverage", Strength.REPLAYED),
        ("queries", Strength.GATEWAY_SIGNED),
        ("answers", Strength.PLATFORM_SIGNED),
        ("messages", Strength.DIGEST),
        ("end", Strength.LOG_PROVEN),
        ("profile", Strength.GATEWAY_SIGNED),
    ]
    assert verdict.result is Result.VALID
    assert all(step.state is StepState.PASSED for step in verdict.steps)


def test_a_pack_verifies_without_its_profile(pack: bytes, pins: Pins) -> None:
    """The last step says that it was not taken; the rest stands."""
    verdict = verify_pack(pack, pins)

    assert verdict.result is Result.VALID
    assert verdict.steps[-1].state is StepState.SKIPPED


def test_any_changed_byte_of_a_pack_is_found(pack: bytes, pins: Pins) -> None:
    """500 places, seeded: archive heads, names, contents, directory."""
    draw = random.Random(7)  # noqa: S311 -- places to change, not secrets
    for place in draw.sample(range(len(pack)), FLIPS):
        altered = bytearray(pack)
        altered[place] ^= 1 << draw.randrange(8)

        step = last_step(bytes(altered), pins)

        assert (step.number, step.name) == (1, "archive")
        assert step.detail


def test_any_changed_byte_of_a_file_is_found_behind_an_honest_manifest(
    pack: bytes, pins: Pins
) -> None:
    """Whoever changes a file and the manifest with it is stopped by signatures and commitments."""
    draw = random.Random(8)  # noqa: S311 -- places to change, not secrets
    files = unpack_files(pack)
    names = sorted(files.keys() - {"manifest.json"})
    for _ in range(FLIPS // 2):
        name = draw.choice(names)
        altered = bytearray(files[name])
        altered[draw.randrange(len(altered))] ^= 1 << draw.randrange(8)

        step = last_step(repack(pack, {name: bytes(altered)}), pins)

        assert step.detail, name


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint", "checkpoint"),
        ("entries/000000000303/opening.json", "archive"),
        ("receipt.json", "receipt"),
        ("request/body", "request"),
        ("request/base", "request"),
        ("request/signature", "request"),
        ("request/key-id", "request"),
        ("consent/artefact.json", "consent"),
        ("consent/signature", "consent"),
        ("consent/key-id", "consent"),
        ("queries/01/query.base", "queries"),
        ("queries/01/query.signature", "queries"),
        ("queries/01/grant.json", "queries"),
        ("queries/01/answer.base", "answers"),
        ("queries/01/answer.signature", "answers"),
    ],
)
def test_a_changed_file_fails_the_step_that_reads_it(
    name: str, step: str, pack: bytes, pins: Pins
) -> None:
    """The step says where."""
    content = bytearray(unpack_files(pack)[name])
    content[-2] ^= 1

    assert last_step(repack(pack, {name: bytes(content)}), pins).name == step


def test_a_file_of_other_bytes_than_the_manifest_names_is_named(pack: bytes, pins: Pins) -> None:
    """The archive is right in itself, the manifest is the one that was made."""
    files = unpack_files(pack)

    step = last_step(pack_files({**files, "receipt.json": b"{}"}), pins)

    assert (step.name, "receipt.json" in step.detail) == ("archive", True)


@pytest.mark.parametrize(
    ("changes", "step", "where"),
    [
        ({"kind": "REFUSED"}, "openings", "manifest.json"),
        ({"report_id": "rpt_2"}, "openings", "manifest.json"),
        ({"subject": 303}, "openings", "manifest.json"),
        ({"v": 2}, "archive", "manifest.json"),
        ({"more": 1}, "archive", "manifest.json"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    changes: dict[str, str | int], step: str, where: str, pack: bytes, pins: Pins
) -> None:
    """Another kind, report, subject or version, or more than is known here."""
    files = unpack_files(pack)
    manifest = msgspec.json.decode(files["manifest.json"], type=dict[str, object])
    raw = msgspec.json.encode({**manifest, **changes}, order="sorted")

    failed = last_step(pack_files({**files, "manifest.json": raw}), pins)

    assert failed.name == step
    assert where in failed.detail


@pytest.mark.parametrize(
    "name", ["checkpoint", "receipt.json", "request/body", "consent/artefact.json", "manifest.json"]
)
def test_a_missing_file_is_named(name: str, pack: bytes, pins: Pins) -> None:
    """Gone from the archive, still in the manifest."""
    files = unpack_files(pack)
    del files[name]

    step = last_step(pack_files(files), pins)

    assert (step.name, name in step.detail) == ("archive", True)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint", "archive"),
        ("request/body", "archive"),
        ("request/base", "archive"),
        ("consent/artefact.json", "archive"),
        ("queries/01/exchange.json", "archive"),
        ("entries/000000000301/opening.json", "archive"),
    ],
)
def test_a_file_left_out_of_pack_and_manifest_is_missed(
    name: str, step: str, pack: bytes, pins: Pins
) -> None:
    """What belonged to it stays behind and is not understood alone."""
    files = unpack_files(pack)
    del files[name]

    assert last_step(repack(pack_files(files), {}), pins).name == step


def test_an_additional_file_is_refused(pack: bytes, pins: Pins) -> None:
    """Named by the manifest, but no file that a pack has."""
    step = last_step(repack(pack, {"payload.json": b"{}"}), pins)

    assert (step.name, "payload.json" in step.detail) == ("archive", True)


def lie(story: list[Record], place: int, **changes: object) -> list[Record]:
    """Return the story with other terms in one of its records."""
    record = story[place]
    told = replace(record, terms=replace(record.terms, **changes))
    return [*story[:place], told, *story[place + 1 :]]


def test_a_use_after_the_withdrawal_is_a_named_violation(
    story: list[Record], write: Write, pins: Pins
) -> None:
    """A delivery without a live consent: signatures, chain and proofs hold, the rule does not."""
    enrolled, requested, approved, intended, delivered, withdrawn = story
    told = replace(
        delivered,
        terms=replace_delivered(delivered, intended="evt_4"),
    )
    use = replace(intended, terms=replace_intended(intended, consent_version=3))
    pack = assemble_pack(write([enrolled, requested, approved, withdrawn, use, told]))

    step = last_step(pack, pins)

    assert step.name == "coverage"
    assert "a use without a live consent: consent-withdrawn" in step.detail


def replace_delivered(record: Record, *, intended: str) -> ReportDelivered:
    """Return the terms of a delivery that ends another intent."""
    assert isinstance(record.terms, ReportDelivered)
    return replace(record.terms, intended=intended)


def replace_intended(record: Record, *, consent_version: int) -> ReportIntended:
    """Return the terms of a use under another version."""
    assert isinstance(record.terms, ReportIntended)
    return replace(record.terms, consent_version=consent_version)


# The record at a place of the story with other terms; the step that finds it, and its words.
LIES: list[tuple[int, dict[str, object], str, str]] = [
    (3, {"consent_version": 1}, "coverage", "another extent, version or number"),
    (3, {"use_number": 2}, "coverage", "another extent, version or number"),
    (3, {"sections": frozenset({"REG"})}, "coverage", "another extent, version or number"),
    (3, {"client": "cli_2"}, "coverage", "consent-client-not-allowed"),
    (3, {"purpose": "LOAN_OPERATION"}, "request", "purpose"),
    (3, {"asked": frozenset({"REG", "PEN"})}, "request", "sections"),
    (3, {"query_id": "qry_2"}, "queries", "grant"),
    (2, {"max_queries": 1}, "consent", "another extent"),
    (2, {"artefact_digest": "x"}, "consent", "not the one approved"),
    (4, {"report_id": "rpt_2"}, "openings", "manifest.json"),
    (4, {"intended": "evt_9"}, "openings", "no entry evt_9"),
    (4, {"intended": "evt_2"}, "openings", "ends no intent"),
    (4, {"sections": frozenset({"REG", "TAX"})}, "end", "more than covered"),
    (4, {"profile_id": "prf_2"}, "profile", "another one"),
]


@pytest.mark.parametrize("told", LIES)
def test_entries_that_contradict_what_was_signed_are_found(
    told: tuple[int, dict[str, object], str, str],
    story: list[Record],
    write: Write,
    pins: Pins,
    profile: bytes,
) -> None:
    """The gateway recorded something else than bank, enterprise or platform signed."""
    place, changes, step, where = told
    pack = assemble_pack(write(lie(story, place, **changes)))

    failed = last_step(pack, pins, profile)

    assert failed.name == step
    assert where in failed.detail
