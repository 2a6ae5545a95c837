"""What the operator says of a platform."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.platforms.settings import PlatformSettings, PlatformsSettings


@pytest.mark.parametrize(
    "base_url", ["http://platform.example", "platform.example", "https://platform.example/"]
)
def test_a_platform_is_called_over_https(
    platform_settings: PlatformSettings, base_url: str
) -> None:
    """In the clear, without a scheme, or with a slash at the end: refused."""
    with pytest.raises(ValueError, match="base_url"):
        replace(platform_settings, base_url=base_url)


def test_an_unknown_key_is_an_error() -> None:
    """With its name."""
    raw = {"record_key_file": "/key", "platforms": [], "retries": 3}

    with pytest.raises(msgspec.ValidationError, match="retries"):
        msgspec.convert(raw, PlatformsSettings, dec_hook=lambda _kind, text: Path(text))
