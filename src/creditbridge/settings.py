"""The settings: one TOML file, typed whole; unknown keys are errors with their path.

Paths are relative to the file. `DATABASE_URL` in the environment wins over the file, so that a
password need not stand in it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from creditbridge.admission.settings import AdmissionSettings
from creditbridge.consents.settings import ConsentSettings
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.key_files import open_ring, open_token_ring
from creditbridge.foundation.key_rings import KeyPurpose, KeyRing
from creditbridge.foundation.keys import FileKey
from creditbridge.foundation.mail import MailSettings
from creditbridge.foundation.rsa_keys import JoseFileKey
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.login.passkeys.settings import PasskeySettings
from creditbridge.parties.settings import KeyFetchSettings
from creditbridge.platforms.settings import PlatformSettings

CONFIGURATION_BYTES_MAX = 65_536


class SettingsInvalid(CreditbridgeError):
    """The configuration cannot be used; `detail` names every key at fault."""

    code = "settings-invalid"
    message = "The configuration cannot be used; start is refused."


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts of the settings share: frozen, and closed to unknown keys."""


class DoorSettings(Section, frozen=True, kw_only=True):
    """Where a door listens, and with which certificate; `url` is what callers were told.

    `proxies` are the certificates of those that hand their clients' certificates on (RFC 9440).
    """

    port: int
    url: str
    certificate: Path
    key: Path
    host: str = "127.0.0.1"
    client_authority: Path | None = None
    revocation_lists: tuple[Path, ...] = ()
    proxies: tuple[Path, ...] = ()


class OperationsSettings(Section, frozen=True, kw_only=True):
    """The operations door: loopback only, so it has no certificate."""

    port: int
    host: str = "127.0.0.1"


class Doors(Section, frozen=True, kw_only=True):
    """The three doors."""

    bank: DoorSettings
    people: DoorSettings
    operations: OperationsSettings


class KeyFiles(Section, frozen=True, kw_only=True):
    """The private keys, the first of each purpose, and the secrets at rest (32 bytes each).

    `cache_seconds` is how long others may keep the published keys.
    """

    ledger: Path
    receipt: Path
    message: Path
    consent: Path
    seal: Path
    login: Path
    token: Path | None = None
    openings: Path
    bodies: Path
    records: Path
    cache_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The rings of private keys, one purpose each."""

    ledger: KeyRing[FileKey]
    receipt: KeyRing[FileKey]
    message: KeyRing[FileKey]
    consent: KeyRing[FileKey]
    seal: KeyRing[FileKey]
    login: KeyRing[FileKey]
    token: KeyRing[JoseFileKey] | None = None  # Without it no token of ours is signed.


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """An embedded PostgreSQL in `folder`, or any other by `url`."""

    folder: Path
    url: str | None = None


class IdentitySettings(Section, frozen=True, kw_only=True):
    """The OpenID Connect provider through which people sign in."""

    issuer: str
    authority: Path
    client_id: str


class ReportSettings(Section, frozen=True, kw_only=True):
    """What one report may take, and how many a worker takes at a time."""

    deadline_seconds: Annotated[float, msgspec.Meta(ge=1, le=45)] = 10.0
    in_flight_max: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 32


class AccessSection(Section, frozen=True, kw_only=True):
    """The authorization server, with secrets of 32 bytes each.

    One is for nonces that DPoP proofs must then hold; with the other the scope `openid` is served,
    and the pseudonyms of people are made of it.
    """

    dpop_nonce_key: Path | None = None
    subject_key: Path | None = None


class ContactSettings(Section, frozen=True, kw_only=True):
    """Whom people turn to, in the operator's own words; what is not given is not shown."""

    operator: str | None = None
    complaints: str | None = None
    regulator: str | None = None


