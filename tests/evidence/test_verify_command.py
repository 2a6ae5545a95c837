"""`creditbridge verify`, as a person or a script runs it."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.cli import verify
from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Step, StepState, Strength
from creditbridge.evidence.pins import PinsFile
from creditbridge.ledger.model import Record

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]

BANNED = ("asyncpg", "httpx", "litestar", "creditbridge.app", "creditbridge.foundation.database")


@pytest.fixture
def folder(pack: bytes, profile: bytes, pins_file: PinsFile, tmp_path: Path) -> Path:
    """A pack, its pins and its profile on disk."""
    (tmp_path / "pack.zip").write_bytes(pack)
    (tmp_path / "profile.json").write_bytes(profile)
    (tmp_path / "pins.json").write_bytes(msgspec.json.encode(pins_file))
    return tmp_path


def run(*words: str | Path) -> int:
    """Run the command and return its status."""
    parser = argparse.ArgumentParser()
    verify.add_arguments(parser)
    return verify.run(parser.parse_args([str(word) for word in words]))


def test_a_valid_pack_is_told_step_by_step(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mark, a number, a name, what was found, and at the right edge what it rests on."""
    status = run(
        folder / "pack.zip", "--pins", folder / "pins.json", "--profile", folder / "profile.json"
    )

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].startswith("✓  1  archive")
    assert lines[2].endswith("log-signed")
    assert all(len(line) <= verify.WIDTH for line in lines)
    assert lines[-1] == "VALID"


def test_a_changed_byte_is_told_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line names the step."""
    content = bytearray((folder / "pack.zip").read_bytes())
    content[5_000] ^= 1
    (folder / "pack.zip").write_bytes(content)

    assert run(folder / "pack.zip", "--pins", folder / "pins.json") == 1

    out = capsys.readouterr().out
    assert "✗" in out
    assert out.endswith("INVALID, step 1 (archive)\n")


def test_erased_names_are_no_failure(
    folder: Path, write: Write, story: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict says so, the status is 0."""
    material = write(story)
    erased = tuple(
        replace(one, opening=replace(one.opening, salt2=None, personal=None, erased="evt_9"))
        for one in material.entries
    )
    (folder / "pack.zip").write_bytes(assemble_pack(replace(material, entries=erased)))

    assert run(folder / "pack.zip", "--pins", folder / "pins.json") == 0
    assert capsys.readouterr().out.endswith("VALID WITH ERASED DATA\n")


@pytest.mark.parametrize("name", ["pack.zip", "pins.json", "profile.json"])
def test_files_that_cannot_be_read_are_status_2(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was verified: neither valid nor invalid."""
    (folder / name).unlink()

    status = run(
        folder / "pack.zip", "--pins", folder / "pins.json", "--profile", folder / "profile.json"
    )

    assert status == 2
    assert name in capsys.readouterr().err


def test_pins_that_cannot_be_used_are_status_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without pins there is nothing to believe."""
    (folder / "pins.json").write_bytes(b"{}")

    assert run(folder / "pack.zip", "--pins", folder / "pins.json") == 2
    assert "pins" in capsys.readouterr().err


def test_what_a_pack_says_cannot_steer_a_terminal() -> None:
    """Escapes and line feeds are shown as replaced; long words go on in lines of their own."""
    step = Step(
        number=1,
        name="archive",
        state=StepState.FAILED,
        strength=Strength.DIGEST,
        detail="\x1b[2J\n" + "x" * 200,
    )

    shown = verify.format_step(step)

    assert "\x1b" not in shown
    assert shown.startswith("✗  1  archive      \N{REPLACEMENT CHARACTER}[2J")
    assert all(len(line) <= verify.WIDTH for line in shown.split("\n"))
    assert shown.count("x") == 200


def test_the_verifier_loads_neither_network_nor_database() -> None:
    """In a clean process: the command imports nothing that could ask anybody."""
    script = (
        "import sys, creditbridge.cli.verify as command;"
        f"print([name for name in {BANNED!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own words

    assert done.stdout.strip() == "[]"
