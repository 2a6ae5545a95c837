"""The settings: typed whole, closed to unknown keys, refused with every reason at once."""

from pathlib import Path

import pytest

from creditbridge.settings import SettingsInvalid, read_settings

GOOD = """\
[doors.bank]
port = 8443
url = "https://bank.gateway.example"
certificate = "door.pem"
key = "/etc/door.key"
client_authority = "banks.pem"

[doors.people]
port = 8444
url = "https://gateway.example"
certificate = "door.pem"
key = "door.key"

[doors.operations]
port = 8480

[keys]
ledger = "k"
receipt = "k"
message = "k"
consent = "k"
seal = "k"
login = "k"
openings = "k"
bodies = "k"
records = "k"

[database]
folder = "database"

[ledger]
origin = "gateway.example/log"

[identity]
issuer = "https://id.example"
authority = "identity.pem"
client_id = "creditbridge"

[[platforms]]
platform_id = "provincial"
base_url = "https://platform.example"
client_id = "creditbridge"
ca_file = "platform.pem"
client_certificate_file = "client.pem"
client_key_file = "client.key"
answer_keys = { "provincial-1" = "message.pub" }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good configuration, and no environment."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / "creditbridge.toml"
    file.write_text(GOOD)
    return file


def test_a_good_file_is_read_whole(file: Path) -> None:
    """Paths are relative to the file; what is not named has its default."""
    settings = read_settings(file)

    assert settings.doors.bank.certificate == file.parent / "door.pem"
    assert settings.doors.bank.key == Path("/etc/door.key")
    assert settings.platforms[0].answer_keys == {"provincial-1": file.parent / "message.pub"}
    assert settings.database.url is None
    assert (settings.workers, settings.reports.deadline_seconds) == (1, 10.0)
    assert (settings.reports.in_flight_max, settings.admission.body_minutes) == (32, 10)
    assert settings.doors.operations.host == "127.0.0.1"


def test_the_environment_wins_for_the_databases_address(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a password need not stand in a file."""
    file.write_text(GOOD.replace("[database]", '[database]\nurl = "postgresql://file/x"'))
    assert read_settings(file).database.url == "postgresql://file/x"

    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/x")
    assert read_settings(file).database.url == "postgresql://environment/x"


def limit(name: str, quota: int) -> str:
    """Return a limit of clients as a table."""
    return f'[[admission.policies]]\nname = "{name}"\nquota = {quota}\nwindow_seconds = 60\n'


REFUSED = {
    "unknown-key": (("[database]", "[database]\ndebug = true"), "debug"),
    "unknown-table": (("[database]", "[debugging]\nx = 1\n[database]"), "debugging"),
    "missing-key": (('client_id = "creditbridge"\n\n[[', "\n[["), "client_id"),
    "loopback": (("[ledger]", "[key_fetch]\nallows_loopback = true\n[ledger]"), "key_fetch"),
    "wrong-type": (("port = 8443", 'port = "8443"'), "port"),
    "plain-bank": (("https://bank.gateway", "http://bank.gateway"), "doors.bank.url"),
    "slash": (("https://gateway.example", "https://gateway.example/"), "doors.people.url"),
    "plain-identity": (("https://id.example", "http://id.example"), "identity.issuer"),
    "plain-platform": (("https://platform", "http://platform"), "base_url"),
    "no-authority": (('client_authority = "banks.pem"\n', ""), "client_authority"),
    "deadline": (("[ledger]", "[reports]\ndeadline_seconds = 46\n[ledger]"), "deadline_seconds"),
    "limit-name": (("[ledger]", limit("Bank", 1) + "[ledger]"), "admission.policies"),
    "limit-quota": (("[ledger]", limit("bank", 0) + "[ledger]"), "admission.policies"),
    "limits-of-one-name": (
        ("[ledger]", limit("bank", 1) + limit("bank", 2) + "[ledger]"),
        "admission.policies",
    ),
    "workers": (("[doors.bank]", "workers = 0\n[doors.bank]"), "workers"),
    "no-toml": (("[doors.bank]", "[doors.bank"), ""),
}


def test_limits_are_replaced_as_a_whole(file: Path) -> None:
    """Those of the file, or none; else a minute's."""
    assert [policy.name for policy in read_settings(file).admission.policies] == ["bank"]

    file.write_text(GOOD + limit("day", 9))
    assert [policy.quota for policy in read_settings(file).admission.policies] == [9]

    file.write_text(GOOD + "[admission]\npolicies = []\n")
    assert read_settings(file).admission.policies == ()


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_good_refuses_the_start(case: str, file: Path) -> None:
    """The detail names file and key, so that an operator finds it."""
    (old, new), named = REFUSED[case]
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))

    with pytest.raises(SettingsInvalid) as caught:
        read_settings(file)

    assert named in caught.value.detail


def test_every_reason_is_told_at_once(file: Path) -> None:
    """Nobody starts five times to learn of five faults."""
    platforms = GOOD.index("[[platforms]]")
    file.write_text("platforms = []\n" + GOOD[:platforms].replace("https://", "http://"))

    with pytest.raises(SettingsInvalid) as caught:
        read_settings(file)

    told = caught.value.detail
    assert all(
        word in told for word in ("platforms", "identity.issuer", "doors.bank.url", "doors.people")
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"#" * 65_537])
def test_a_file_that_cannot_be_read_refuses_the_start(content: bytes | None, file: Path) -> None:
    """Absent, no UTF-8, or larger than any configuration."""
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)

    with pytest.raises(SettingsInvalid):
        read_settings(file)
