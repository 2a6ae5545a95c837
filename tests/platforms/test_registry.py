"""Which dialects there are, and what a platform is built of."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.keys import FileKey, KeyUnusable
from creditbridge.platforms.registry import DIALECTS, DialectUnknown, Tools, open_platform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import HttpDoor
from creditbridge.profile.codes import SectionCode

SOURCE = Path(__file__).parents[2]


@pytest.fixture
def tools(province: HttpDoor, gateway: FileKey, clock: Clock) -> Tools:
    """What every dialect is built with."""
    return Tools(http=province, signer=gateway, clock=clock, record_key=b"r" * 32)


SUPPLIED = "REG PEN LST EVA PSN LIC ABN JUD TAX SOC"


def test_a_platform_is_opened_with_its_pinned_keys(
    platform_settings: PlatformSettings, tools: Tools, gateway: FileKey
) -> None:
    """Keys are read from their files under the names in the settings."""
    public = gateway.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    platform_settings.answer_keys["platform-1"].write_bytes(pem)

    platform = open_platform(platform_settings, tools)

    assert platform.platform_id == "provincial"
    assert platform.sections == {SectionCode(code) for code in SUPPLIED.split()}


def test_a_key_that_cannot_be_read_stops_the_start(
    platform_settings: PlatformSettings, tools: Tools
) -> None:
    """Absent, or no key."""
    with pytest.raises(KeyUnusable):
        open_platform(platform_settings, tools)

    platform_settings.answer_keys["platform-1"].write_bytes(b"no key")
    with pytest.raises(KeyUnusable):
        open_platform(platform_settings, tools)


def test_a_short_record_key_stops_the_start(
    platform_settings: PlatformSettings, tools: Tools
) -> None:
    """Ids of records are keyed, with 32 bytes at least."""
    with pytest.raises(KeyUnusable):
        open_platform(platform_settings, replace(tools, record_key=b"r" * 31))


def test_an_unknown_dialect_stops_the_start(
    platform_settings: PlatformSettings, tools: Tools
) -> None:
    """With the names of those that are known."""
    with pytest.raises(DialectUnknown) as caught:
        open_platform(replace(platform_settings, dialect="klingon"), tools)

    assert caught.value.detail == "known are national, provincial"


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_a_dialect_is_one_folder_and_one_contract(dialect: str) -> None:
    """The folder beside the registry, and the folder in the contracts."""
    folder = SOURCE / "src/creditbridge/platforms" / dialect
    for word in ("query", "mapping", "schema"):
        # What outgrows a file becomes a folder of the same name.
        assert (folder / f"{word}.py").is_file() or (folder / word / "__init__.py").is_file()
    for file in ("README.md", "messages.schema.json"):
        assert (SOURCE / "contracts/platforms" / dialect / file).is_file()
