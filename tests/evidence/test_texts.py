"""The very words that an approver read: kept, shown, and found where they were changed."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.model import Manifest, PackMaterial, Result, StepState
from creditbridge.evidence.pins import Pins, PinsFile
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import Record
from creditbridge.protocols.canonical_json import canonicalize

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
SCRIPT = Path(__file__).parent / "independent_verifier.py"
OTHER = "<!doctype html><h1>北方银行请求查询一切</h1>".encode()


@pytest.fixture
def judge(pins: Pins, pins_file: PinsFile, tmp_path: Path) -> Callable[[bytes], tuple[str, int]]:
    """Both verifiers: the last step of ours with its end, and the exit code of the other."""

    def run(pack: bytes) -> tuple[str, int]:
        path, trust = tmp_path / "pack.zip", tmp_path / "pins.json"
        path.write_bytes(pack)
        trust.write_bytes(msgspec.json.encode(pins_file))
        command = [sys.executable, "-I", str(SCRIPT), "pack", str(path), str(trust)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- our own script
        verdict = verify_pack(pack, pins)
        failed = verdict.steps[-1].name if verdict.result is Result.INVALID else ""
        return failed, done.returncode

    return run


def repack(pack: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return a pack with other files or fewer, whole again as far as its manifest goes."""
    files = {**unpack_files(pack), **changes}
    kept = {name: content for name, content in files.items() if content is not None}
    manifest = msgspec.json.decode(kept.pop("manifest.json"), type=Manifest)
    named = {name: digest_of(content) for name, content in kept.items()}
    honest = canonicalize(msgspec.to_builtins(replace(manifest, files=named)))
    return pack_files({**kept, "manifest.json": honest})


def text_in(pack: bytes) -> str:
    """Return the name of the one page in a pack."""
    (name,) = (name for name in unpack_files(pack) if name.startswith("texts/"))
    return name


def test_a_pack_shows_the_words(
    pack: bytes, pins: Pins, judge: Callable[[bytes], tuple[str, int]]
) -> None:
    """Byte for byte, and nothing is rendered to verify them: templates may change."""
    (step,) = (one for one in verify_pack(pack, pins).steps if one.name == "text")

    assert unpack_files(pack)[text_in(pack)].decode() == "<!doctype html><h1>北方银行请求查询</h1>"
    assert step.state is StepState.PASSED
    assert step.detail == "credit-report 1, 1 page(s), byte for byte"
    assert judge(pack) == ("", 0)


def test_doctored_words_are_found(pack: bytes, judge: Callable[[bytes], tuple[str, int]]) -> None:
    """Another page, one letter more, none at all: both verifiers see it."""
    name = text_in(pack)
    changes: list[bytes | None] = [OTHER, unpack_files(pack)[name] + b" ", b"", None]

    assert [judge(repack(pack, {name: one})) for one in changes] == [("consent", 1)] * 3 + [
        ("consent", 1)
    ]


def test_words_at_another_entry_are_found(
    pack: bytes, judge: Callable[[bytes], tuple[str, int]]
) -> None:
    """A page beside an entry that is no approval, or that is not in the chain."""
    page = unpack_files(pack)[text_in(pack)]
    beside = [repack(pack, {f"texts/{index:012d}.html": page}) for index in (1, 999)]

    assert [judge(one)[0] for one in beside] == ["text", "text"]


def test_a_digest_of_other_words_is_found(
    write: Write, story: list[Record], judge: Callable[[bytes], tuple[str, int]]
) -> None:
    """The entry names one page and keeps another."""
    told = to_base64url(hashlib.sha256(OTHER).digest())
    story[2] = replace(story[2], terms=replace(story[2].terms, text_digest=told))

    assert judge(assemble_pack(write(story))) == ("text", 1)


def test_an_approval_from_before_words_were_kept_stands(
    write: Write, story: list[Record], pins: Pins, judge: Callable[[bytes], tuple[str, int]]
) -> None:
    """Its digest alone was kept: the step says so, and the pack is valid."""
    approved = story[2]
    story[2] = replace(
        approved,
        digests={name: raw for name, raw in approved.digests.items() if name != "text"},
        proofs=replace(approved.proofs, text=None),
    )
    pack = assemble_pack(write(story))

    (step,) = (one for one in verify_pack(pack, pins).steps if one.name == "text")
    assert step.state is StepState.SKIPPED
    assert judge(pack) == ("", 0)


def test_a_refusal_carries_no_words(
    write: Write, refused_story: list[Record], pack: bytes, pins: Pins
) -> None:
    """Nobody read anything before it."""
    page = unpack_files(pack)[text_in(pack)]
    refused = assemble_pack(write(refused_story))

    verdict = verify_pack(repack(refused, {"texts/000000000000.html": page}), pins)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "refusal")
