"""A verifier that shares no line with the product comes to the same verdicts."""

import ast
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.model import Manifest, PackMaterial, Result
from creditbridge.evidence.pins import LogPin, Pin, Pins, PinsFile, read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.model import EventKind, Record
from creditbridge.ledger.sealing import OpeningKeys, name_opening_key
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger, publication
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.signed_note import note_key
from creditbridge.protocols.tiles import format_path, tiles_of

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]

SCRIPT = Path(__file__).parent / "independent_verifier.py"
FLIPS = 24
ENTRIES = 300


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run the script in a process of its own, away from the product's folder."""
    command = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own script
    return done.returncode, done.stderr.strip()


def repack(pack: bytes, changes: dict[str, bytes]) -> bytes:
    """Return a pack with other files, whole again as far as its manifest goes."""
    files = unpack_files(pack) | changes
    manifest = msgspec.json.decode(files.pop("manifest.json"), type=Manifest)
    named = {name: digest_of(content) for name, content in files.items()}
    honest = replace(manifest, files=named)
    return pack_files({**files, "manifest.json": canonicalize(msgspec.to_builtins(honest))})


def test_the_script_is_short_and_stands_alone() -> None:
    """Some 470 lines, a sixth of them SM2 by hand, and nothing of the product."""
    source = SCRIPT.read_text("utf-8")
    imported = {
        name.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert len(source.splitlines()) <= 480
    assert not [name for name in imported if name.startswith("credit")]


@pytest.fixture
def pins_path(pins_file: PinsFile, tmp_path: Path) -> Path:
    """The pins on disk."""
    path = tmp_path / "pins.json"
    path.write_bytes(msgspec.json.encode(pins_file))
    return path


def test_both_accept_honest_packs(
    pack: bytes,
    write: Write,
    refused_story: list[Record],
    pins: Pins,
    pins_path: Path,
    tmp_path: Path,
) -> None:
    """A delivered report and a refused one."""
    for content in (pack, assemble_pack(write(refused_story))):
        path = tmp_path / "pack.zip"
        path.write_bytes(content)

        assert verify_pack(content, pins).result is Result.VALID
        assert run("pack", path, pins_path) == (0, "")


def test_both_take_each_key_where_it_counts(
    pack: bytes, pins_file: PinsFile, keys: Mapping[str, FileKey], tmp_path: Path
) -> None:
    """Beside keys before and after it the pack's own is found; where it ended, neither believes."""
    subject = msgspec.json.decode(unpack_files(pack)["manifest.json"], type=Manifest).subject
    private = Ed25519PrivateKey.generate()
    other = note_key(pins_file.origin, name_key(private.public_key())).format()
    log_key, receipt = pins_file.log_keys[0], pins_file.receipt_keys[0]
    stranger = keys["seal"].key
    beside = Pin(kid=stranger.key_id, jwk=stranger.to_jwk())
    last = int(unpack_files(pack)["checkpoint"].splitlines()[1]) - 1
    rotated = replace(
        pins_file,
        log_keys=(LogPin(vkey=other), replace(log_key, from_index=last)),
        receipt_keys=(replace(beside, to_index=subject), replace(receipt, from_index=subject)),
        consent_keys=(*pins_file.consent_keys, replace(beside, from_index=subject)),
    )
    ended = replace(rotated, receipt_keys=(replace(receipt, to_index=subject), beside))
    path, pins_path = tmp_path / "pack.zip", tmp_path / "pins.json"
    path.write_bytes(pack)

    for file, result, status in ((rotated, Result.VALID, 0), (ended, Result.INVALID, 1)):
        raw = msgspec.json.encode(file)
        pins_path.write_bytes(raw)
        assert verify_pack(pack, read_pins(raw)).result is result
        assert run("pack", path, pins_path)[0] == status


def test_both_refuse_changed_packs(
    pack: bytes, pins: Pins, pins_path: Path, tmp_path: Path
) -> None:
    """Bytes changed in archive and in files behind an honest manifest, seeded."""
    draw = random.Random(9)  # noqa: S311 -- places to change, not secrets
    files = unpack_files(pack)
    names = sorted(name for name in files if name != "manifest.json")
    for number in range(FLIPS):
        name = names[number % len(names)]
        altered = bytearray(files[name])
        altered[draw.randrange(len(altered))] ^= 1
        content = repack(pack, {name: bytes(altered)})
        path = tmp_path / "pack.zip"
        path.write_bytes(content)

        assert verify_pack(content, pins).result is Result.INVALID
        assert run("pack", path, pins_path)[0] == 1, name


def test_both_refuse_a_use_after_the_withdrawal(
    write: Write, story: list[Record], pins: Pins, pins_path: Path, tmp_path: Path
) -> None:
    """The replay of the product and that of the script find no live consent."""
    enrolled, requested, approved, intended, delivered, withdrawn = story
    use = replace(intended, terms=replace(intended.terms, consent_version=3))
    end = replace(delivered, terms=replace(delivered.terms, intended="evt_4"))
    content = assemble_pack(write([enrolled, requested, approved, withdrawn, use, end]))
    path = tmp_path / "pack.zip"
    path.write_bytes(content)

    assert verify_pack(content, pins).result is Result.INVALID
    code, words = run("pack", path, pins_path)
    assert (code, words) == (1, "INVALID Invalid a use without a live consent")


@pytest.fixture
async def exported(
    database: Database, keys: dict[str, FileKey], refused_story: list[Record], tmp_path: Path
) -> Path:
    """The public files of a real ledger with 300 entries."""
    settings = LedgerSettings(origin="log.example/creditbridge")
    ledger = Ledger(
        settings,
        receipt_signer=keys["receipt"],
        opening_keys=OpeningKeys(current=name_opening_key(bytes(32))),
        node_id="nod_1",
    )
    async with database.transaction() as tx:
        for _ in range(ENTRIES):
            await ledger.record(tx, refused_story[0])
    await Sequencer(database, settings, log_signer=keys["log"]).run_once()
    async with database.transaction() as tx:
        note = await publication.find_checkpoint(tx) or ""
        for address in tiles_of(ENTRIES):
            path = tmp_path / format_path(address)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(await publication.find_tile(tx, address) or b"")
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    return tmp_path


async def test_the_script_derives_our_root_from_our_tiles(
    exported: Path, keys: dict[str, FileKey]
) -> None:
    """Two tiles of leaves, two bundles, one tile above; then one changed byte."""
    vkey = note_key("log.example/creditbridge", keys["log"].key).format()
    assert run("log", exported, vkey) == (0, "")

    bundle = exported / "tile" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")

    assert run("log", exported, vkey)[0] == 1


def test_kinds_that_end_a_report_are_those_of_the_script() -> None:
    """A kind that the product adds must be added there."""
    source = SCRIPT.read_text("utf-8")

    for kind in (EventKind.REPORT_DELIVERED, EventKind.REPORT_FAILED, EventKind.REPORT_REFUSED):
        assert f'"{kind}"' in source
