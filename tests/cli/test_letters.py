"""`creditbridge operator letters`, `letter`, `licence --paper`: what is sent, what is shown."""

from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from creditbridge.cli import main
from creditbridge.foundation.keys import parse_public_key
from creditbridge.ledger.encoding import from_base64url
from creditbridge.parties.acts import ConfirmationAct
from creditbridge.parties.rules import message_of_act

CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
BANK = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"
OPERATOR = "opr_01hzy6t9x7c3v5n8m2k4p6q8r0"


class FakeDoor(Protocol):
    """The door of `conftest`."""

    status: int
    body: object
    asked: list[tuple[str, str, bytes]]
    port: int

    @property
    def last(self) -> dict[str, object]:
        """The members of the last body that was sent."""
        ...


def run(door: FakeDoor, *words: str) -> int:
    """Run an operator's command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(("operator", "--port", str(door.port), *words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_letters_are_listed(door: FakeDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a key: looking signs nothing."""
    door.body = {"documents": [{"consent_id": CONSENT}]}

    assert run(door, "letters") == 0

    assert CONSENT in capsys.readouterr().out
    assert door.asked == [("GET", "/documents", b"")]


def test_a_letter_is_shown_before_it_is_signed(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole, on the screen; the signature is over its version and digest."""
    door.body = {"version": 1, "artefact_digest": "d" * 43, "letter": {"signed_on": "2026-03-01"}}

    assert run(door, "letter", CONSENT, "--as", OPERATOR, "--key", str(folder / "seal.key")) == 0

    assert '"signed_on": "2026-03-01"' in capsys.readouterr().err
    act = msgspec.convert(door.last["act"], ConfirmationAct)
    assert (act.consent_id, act.version, act.artefact_digest) == (CONSENT, 1, "d" * 43)
    signature = from_base64url(str(door.last["signature"]))
    parse_public_key((folder / "seal.pub").read_bytes()).verify(signature, message_of_act(act))
    assert [(method, path) for method, path, _ in door.asked] == [
        ("GET", f"/documents/{CONSENT}"),
        ("POST", "/confirmations"),
    ]


def test_an_unknown_letter_is_not_signed(door: FakeDoor, folder: Path) -> None:
    """The problem is shown, and nothing is posted."""
    door.status, door.body = 404, {"status": 404, "code": "document-unknown"}

    assert run(door, "letter", CONSENT, "--as", OPERATOR, "--key", str(folder / "seal.key")) == 1
    assert len(door.asked) == 1


@pytest.mark.parametrize("has_paper", [True, False])
def test_a_licence_says_whether_it_has_paper(
    door: FakeDoor, folder: Path, *, has_paper: bool
) -> None:
    """Where it is not said, the body is the one from before it could be."""
    words = ["licence", BANK, "--purpose", "PRE_LOAN_REVIEW", "--section", "REG"]
    words += ["--as", OPERATOR, "--key", str(folder / "seal.key")]

    assert run(door, *words, *(["--paper"] if has_paper else [])) == 0

    body = msgspec.json.decode(from_base64url(str(door.last["body"])))
    named = {"purposes": ["PRE_LOAN_REVIEW"], "sections": ["REG"]}
    assert body["licence"] == ({**named, "paper": True} if has_paper else named)


def test_everything_holds_no_paper(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who allows letters says for what: nothing is proposed."""
    signed = ["--as", OPERATOR, "--key", str(folder / "seal.key")]

    assert run(door, "licence", BANK, "--everything", "--paper", *signed) == 1
    assert "at least one purpose" in capsys.readouterr().err
    assert door.asked == []
