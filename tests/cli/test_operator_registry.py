"""What an operator's command line signs and sends."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.protocols.self_signing import self_sign

from creditbridge.cli import operator
from creditbridge.foundation.keys import FileKey, load_file_key
from creditbridge.ledger.encoding import from_base64url
from creditbridge.parties.acts import ProposalAct, SuspensionAct
from creditbridge.parties.changes import KINDS
from creditbridge.parties.model import ChangeKind
from creditbridge.parties.rules import digest_body, message_of_act
from creditbridge.protocols.canonical_json import JsonValue, canonicalize

OPERATOR_ID = "opr_01hzy6t9x7c3v5n8m2k4p6q8r0"
BANK_ID = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"


class Signed(msgspec.Struct):
    """A signed proposal as it goes to the door."""

    act: ProposalAct
    body: str
    signature: str


class SignedEnd(msgspec.Struct):
    """A signed suspension as it goes to the door."""

    act: SuspensionAct
    signature: str


class FakeDoor:
    """The operations door: keeps what it was sent, answers as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []
        self.answer: Mapping[str, object] = {"state": "fine"}

    def call(self, port: int, method: str, path: str, body: object = None) -> Mapping[str, object]:
        self.sent.append((method, path, msgspec.json.encode(body)))
        return self.answer


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> FakeDoor:
    """The door that the command line reaches."""
    fake = FakeDoor()
    monkeypatch.setattr(operator, "call_json", fake.call)
    return fake


@pytest.fixture
def key(tmp_path: Path) -> FileKey:
    """The operator's key, in a file of their own, with its public half beside."""
    private = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "operator.key"
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key()
    (tmp_path / "operator.pub").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return load_file_key(path)


def run(folder: Path, *words: str) -> int:
    """Run `creditbridge operator` as one operator."""
    parser = ArgumentParser()
    operator.add_arguments(parser)
    signing = ("--as", OPERATOR_ID, "--key", str(folder / "operator.key"))
    return operator.run(parser.parse_args([*words, *signing]))


COMMANDS: dict[ChangeKind, tuple[str, ...]] = {
    ChangeKind.CLIENT_KEYS: ("client", "keys", "one-core", "--end", "a", "--add", "operator.pub"),
    ChangeKind.CLIENT_CERTIFICATE: (
        *("client", "certificate", "one-core"),
        *("--kind", "san_dns", "--value", "new.example"),
    ),
    ChangeKind.CLIENT_SELF_SIGNED: (
        *("client", "self-signed", "one-core"),
        *("--add", "own.pem", "--end", "A" * 43),
    ),
    ChangeKind.CLIENT_CONSTRAINT: ("client", "constraint", "one-core", "--to", "DPOP"),
    ChangeKind.CLIENT_REDIRECTS: (
        *("client", "redirects", "one-core"),
        *("--uri", "https://a.example/callback", "--uri", "https://b.example/callback"),
    ),
    ChangeKind.CLIENT_ENDING: ("client", "end", "one-core"),
    ChangeKind.CLIENT_REGISTRATION: ("client", "register", "client.json"),
    ChangeKind.BANK_RESUMPTION: ("resume", BANK_ID),
    ChangeKind.BANK_LICENCE: (
        *("licence", BANK_ID),
        *("--purpose", "PRE_LOAN_REVIEW", "--section", "REG", "--section", "PEN"),
    ),
    ChangeKind.CONSENT_POLICY: ("policy", "policy.json"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_each_command_proposes_what_the_gateway_reads(
    kind: ChangeKind,
    door: FakeDoor,
    key: FileKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kind, canonical body and signature fit each other."""
    monkeypatch.chdir(tmp_path)
    client: dict[str, JsonValue] = {
        "client_id": "one-third",
        "matcher": {"kind": "san_dns", "value": "third.example"},
        "scopes": ["reports"],
        "requires_signature": False,
        "keys": [],
    }
    file = canonicalize({"bank_id": BANK_ID, "client": client})
    (tmp_path / "client.json").write_bytes(msgspec.json.format(file))
    (tmp_path / "policy.json").write_bytes(b'{"v":1,"version":2,"lapse_days":7,"purposes":{}}')
    (tmp_path / "own.pem").write_bytes(self_sign("one-core").pem)

    assert run(tmp_path, *COMMANDS[kind]) == 0

    ((method, path, raw),) = door.sent
    signed = msgspec.json.decode(raw, type=Signed)
    body = from_base64url(signed.body)
    assert (method, path, signed.act.kind) == ("POST", "/changes", kind)
    assert signed.act.body_digest == digest_body(body)
    KINDS[kind].read(body)
    key.key.verify(from_base64url(signed.signature), message_of_act(signed.act))


def test_A7_a_file_without_a_certificate_is_told(
    door: FakeDoor, key: FileKey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its name; nothing is sent."""
    (tmp_path / "own.pem").write_text("no certificate")
    words = ("client", "self-signed", "one-core", "--add", str(tmp_path / "own.pem"))

    assert run(tmp_path, *words) == 1

    assert "own.pem" in capsys.readouterr().err
    assert door.sent == []


def test_a_suspension_is_signed_and_sent_at_once(
    door: FakeDoor, key: FileKey, tmp_path: Path
) -> None:
    """No proposal: one person is enough."""
    assert run(tmp_path, "suspend", BANK_ID) == 0

    ((method, path, raw),) = door.sent
    signed = msgspec.json.decode(raw, type=SignedEnd)
    assert (method, path, signed.act.bank_id) == ("POST", "/suspensions", BANK_ID)
    key.key.verify(from_base64url(signed.signature), message_of_act(signed.act))


def test_clients_are_shown_to_whoever_is_here(
    door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look needs no signature; a refusal is a status of its own."""
    parser = ArgumentParser()
    operator.add_arguments(parser)
    shown = operator.run(parser.parse_args(["clients", BANK_ID]))
    door.answer = {"status": 404, "code": "bank-unknown"}
    refused = operator.run(parser.parse_args(["clients", BANK_ID]))

    assert (shown, refused) == (0, 1)
    assert [path for _, path, _ in door.sent] == [f"/banks/{BANK_ID}/clients"] * 2
    assert "bank-unknown" in capsys.readouterr().out


@pytest.mark.usefixtures("key")
def test_the_approver_sees_kind_and_body(
    door: FakeDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bodies of two kinds may look alike; the word says what is about to happen."""
    door.answer = {"kind": "CLIENT_ENDING", "body": "eyJhIjoxfQ", "digest": "d"}

    assert run(tmp_path, "approve", "chg_1") == 0

    shown = capsys.readouterr().err
    assert shown.startswith("CLIENT_ENDING")
    assert '"a": 1' in shown
