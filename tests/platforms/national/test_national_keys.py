"""The keys of the SM suite as an operator gives them, and how a start is refused without them."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.platforms.conftest import HandClock
from tests.platforms.national.conftest import OURS, THEIRS
from tests.sm2 import private_pem, public_pem

from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import KeyUnusable, Signer
from creditbridge.foundation.libcrypto import Libcrypto, LibcryptoUnusable
from creditbridge.platforms.national import keys as national_keys
from creditbridge.platforms.national.keys import list_pinned, open_keys
from creditbridge.platforms.registry import Tools, open_platform
from creditbridge.platforms.settings import PlatformSettings, Sm2Settings


class NoSigners:
    """Nobody signs HTTP messages for this dialect."""

    def current(self) -> Signer:
        raise AssertionError


class NoDoor:
    """Nothing is sent at a start."""

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        raise AssertionError(request, timeout_seconds)


@pytest.fixture
def settings(tmp_path: Path) -> PlatformSettings:
    """A platform with its files."""
    for name, number in (("sign.key", 1_000_003), ("read.key", 1_000_033)):
        (tmp_path / name).write_bytes(private_pem(number))
        (tmp_path / name).chmod(0o600)
    (tmp_path / "theirs.pem").write_bytes(public_pem(2_000_029))
    (tmp_path / "answers.pem").write_bytes(public_pem(2_000_003))
    (tmp_path / "former.pem").write_bytes(public_pem(4_000_037))
    return PlatformSettings(
        platform_id="national",
        dialect="national",
        base_url="https://national.example",
        client_id="creditbridge",
        answer_keys={"national-1": tmp_path / "answers.pem"},
        ca_file=tmp_path / "ca.pem",
        client_certificate_file=tmp_path / "client.pem",
        client_key_file=tmp_path / "client.key",
        sm2=Sm2Settings(
            signing_key=tmp_path / "sign.key",
            decryption_key=tmp_path / "read.key",
            platform_key=tmp_path / "theirs.pem",
            former_keys=(tmp_path / "former.pem",),
        ),
    )


@pytest.fixture
def tools(clock: HandClock) -> Tools:
    """What every dialect is built with."""
    return Tools(http=NoDoor(), signer=NoSigners(), clock=clock, record_key=b"r" * 32)


def test_the_platform_is_opened_with_its_keys(settings: PlatformSettings, tools: Tools) -> None:
    """Two of ours, two of theirs; the registry knows the dialect."""
    keys = open_keys(settings)

    assert keys.signer.key.key_id == OURS.key.key_id
    assert keys.answer_keys["national-1"].spki == THEIRS.key.spki
    assert open_platform(settings, tools).platform_id == "national"


def test_a_verifier_is_told_of_former_keys_as_well(settings: PlatformSettings) -> None:
    """Packs of then name them."""
    pinned = list_pinned(settings)

    ours, former = pinned.queries
    assert ours.spki == OURS.key.spki != former.spki
    assert [key.spki for key in pinned.answers] == [THEIRS.key.spki]


@pytest.mark.parametrize("name", ["sign.key", "read.key", "theirs.pem", "answers.pem"])
@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_key_that_cannot_be_used_stops_the_start(
    name: str, content: bytes | None, settings: PlatformSettings, tmp_path: Path
) -> None:
    """Absent or no key; the detail names the file."""
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(KeyUnusable) as raised:
        open_keys(settings)

    assert name in raised.value.detail


def test_a_private_key_that_others_can_read_stops_the_start(
    settings: PlatformSettings, tmp_path: Path
) -> None:
    """As every private key of the house."""
    (tmp_path / "sign.key").chmod(0o644)

    with pytest.raises(KeyUnusable):
        open_keys(settings)


def test_the_dialect_needs_its_table(settings: PlatformSettings) -> None:
    """The detail says which."""
    with pytest.raises(KeyUnusable) as raised:
        open_keys(replace(settings, sm2=None))

    assert "needs `sm2`" in raised.value.detail


def test_a_failed_self_test_stops_the_start_and_says_what_to_do(
    settings: PlatformSettings, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 56: the system's library does not compute what the standard prints."""

    def refuse(path: str | None = None) -> Libcrypto:
        raise LibcryptoUnusable(detail=f"self-test: {path}")

    monkeypatch.setattr(national_keys, "open_sm2", refuse)
    national_keys._open_library.cache_clear()  # noqa: SLF001 -- the start of a process

    with pytest.raises(LibcryptoUnusable) as raised:
        open_platform(settings, tools)

    assert "libssl3" in raised.value.message
