"""`creditbridge keys`: the next key is laid down, the retired ones are forgotten."""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from creditbridge.cli import keys, main
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.key_files import list_ring_files, open_ring, read_ring_key
from creditbridge.foundation.key_making import encode_private, make_private_key, put_key_file
from creditbridge.foundation.key_rings import KeyPurpose
from creditbridge.foundation.keys import parse_public_key

LATER = "2031-02-03T04:05:06Z"


class FakeDoor(Protocol):
    """The operations door of `conftest`."""

    status: int
    body: object
    port: int


@pytest.fixture
def config(folder: Path, door: FakeDoor) -> Path:
    """The configuration of a gateway whose operations door answers."""
    file = folder / "creditbridge.toml"
    operations = f"[doors.operations]\nport = {door.port}"
    file.write_text(file.read_text().replace("[doors.operations]\nport = 0", operations))
    return file


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a gateway that will not answer."""
    monkeypatch.setattr(keys, "LOOK_SECONDS", 0.0)


def run(config: Path, *words: str) -> int:
    """Run a command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(("keys", "--config", str(config), *words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def show(key_id: str, *, retired: bool = False) -> dict[str, object]:
    """A key as the door shows it."""
    return {
        "purpose": "seal",
        "kid": key_id,
        "alg": "ES256",
        "use_from": "2026-03-01T12:00:00Z",
        "retired_at": "2026-03-01T13:00:00Z" if retired else None,
    }


def answer(*shown: dict[str, object]) -> dict[str, object]:
    """What the door answers."""
    return {"now": "2026-03-01T12:00:00Z", "keys": shown}


def read_told(capsys: pytest.CaptureFixture[str]) -> dict[str, str | None]:
    """What the command printed."""
    return msgspec.json.decode(capsys.readouterr().out, type=dict[str, str | None])


def test_a_rotation_lays_the_next_key_beside_the_first(
    config: Path, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the same algorithm, with its public half for whoever must know it; at once unless told."""
    door.body = answer()
    before = SystemClock().now()

    assert run(config, "rotate", "--purpose", "seal") == 0

    told = read_told(capsys)
    first, later = list_ring_files(config.with_name("seal.key"))
    assert told == {
        "purpose": "seal",
        "kid": told["kid"],
        "alg": "ES256",
        "file": str(later.path),
        "use_from": None,
    }
    key = read_ring_key(KeyPurpose.SEAL, later.path)
    assert key is not None
    assert key.key == parse_public_key(later.path.with_suffix(".pub").read_bytes())
    assert key.key.key_id == told["kid"]
    assert first.path == config.with_name("seal.key")
    assert later.not_before is not None
    # The name has whole seconds.
    assert abs(later.not_before - before) <= timedelta(minutes=1)


def test_a_rotation_says_from_when_on_the_key_signs(
    config: Path,
    door: FakeDoor,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As soon as a gateway has announced it."""
    private = make_private_key("EdDSA")
    monkeypatch.setattr(keys, "make_private_key", lambda _: private)
    put_key_file(config.with_name("x.key"), encode_private(private))
    laid = read_ring_key(KeyPurpose.SEAL, config.with_name("x.key"))
    assert laid is not None
    door.body = answer(show(laid.key.key_id))

    words = ("rotate", "--purpose", "ledger", "--algorithm", "EdDSA", "--from", LATER)
    assert run(config, *words) == 0

    told = read_told(capsys)
    assert told["use_from"] == "2026-03-01T12:00:00Z"
    assert told["file"] == str(config.with_name("ledger.20310203T040506Z.key"))
    assert run(config, *words) == 1
    assert "is there already" in capsys.readouterr().err


def test_a_rotation_needs_no_gateway(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next one that runs announces the key; here one that others were told of before."""
    config.write_text(config.read_text().replace("port = ", "port = 1 # "))
    known = config.with_name("known.key")
    put_key_file(known, encode_private(make_private_key("EdDSA")))

    assert run(config, "rotate", "--purpose", "message", "--key", str(known)) == 0

    printed = capsys.readouterr()
    told = msgspec.json.decode(printed.out, type=dict[str, str | None])
    assert (told["alg"], told["use_from"]) == ("EdDSA", None)
    assert Path(told["file"] or "").read_bytes() == known.read_bytes()
    assert "announced when it runs" in printed.err


def test_a_lost_key_signs_nothing_more(
    config: Path, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its public half stays, and the fresh key is the only one that is held."""
    door.body = answer()
    first = config.with_name("seal.key")
    ring = open_ring(KeyPurpose.SEAL, first, SystemClock())
    lost = ring.current().key

    assert run(config, "rotate", "--purpose", "seal", "--lost") == 0

    told = read_told(capsys)
    ring.look()
    assert read_ring_key(KeyPurpose.SEAL, first) is None
    assert [one.key.key_id for one in ring.list_new()] == [told["kid"]]
    assert lost in ring.list_known()


@pytest.mark.parametrize(
    "words",
    [
        ("--purpose", "token"),
        ("--purpose", "seal", "--algorithm", "PS256"),
        ("--purpose", "ledger", "--algorithm", "ES256"),
    ],
    ids=["not configured", "rsa", "no note"],
)
def test_a_rotation_that_cannot_be_leaves_nothing(
    words: tuple[str, ...], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A purpose without a key, an algorithm that does not sign for it."""
    before = set(config.parent.iterdir())

    assert run(config, "rotate", *words) == 1

    assert capsys.readouterr().err
    assert set(config.parent.iterdir()) == before


def test_an_instant_without_a_zone_is_refused(config: Path) -> None:
    """It would be another one on each machine."""
    assert run(config, "rotate", "--purpose", "seal", "--from", "2031-02-03T04:05:06") == 2


def test_keys_are_listed_as_the_gateway_knows_them(
    config: Path, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their times; what is no such answer is told."""
    door.body = answer(show("one", retired=True), show("two"))
    assert run(config, "list") == 0
    assert '"kid": "two"' in capsys.readouterr().out

    door.body = {"detail": "the house is closed"}
    assert run(config, "list") == 1
    assert "the house is closed" in capsys.readouterr().err


def test_of_retired_keys_the_public_half_stays(
    config: Path, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the check of the ledger still knows them; what signs is not touched."""
    first = config.with_name("seal.key")
    later = first.with_name("seal.20260301T120000Z.key")
    put_key_file(later, encode_private(make_private_key("ES256")))
    ring = open_ring(KeyPurpose.SEAL, first, SystemClock())
    old = ring.current().key
    lone = read_ring_key(KeyPurpose.CONSENT, config.with_name("consent.key"))
    assert lone is not None
    door.body = answer(show(old.key_id, retired=True), show(lone.key.key_id, retired=True))

    assert run(config, "forget") == 0

    assert msgspec.json.decode(capsys.readouterr().out) == {"forgotten": [str(first)]}
    assert read_ring_key(KeyPurpose.SEAL, first) is None
    ring.look()
    assert old in ring.list_known()
    assert ring.current().key.key_id != old.key_id
    # Without its successor this machine would have nothing to sign with.
    assert read_ring_key(KeyPurpose.CONSENT, config.with_name("consent.key")) is not None


def test_a_ring_without_a_private_key_is_refused(
    config: Path, door: FakeDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing says what the next key should be like."""
    seal = config.with_name("seal.key")
    put_key_file(seal, config.with_name("seal.pub").read_bytes())

    assert run(config, "rotate", "--purpose", "seal") == 1
    assert "no private key" in capsys.readouterr().err
