"""The operators' commands: what they sign and send, and what they say."""

from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from creditbridge.cli import main
from creditbridge.cli.operations import DoorUnavailable, call, call_json
from creditbridge.foundation.keys import parse_public_key
from creditbridge.ledger.encoding import from_base64url, to_base64url
from creditbridge.parties.acts import ApprovalAct, ProposalAct
from creditbridge.parties.rules import digest_body, message_of_act

CHANGE = "chg_01hzy6t9x7c3v5n8m2k4p6q8r0"
OPERATOR = "opr_01hzy6t9x7c3v5n8m2k4p6q8r0"
PROBLEM = {"status": 403, "code": "house-opened", "detail": "Enrolled already."}


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


def run(*words: str) -> int:
    """Run a command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_call_returns_status_and_body(door: FakeDoor) -> None:
    """Whatever the status is."""
    door.status, door.body = 409, {"violations": [1]}

    assert call(door.port, "GET", "/ledger/check") == (409, b'{"violations":[1]}')
    assert door.asked == [("GET", "/ledger/check", b"")]


def test_nobody_at_the_door_is_said_so(door: FakeDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: a sentence, and exit status 1."""
    with pytest.raises(DoorUnavailable):
        call(1, "GET", "/livez")

    assert run("ledger", "--port", "1", "check") == 1
    assert "is it running on this machine?" in capsys.readouterr().err
    assert door.asked == []


def test_another_programs_answer_is_none(door: FakeDoor) -> None:
    """Something else listens on the port."""
    door.body = b"<html>"

    with pytest.raises(DoorUnavailable):
        call_json(door.port, "GET", "/changes/x")


def test_two_operators_are_enrolled_by_their_public_keys(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names and JWKs go out; nothing of a private key does."""
    door.status, door.body = 201, {"operators": []}
    keys = [str(folder / "seal.pub"), str(folder / "login.pub")]
    who = ["--operator", "Chen", keys[0], "--operator", "Zhao", keys[1]]

    assert run("operator", "--port", str(door.port), "enrol", *who) == 0

    operators = msgspec.convert(door.last["operators"], list[dict[str, object]])
    assert [one["person_name"] for one in operators] == ["Chen", "Zhao"]
    assert operators[0]["key"] == parse_public_key((folder / "seal.pub").read_bytes()).to_jwk()
    assert b'"d"' not in door.asked[0][2]
    assert '"operators": []' in capsys.readouterr().out


def test_a_refusal_is_shown_and_exits_1(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The problem's own words (RFC 9457)."""
    door.status, door.body = 403, PROBLEM
    who = ["--operator", "Chen", str(folder / "seal.pub")]

    assert run("operator", "--port", str(door.port), "enrol", *who) == 1
    assert "house-opened" in capsys.readouterr().out


def test_a_proposal_is_signed_over_its_canonical_body(door: FakeDoor, folder: Path) -> None:
    """Whatever spelling the file has, what is signed is RFC 8785."""
    door.status, door.body = 201, {"change_id": CHANGE}
    file = folder / "bank.json"
    file.write_text('{ "uscc": "91330104YY0000A13Q",\n  "legal_name": "North" }')
    who = ["--as", OPERATOR, "--key", str(folder / "seal.key")]

    assert run("operator", "--port", str(door.port), "propose", str(file), *who) == 0

    body = from_base64url(str(door.last["body"]))
    act = msgspec.convert(door.last["act"], ProposalAct)
    assert body == b'{"legal_name":"North","uscc":"91330104YY0000A13Q"}'
    assert (act.operator_id, act.body_digest) == (OPERATOR, digest_body(body))
    signature = from_base64url(str(door.last["signature"]))
    parse_public_key((folder / "seal.pub").read_bytes()).verify(signature, message_of_act(act))


def test_a_change_is_shown_before_it_is_signed(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its body stands on the screen; the signature is over its digest."""
    door.body = {
        "change_id": CHANGE,
        "kind": "BANK_ONBOARDING",
        "digest": "d" * 43,
        "body": to_base64url(b'{"legal_name":"N"}'),
    }
    who = ["--as", OPERATOR, "--key", str(folder / "login.key")]

    assert run("operator", "--port", str(door.port), "approve", CHANGE, *who) == 0

    assert '"legal_name": "N"' in capsys.readouterr().err
    act = msgspec.convert(door.last["act"], ApprovalAct)
    assert (act.change_id, act.change_digest) == (CHANGE, "d" * 43)
    signature = from_base64url(str(door.last["signature"]))
    parse_public_key((folder / "login.pub").read_bytes()).verify(signature, message_of_act(act))
    assert [(method, path) for method, path, _ in door.asked] == [
        ("GET", f"/changes/{CHANGE}"),
        ("POST", "/approvals"),
    ]


def test_an_unknown_change_is_not_signed(door: FakeDoor, folder: Path) -> None:
    """The problem is shown, and nothing is posted."""
    door.status, door.body = 404, {"status": 404, "code": "change-unknown"}
    who = ["--as", OPERATOR, "--key", str(folder / "login.key")]

    assert run("operator", "--port", str(door.port), "approve", CHANGE, *who) == 1
    assert len(door.asked) == 1


@pytest.mark.parametrize("content", [None, "{", '{"a":1,"a":2}'])
def test_a_file_that_cannot_be_read_is_said_so(
    content: str | None, door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Absent, no JSON, a name twice: a sentence and exit status 1, nothing is sent."""
    file = folder / "bank.json"
    if content is not None:
        file.write_text(content)
    who = ["--as", OPERATOR, "--key", str(folder / "seal.key")]

    assert run("operator", "--port", str(door.port), "propose", str(file), *who) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert door.asked == []


def test_a_key_that_others_may_read_signs_nothing(
    door: FakeDoor, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator is told how to mend it."""
    (folder / "bank.json").write_text("{}")
    (folder / "seal.key").chmod(0o644)
    who = ["--as", OPERATOR, "--key", str(folder / "seal.key")]

    assert (
        run("operator", "--port", str(door.port), "propose", str(folder / "bank.json"), *who) == 1
    )
    assert "chmod 600" in capsys.readouterr().err
    assert door.asked == []


@pytest.mark.parametrize(("status", "ended"), [(200, 0), (409, 1), (503, 1)])
def test_a_violation_shows_in_the_exit_status(
    status: int, ended: int, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cron job without a parser notices."""
    door.status, door.body = status, {"violations": []}

    assert run("ledger", "--port", str(door.port), "check") == ended
    assert capsys.readouterr().out == '{"violations":[]}\n'


def test_pins_are_printed_as_they_came(door: FakeDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """Ready to be written to a file."""
    door.body = {"v": 1}

    assert run("ledger", "--port", str(door.port), "pins", "--bank", "bnk_1") == 0
    assert door.asked[0][:2] == ("GET", "/pins/bnk_1")
    assert capsys.readouterr().out == '{"v":1}\n'
