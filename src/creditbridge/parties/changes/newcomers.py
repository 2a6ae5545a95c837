"""Clients that come in with a change: each with its keys and the certificates of its own."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.standing import make_client, make_key, take_certificates
from creditbridge.parties.model import Bank, Client, ClientKey, ClientOnboarding, OwnCertificate
from creditbridge.parties.onboarding import OnboardingClash, list_certificates, list_keys
from creditbridge.parties.store import banks, certificates
from creditbridge.protocols.rsa_jwk import thumbprint_of


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """A client that is still to be kept; each key comes with its thumbprint."""

    client: Client
    keys: Sequence[tuple[ClientKey, str]]
    certificates: Sequence[OwnCertificate]


async def take_newcomers(
    tx: Transaction, bank: Bank, clients: Sequence[ClientOnboarding]
) -> list[Newcomer]:
    """Return a bank's new clients; nothing is written, and nobody else takes what is theirs.

    Raises:
        OnboardingClash: an id, a subject, a key or a certificate is registered already.
        CertificateOver: a certificate has ended.
    """
    newcomers = [await _take(tx, bank, client) for client in clients]
    keys = [key for newcomer in newcomers for key in newcomer.keys]
    if await banks.is_client_taken(tx, [one.client for one in newcomers]):
        raise OnboardingClash
    if await banks.is_key_taken(tx, keys):
        raise OnboardingClash
    return newcomers


async def keep_newcomers(tx: Transaction, newcomers: Sequence[Newcomer]) -> None:
    """Register the clients."""
    for newcomer in newcomers:
        await banks.add_client(tx, newcomer.client)
        for key, thumbprint in newcomer.keys:
            await banks.add_key(tx, key, thumbprint=thumbprint)
        for certificate in newcomer.certificates:
            await certificates.add_certificate(tx, certificate)


def list_key_ids(newcomers: Sequence[Newcomer]) -> frozenset[str]:
    """Return the ids of the keys that come in."""
    return frozenset(key.key_id for newcomer in newcomers for key, _ in newcomer.keys)


def list_thumbprints(newcomers: Sequence[Newcomer]) -> frozenset[str]:
    """Return the thumbprints of the certificates that come in."""
    return frozenset(one.thumbprint for newcomer in newcomers for one in newcomer.certificates)


async def _take(tx: Transaction, bank: Bank, onboarding: ClientOnboarding) -> Newcomer:
    client_id = onboarding.client_id
    found = list_certificates(onboarding)
    return Newcomer(
        client=make_client(bank, onboarding),
        keys=_make_keys(onboarding, now=tx.now),
        certificates=await take_certificates(tx, client_id, found),
    )


def _make_keys(onboarding: ClientOnboarding, *, now: datetime) -> list[tuple[ClientKey, str]]:
    keys = list_keys(onboarding)
    return [(make_key(onboarding.client_id, key, now=now), thumbprint_of(key)) for key in keys]
