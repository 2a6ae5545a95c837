"""The house as it is built: three doors, what runs behind them, and nothing left open."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import load_pem_x509_certificate
from msgspec.structs import replace
from tests.endpoints.wire import send

from creditbridge.app import build
from creditbridge.app.opening import open_key_http, open_nonces
from creditbridge.endpoints.correlation import Correlation
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import (
    POOL_CONNECTIONS_MAX,
    Database,
    DatabaseUnavailable,
)
from creditbridge.foundation.http import AddressRefused, HttpUnavailable
from creditbridge.foundation.keys import KeyUnusable
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.parties.settings import KeyFetchSettings
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.server.admission_limit import AdmissionLimit
from creditbridge.server.run import Lifecycle
from creditbridge.server.tls import Tls
from creditbridge.settings import (
    AccessSection,
    DatabaseSettings,
    Doors,
    DoorSettings,
    IdentitySettings,
    KeyFiles,
    OperationsSettings,
    Settings,
    SettingsInvalid,
)


class Pki(Protocol):
    """The authority of the root `conftest`."""

    folder: Path
    ca_file: Path

    def issue(self, name: str, *, client: bool = False) -> tuple[Path, Path]:
        """Return a certificate file and its key file."""
        ...


def make_secret(folder: Path, name: str) -> Path:
    """Write 32 bytes that their owner alone may read."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(bytes(range(32)))
    return path


def make_log_key(folder: Path) -> Path:
    """Write an Ed25519 key, as signed notes want it."""
    path, key = folder / "log.key", ed25519.Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path


@pytest.fixture
def settings(pki: Pki, database_url: str) -> Settings:
    """Settings that build a house over the test's database."""
    certificate, key = pki.issue("gateway.example")
    client_certificate, client_key = pki.issue("client.example", client=True)
    receipt, message, consent, seal, login, token = (
        pki.issue(purpose)[1]
        for purpose in ("receipt", "message", "consent", "seal", "login", "token")
    )
    log_key = make_log_key(pki.folder)
    door = DoorSettings(port=0, url="https://gateway.example", certificate=certificate, key=key)
    platform = PlatformSettings(
        platform_id="provincial",
        base_url="https://platform.example",
        client_id="creditbridge",
        answer_keys={"provincial-1": log_key.with_suffix(".pub")},
        ca_file=pki.ca_file,
        client_certificate_file=client_certificate,
        client_key_file=client_key,
    )
    return Settings(
        doors=Doors(
            bank=replace(door, url="https://bank.gateway.example", client_authority=pki.ca_file),
            people=door,
            operations=OperationsSettings(port=0),
        ),
        keys=KeyFiles(
            ledger=log_key,
            receipt=receipt,
            message=message,
            consent=consent,
            seal=seal,
            login=login,
            token=token,
            openings=make_secret(pki.folder, "openings"),
            bodies=make_secret(pki.folder, "bodies"),
            records=make_secret(pki.folder, "records"),
        ),
        ledger=LedgerSettings(origin="gateway.example/log"),
        identity=IdentitySettings(
            issuer="https://id.example", authority=pki.ca_file, client_id="creditbridge"
        ),
        platforms=(platform,),
        database=DatabaseSettings(folder=pki.folder / "database", url=database_url),
    )


async def test_the_house_has_three_doors(settings: Settings) -> None:
    """Banks behind TLS and a limit, people behind TLS, operators on loopback in the clear."""
    async with build(settings, Lifecycle()) as built:
        doors = {door.name: door for door in built.doors}

        assert list(doors) == ["bank", "people", "operations"]
        bank = doors["bank"].app
        assert isinstance(bank, Correlation)
        assert isinstance(bank.app, AdmissionLimit)
        assert doors["bank"].tls is not None
        assert doors["people"].tls is not None
        assert (doors["operations"].tls, doors["operations"].host) == (None, "127.0.0.1")


async def test_what_must_happen_again_and_again_is_a_task(settings: Settings) -> None:
    """The sequencer and the house's own turns; the database is supervised where it is ours."""
    async with build(settings, Lifecycle()) as built:
        assert set(built.tasks) == {
            *("sequencer", "lease", "settle", "keys", "silence", "lapse", "purge", "revocation"),
            *("certificates", "endings", "hear", "mail", "looks", "warn", "statements"),
            "disputes",
        }


async def test_the_doors_answer(settings: Settings) -> None:
    """Each its own addresses, and no other's."""
    async with build(settings, Lifecycle()) as built:
        doors = {door.name: door.app for door in built.doors}
        metadata = "/.well-known/oauth-authorization-server"

        assert (await send(doors["people"], "GET", metadata)).status == 200
        assert (await send(doors["bank"], "GET", metadata)).status == 404
        assert (await send(doors["operations"], "GET", "/livez")).status == 200
        assert (await send(doors["people"], "GET", "/livez")).status == 404


