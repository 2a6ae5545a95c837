"""What the naive gateway is told: one JSON file, written by the benchmark."""

from pathlib import Path

import msgspec


class NaiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and key files; the names of the keys are those that their owners use."""

    port: int
    database_url: str
    certificate: str
    key: str
    client_authority: str
    platform_url: str
    platform_authority: str
    platform_certificate: str
    platform_certificate_key: str
    platform_client_id: str
    platform_id: str
    message_key: str
    platform_key: str
    platform_key_id: str
    bank_key: str


def read_settings(path: Path) -> NaiveSettings:
    """Return the settings of a file."""
    return msgspec.json.decode(path.read_bytes(), type=NaiveSettings)
