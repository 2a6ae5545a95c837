"""The ways out and the lists of a house: opened here, closed by the stack of whoever builds."""

import ssl
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from creditbridge.access.id_tokens import IdTokens
from creditbridge.admission.limits import CONNECTIONS_MAX, Limits
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database, open_database
from creditbridge.foundation.http import (
    Http,
    HttpClientSettings,
    HttpUnavailable,
    Reach,
    open_client,
)
from creditbridge.ledger.sealing import load_opening_key
from creditbridge.login.id_token import IdTokens as ProviderTokens
from creditbridge.login.provider import Provider
from creditbridge.login.service import Login
from creditbridge.login.settings import LoginSettings
from creditbridge.parties.service import find_own_certificates
from creditbridge.parties.settings import KeyFetchSettings
from creditbridge.platforms.registry import Tools, open_platform
from creditbridge.platforms.service import Platforms
from creditbridge.protocols.certificate_chain import ClientAuthorities
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.server.own_certificates import OwnCertificates
from creditbridge.server.proxies import Proxies, load_proxies
from creditbridge.server.revocation import RevocationLists, open_revocation_lists
from creditbridge.server.tls import bank_context
from creditbridge.settings import DoorSettings, Keys, Settings, SettingsInvalid

SET_BYTES_MAX = 65_536  # PROTOCOLS K3.
CALLBACK_PATH = "/portal/callback"


async def open_limits(url: str, settings: Settings, stack: AsyncExitStack) -> Limits:
    """Return the clients' quotas, over connections of their own.

    A request waits for a lease while it holds a connection: from the same pool, enough of them
    would wait for each other.

    Raises:
        DatabaseUnavailable: no connection.
    """
    database = await open_database(url, connections_max=CONNECTIONS_MAX)
    stack.push_async_callback(database.close)
    return Limits(database, settings.admission.policies)


def open_platforms(
    settings: Settings, keys: Keys, record_key: bytes, clock: Clock, stack: AsyncExitStack
) -> Platforms:
    """Return the platforms that are configured, each over its own client."""
    opened = [
        open_platform(
            platform,
            Tools(
                http=open_http(stack, platform.http),
                signer=keys.message,
                clock=clock,
                record_key=record_key,
            ),
        )
        for platform in settings.platforms
    ]
    return Platforms(opened, clock=clock)


def open_login(
    settings: Settings, keys: Keys, database: Database, clock: Clock, stack: AsyncExitStack
) -> Login:
    """Return the way to the identity provider and back."""
    identity = settings.identity
    http = open_http(
        stack, HttpClientSettings(base_url=identity.issuer, ca_file=identity.authority)
    )
    provider = Provider(
        http=http,
        settings=LoginSettings(
            issuer=identity.issuer,
            client_id=identity.client_id,
            redirect_uri=settings.doors.people.url + CALLBACK_PATH,
        ),
        signer=keys.login,
        clock=clock,
    )
    return Login(
        database=database,
        provider=provider,
        id_tokens=ProviderTokens(provider=provider, clock=clock),
    )


def open_revocations(settings: Settings, clock: Clock) -> RevocationLists:
    """Return the revocation lists of the bank door's authority."""
    bank = settings.doors.bank
    return open_revocation_lists(bank.revocation_lists, client_authority(bank), clock)


def open_nonces(settings: Settings) -> ProofNonces | None:
    """Return the nonces that DPoP proofs must hold; None where none is asked for.

    Raises:
        KeyUnusable: their key cannot be read.
    """
    path = settings.access.dpop_nonce_key
    return None if path is None else ProofNonces(key=load_opening_key(path).secret)


def open_id_tokens(settings: Settings, keys: Keys) -> IdTokens | None:
    """Return who writes ID tokens; None where no secret for it is configured.

    Raises:
        KeyUnusable: the secret cannot be read.
        SettingsInvalid: there is a secret, and no key to sign tokens with.
    """
    path = settings.access.subject_key
    if path is None:
        return None
    if keys.token is None:
        raise SettingsInvalid(detail="access.subject_key: keys.token is needed beside it")
    return IdTokens(
        issuer=settings.doors.people.url,
        signer=keys.token,
        secret=load_opening_key(path).secret,
    )


def open_key_http(settings: KeyFetchSettings, address: str) -> Http:
    """Return a client of the address where a bank's client publishes its keys.

    Raises:
        AddressRefused: an address that is not public.
        HttpUnavailable: the authority's file cannot be read.
    """
    allows_loopback = settings.allows_loopback
    try:
        return open_client(
            HttpClientSettings(
                base_url=address,
                ca_file=settings.authority,
                reaches=Reach.PUBLIC_OR_LOOPBACK if allows_loopback else Reach.PUBLIC,
                connections_max=1,
                response_bytes_max=SET_BYTES_MAX,
            )
        )
    except OSError as error:
        raise HttpUnavailable(sent=False, detail=f"{settings.authority}: {error}") from error


def open_proxies(bank: DoorSettings, clock: Clock) -> Proxies:
    """Return the proxies before the bank door, none where none is configured.

    Raises:
        DoorMisconfigured: a proxy's certificate cannot be one.
        AuthoritiesUnusable: nobody is there to vouch for what they hand on.
    """
    authorities = ClientAuthorities(client_authority(bank).read_bytes())
    return load_proxies(bank.proxies, authorities, clock)


def open_own_certificates(
    bank: DoorSettings, database: Database, proxies: Proxies
) -> OwnCertificates:
    """Return the bank door's TLS, with the self-signed certificates of the registry.

    Raises:
        DoorMisconfigured: a file that the door needs is absent or unfit.
    """
    authority = client_authority(bank)

    def _make() -> ssl.SSLContext:
        return proxies.open_to(
            bank_context(
                certificate_file=bank.certificate, key_file=bank.key, client_ca_file=authority
            )
        )

    async def _read(known: Collection[str]) -> Mapping[str, bytes | None]:
        async with database.transaction() as tx:
            return await find_own_certificates(tx, known)

    return OwnCertificates(_make, authority, _read)


def client_authority(bank: DoorSettings) -> Path:
    """Return who signs the banks' certificates.

    Raises:
        SettingsInvalid: nobody is named.
    """
    # Without an authority the door would believe any certificate, or none.
    if bank.client_authority is None:
        raise SettingsInvalid(detail="doors.bank.client_authority")
    return bank.client_authority


def open_http(stack: AsyncExitStack, settings: HttpClientSettings) -> Http:
    """Return a client of one peer; the stack closes it."""
    http = open_client(settings)
    stack.push_async_callback(http.close)
    return http