class Settings(Section, frozen=True, kw_only=True):
    """Everything a gateway is told."""

    doors: Doors
    keys: KeyFiles
    ledger: LedgerSettings
    identity: IdentitySettings
    platforms: tuple[PlatformSettings, ...]
    database: DatabaseSettings
    reports: ReportSettings = ReportSettings()
    admission: AdmissionSettings = AdmissionSettings()
    access: AccessSection = AccessSection()
    key_fetch: KeyFetchSettings = KeyFetchSettings()
    passkeys: PasskeySettings = PasskeySettings()
    consents: ConsentSettings = ConsentSettings()
    contact: ContactSettings = ContactSettings()
    mail: MailSettings | None = None  # Without it nothing is mailed.
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1


def read_settings(path: Path) -> Settings:
    """Return the settings that a TOML file holds.

    Raises:
        SettingsInvalid: unreadable, too large, unknown key, missing key, wrong type.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(detail=f"{path}: {error.strerror}") from error
    # A wrong path may point at anything; what is this large is no configuration.
    if len(raw) > CONFIGURATION_BYTES_MAX:
        raise SettingsInvalid(detail=f"{path}: over {CONFIGURATION_BYTES_MAX} bytes")
    try:
        settings = msgspec.toml.decode(raw, type=Settings, dec_hook=_path_under(path.parent))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(detail=f"{path}: {error}") from error
    database = settings.database
    if url := os.environ.get("DATABASE_URL"):
        # An empty variable counts as none: orchestrators set it so where nothing is meant.
        database = msgspec.structs.replace(database, url=url)
    settings = msgspec.structs.replace(settings, database=database)
    if problems := list_problems(settings):
        raise SettingsInvalid(detail="; ".join(problems))
    return settings


def load_keys(files: KeyFiles, clock: Clock) -> Keys:
    """Return the signing keys.

    Raises:
        KeyUnusable: a file that is absent, readable by others, or of the wrong kind.
    """
    return Keys(
        ledger=open_ring(KeyPurpose.LEDGER, files.ledger, clock),
        receipt=open_ring(KeyPurpose.RECEIPT, files.receipt, clock),
        message=open_ring(KeyPurpose.MESSAGE, files.message, clock),
        consent=open_ring(KeyPurpose.CONSENT, files.consent, clock),
        seal=open_ring(KeyPurpose.SEAL, files.seal, clock),
        login=open_ring(KeyPurpose.LOGIN, files.login, clock),
        token=None if files.token is None else open_token_ring(files.token, clock),
    )


def list_problems(settings: Settings) -> list[str]:
    """Return every reason not to start with these settings, in words an operator can act on."""
    names = [policy.name for policy in settings.admission.policies]
    fetch = settings.key_fetch
    faults = {
        "platforms: at least one is needed": not settings.platforms,
        # Whoever can change the discovery document on the way can sign in as anybody.
        "identity.issuer: must be https": not settings.identity.issuer.startswith("https://"),
        # Two of one name would be counted as one, in windows of two lengths.
        "admission.policies: each needs a name of its own": len(set(names)) < len(names),
        # Whoever answers on this machine must not be believed for a name that anybody can buy.
        "key_fetch.allows_loopback: only with an authority of its own": (
            fetch.allows_loopback and fetch.authority is None
        ),
    }
    # All of them at once: an operator should not start five times to learn of five faults.
    return [*(text for text, is_there in faults.items() if is_there), *_list_faults(settings.doors)]


def _list_faults(doors: Doors) -> list[str]:
    faults = [
        f"doors.{name}.url: must be https, without a slash at the end"
        for name, door in (("bank", doors.bank), ("people", doors.people))
        if not door.url.startswith("https://") or door.url.endswith("/")
    ]
    if doors.bank.client_authority is None:
        faults.append("doors.bank.client_authority: the bank door asks for certificates")
    return faults


def _path_under(folder: Path) -> Callable[[type, object], object]:
    base = folder.resolve()

    def _read(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return base / value
        raise NotImplementedError

    return _read
