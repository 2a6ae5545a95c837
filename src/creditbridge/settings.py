"""The settings: one TOML file, typed whole; unknown keys are errors with their path.

Paths are relative to the file. `DATABASE_URL` in the environment wins over the file, so that a
password need not stand in it.
"""

import os
from pathlib import Path

import msgspec

from creditbridge.foundation.errors import CreditbridgeError

CONFIGURATION_BYTES_MAX = 65_536


class SettingsInvalid(CreditbridgeError):
    """The configuration cannot be used; `detail` names every key at fault."""

    code = "settings-invalid"
    message = "The configuration cannot be used; start is refused."


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts of the settings share: frozen, and closed to unknown keys."""


class DoorSettings(Section):
    """Where a door listens, and with which certificate; `url` is what callers were told."""

    port: int
    url: str
    certificate: Path
    key: Path
    host: str = "127.0.0.1"
    client_authority: Path | None = None


class OperationsSettings(Section):
    """The operations door: loopback only, so it has no certificate."""

    port: int
    host: str = "127.0.0.1"


class Doors(Section):
    """The three doors."""

    bank: DoorSettings
    people: DoorSettings
    operations: OperationsSettings


class KeyFiles(Section):
    """The private keys, one purpose each, and the secrets at rest (32 bytes each)."""

    ledger: Path
    receipt: Path
    message: Path
    consent: Path
    seal: Path
    login: Path
    openings: Path
    bodies: Path
    records: Path


class DatabaseSettings(Section):
    """An embedded PostgreSQL in `folder`, or any other by `url`."""

    folder: Path = Path("database")
    url: str | None = None


class LedgerSettings(Section):
    """The log's name (C2SP tlog-checkpoint: a URL without scheme) and its promise."""

    origin: str
    include_within_seconds: int = 60


class IdentitySettings(Section):
    """The OpenID Connect provider through which people sign in."""

    issuer: str
    authority: Path
    client_id: str


class PlatformSettings(Section):
    """One upstream platform: where it is, who we are there, and its pinned key."""

    dialect: str
    base_url: str
    authority: Path
    client_certificate: Path
    client_key: Path
    client_id: str
    login_key: Path
    answer_key: Path
    answer_key_id: str


class ReportSettings(Section):
    """What one report may take."""

    deadline_seconds: float = 10.0
    body_minutes: int = 5
    in_flight_max: int = 32


class Settings(Section):
    """Everything a gateway is told."""

    doors: Doors
    keys: KeyFiles
    ledger: LedgerSettings
    identity: IdentitySettings
    platforms: dict[str, PlatformSettings]
    database: DatabaseSettings = DatabaseSettings()
    reports: ReportSettings = ReportSettings()
    workers: int = 1
    folder: Path = Path()

    def locate(self, path: Path) -> Path:
        """Return where a configured path lies: relative to the configuration file."""
        return self.folder / path


def read_settings(path: Path) -> Settings:
    """Return the settings that a TOML file holds.

    Raises:
        SettingsInvalid: unreadable, too large, unknown key, missing key, wrong type.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(detail=f"{path}: {error.strerror}") from error
    if len(raw) > CONFIGURATION_BYTES_MAX:
        raise SettingsInvalid(detail=f"{path}: over {CONFIGURATION_BYTES_MAX} bytes")
    try:
        settings = msgspec.toml.decode(raw, type=Settings, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(detail=f"{path}: {error}") from error
    database = settings.database
    if url := os.environ.get("DATABASE_URL"):
        database = msgspec.structs.replace(database, url=url)
    settings = msgspec.structs.replace(settings, folder=path.resolve().parent, database=database)
    if problems := list_problems(settings):
        raise SettingsInvalid(detail="; ".join(problems))
    return settings


def list_problems(settings: Settings) -> list[str]:
    """Return every reason not to start with these settings, in words an operator can act on."""
    problems = [
        f"platforms.{name}.base_url: must be https"
        for name, platform in settings.platforms.items()
        if not platform.base_url.startswith("https://")
    ]
    if not settings.platforms:
        problems.append("platforms: at least one is needed")
    if not settings.identity.issuer.startswith("https://"):
        problems.append("identity.issuer: must be https")
    if settings.doors.bank.client_authority is None:
        problems.append("doors.bank.client_authority: the bank door asks for certificates")
    if settings.workers < 1:
        problems.append("workers: at least 1")
    return problems
