"""What a start is refused for, said before and at the start; and what each command loads."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from creditbridge.cli import GROUPS, main
from creditbridge.foundation.clock import SystemClock


class Pki(Protocol):
    """The authority of the root `conftest`."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey

    def issue(self, name: str, *, days: tuple[int, int] = (-1, 30)) -> tuple[Path, Path]:
        """Return a certificate file and its key file."""
        ...


def run(*words: str) -> int:
    """Run a command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_good_configuration_is_said_to_be_good(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys and secrets included."""
    assert run("check-config", "--config", str(folder / "creditbridge.toml")) == 0
    assert "good, 1 platform(s)" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_an_unknown_key_refuses_the_start(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its path, at the check as at the start (fault 61)."""
    file = folder / "creditbridge.toml"
    file.write_text(file.read_text().replace("[database]", "[database]\ndebug = true"))

    assert run(command, "--config", str(file)) == 1
    assert "debug" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check-config", "serve"])
@pytest.mark.parametrize("name", ["seal.key", "openings.secret"])
def test_a_key_that_is_missing_refuses_the_start(
    name: str, command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is served (fault 56)."""
    (folder / name).unlink()
    file = folder / "creditbridge.toml"
    # An address that nobody has: where the check does not refuse, the start would.
    file.write_text(
        file.read_text().replace("[database]", '[database]\nurl = "postgresql://127.0.0.1:1/x"')
    )

    assert run(command, "--config", str(file)) == 1
    assert capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A stranger finds the way."""
    assert run("--help") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in GROUPS)


@pytest.mark.parametrize("words", [[], ["nothing"], ["operator"], ["verify"]])
def test_a_wrong_command_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As usual on a command line."""
    assert run(*words) == 2
    assert "usage:" in capsys.readouterr().err


def test_the_verifier_loads_nothing_of_the_gateway() -> None:
    """It runs where no database, no server and no network library is."""
    script = (
        "import sys, creditbridge.cli.verify;"
        "bad = [n for n in ('asyncpg', 'litestar', 'uvicorn', 'httpx', 'creditbridge.app',"
        " 'creditbridge.settings') if n in sys.modules];"
        "sys.exit(' '.join(bad) or 0)"
    )

    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def test_files_that_the_verifier_cannot_read_are_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Absent, or no pins: nothing was verified, so it is neither valid nor invalid."""
    pins = tmp_path / "pins.json"
    absent = run("verify", str(tmp_path / "pack.zip"), "--pins", str(pins))
    pins.write_text("{}")
    unfit = run("verify", str(tmp_path / "pack.zip"), "--pins", str(pins))

    assert (absent, unfit) == (2, 2)
    assert "cannot read" in capsys.readouterr().err


def test_what_ends_soon_is_printed_and_refuses_nothing(
    folder: Path, pki: Pki, capsys: pytest.CaptureFixture[str]
) -> None:
    """Certificates and revocation lists, by key and file; what cannot be read, at the start."""
    near, _ = pki.issue("near", days=(-1, 20))
    past, _ = pki.issue("past", days=(-3, -1))
    far, _ = pki.issue("far", days=(-1, 40))
    (folder / "door.pem").write_bytes(near.read_bytes() + far.read_bytes())
    (folder / "identity.pem").write_bytes(past.read_bytes())
    (folder / "platform.pem").write_bytes(far.read_bytes())
    for name, hours, encoding in (
        ("near.crl", 5, Encoding.PEM),
        ("far.crl", 7, Encoding.DER),
    ):
        (folder / name).write_bytes(make_list(pki, hours).public_bytes(encoding))
    (folder / "broken.crl").write_bytes(b"no list")
    file = folder / "creditbridge.toml"
    lists = '["near.crl", "far.crl", "broken.crl", "absent.crl"]'
    text = file.read_text().replace(
        'client_authority = "banks.pem"',
        f'client_authority = "banks.pem"\nrevocation_lists = {lists}\nproxies = ["identity.pem"]',
    )
    file.write_text(text)

    assert run("check-config", "--config", str(file)) == 0

    told = [line.split()[:3] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        ["doors.bank.certificate:", "certificate", "ends"],
        ["doors.people.certificate:", "certificate", "ends"],
        ["identity.authority:", "certificate", "ended"],
        ["doors.bank.proxies:", "certificate", "ended"],
        ["near.crl:", "revocation_list", "ends"],
    ]


def make_list(pki: Pki, hours: int) -> x509.CertificateRevocationList:
    """A revocation list whose next one comes so many hours from now."""
    now = SystemClock().now()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.name)
        .last_update(now)
        .next_update(now + timedelta(hours=hours))
    )
    return builder.sign(pki.key, SHA256())