async def test_a_door_counts_whom_it_turns_away(settings: Settings, database: Database) -> None:
    """What is refused before any application runs is summed up when the house closes."""
    async with build(settings, Lifecycle()) as built:
        bank, people, _ = built.doors
        bank.refused("header-too-large")
        people.refused("target-too-long")

    async with database.transaction() as tx:
        kinds = await tx.fetch_value(list[str], "SELECT array_agg(kind) FROM ledger_openings")
    assert kinds == ["policy.changed", "strangers.refused", "strangers.refused"]


async def test_E5_requests_that_wait_for_a_permit_do_not_wait_for_each_other(
    settings: Settings,
) -> None:
    """Each holds a connection; the permit comes over another one, of which there is always one."""
    async with build(settings, Lifecycle()) as built, AsyncExitStack() as held:
        held_by = [
            await held.enter_async_context(built.house.database.transaction())
            for _ in range(POOL_CONNECTIONS_MAX)
        ]
        limits = built.house.machines.admit_caller.limit_client.limits

        (allowance,) = await limits.take_permit("loans", now=held_by[0].now)

        assert (allowance.policy, allowance.remaining) == ("bank", 599)


async def test_X1_the_bank_door_alone_has_proxies(settings: Settings, pki: Pki) -> None:
    """The one that is configured; its certificate on the people's door says nothing."""
    certificate, _ = pki.issue("proxy", client=True)
    bank = replace(settings.doors.bank, proxies=(certificate,))
    der = load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
    shown: Tls = {"client_certificate": der}

    async with build(
        replace(settings, doors=replace(settings.doors, bank=bank)), Lifecycle()
    ) as built:
        told = {door.name: door.identify(shown, {}) for door in built.doors}

    assert told["bank"] == shown | {
        "client_certificate": None,
        "client_cert_chain": [],
        "client_cert_error": None,
    }
    assert (told["people"], told["operations"]) == (shown, shown)


async def test_a_bank_door_without_an_authority_is_not_built(settings: Settings) -> None:
    """It could not ask for certificates."""
    bank = replace(settings.doors.bank, client_authority=None)
    unfit = replace(settings, doors=replace(settings.doors, bank=bank))

    with pytest.raises(SettingsInvalid):
        async with build(unfit, Lifecycle()):
            pass


@pytest.mark.parametrize("name", ["ledger", "seal", "openings", "bodies", "records"])
async def test_a_house_without_a_key_is_not_built(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    """Absent keys refuse the start with their path (fault 56)."""
    missing = tmp_path / "missing"
    unfit = replace(settings, keys=replace(settings.keys, **{name: missing}))

    with pytest.raises(KeyUnusable) as caught:
        async with build(unfit, Lifecycle()):
            pass

    assert str(missing) in caught.value.detail


async def test_a_house_without_a_database_is_not_built(settings: Settings) -> None:
    """Nobody listens there."""
    nowhere = replace(settings.database, url="postgresql://nobody@127.0.0.1:1/x")

    with pytest.raises(DatabaseUnavailable):
        async with build(replace(settings, database=nowhere), Lifecycle(), clock=SystemClock()):
            pass


async def test_D4_nonces_are_wanted_where_a_key_for_them_is_named(settings: Settings) -> None:
    """Off by default; two nodes with one key know each other's, and a bad key refuses the start."""
    key = make_secret(settings.database.folder.parent, "nonces")
    named = replace(settings, access=AccessSection(dpop_nonce_key=key))
    one, other = open_nonces(named), open_nonces(named)

    async with build(settings, Lifecycle()) as built:
        assert built.house.nonces is None
    async with build(named, Lifecycle()) as built:
        assert built.house.nonces == one == other
        assert built.house.machines.admit_caller.nonces == one
    key.write_bytes(bytes(31))
    with pytest.raises(KeyUnusable):
        open_nonces(named)


async def test_K3_published_keys_are_called_for_where_the_settings_allow_it(pki: Pki) -> None:
    """At public addresses; at this machine's where a test says so, with an authority of its own."""
    address = "https://127.0.0.1:8443/jwks"
    test = KeyFetchSettings(authority=pki.ca_file, allows_loopback=True)

    await open_key_http(KeyFetchSettings(), "https://keys.example/jwks").close()
    await open_key_http(test, address).close()
    with pytest.raises(AddressRefused):
        open_key_http(KeyFetchSettings(), address)
    with pytest.raises(HttpUnavailable):
        open_key_http(replace(test, authority=pki.folder / "absent.pem"), address)
