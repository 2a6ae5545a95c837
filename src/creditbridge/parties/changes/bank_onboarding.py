"""A bank comes in, with its first clients and their keys."""

from itertools import chain

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.parties.changes.standing import make_client, make_key, take_certificates
from creditbridge.parties.model import (
    Applied,
    Bank,
    BankOnboarding,
    Change,
    OwnCertificate,
    Standing,
)
from creditbridge.parties.onboarding import (
    OnboardingClash,
    list_certificates,
    list_keys,
    read_onboarding,
)
from creditbridge.parties.store import banks, certificates
from creditbridge.protocols.rsa_jwk import thumbprint_of


def read(body: bytes) -> BankOnboarding:
    """Return the bank that a body brings in.

    Raises:
        Malformed: as `read_onboarding`.
    """
    return read_onboarding(body)


async def apply(tx: Transaction, change: Change) -> Applied:
    """Bring the bank in; nothing is written where it refuses.

    Raises:
        OnboardingClash: something of it is registered already.
        CertificateOver: a certificate of it has ended.
    """
    onboarding = read(change.body)
    bank = Bank(
        bank_id=new_id(Kind.BANK, now=tx.now),
        uscc=onboarding.uscc,
        legal_name=onboarding.legal_name,
        state=Standing.ACTIVE,
    )
    clients = [make_client(bank, client) for client in onboarding.clients]
    keys = [
        (make_key(client.client_id, key, now=tx.now), thumbprint_of(key))
        for client in onboarding.clients
        for key in list_keys(client)
    ]
    # Looked up and then written: two onboardings at once could both find nothing and clash.
    await banks.serialize_onboarding(tx)
    if await banks.is_clash(tx, bank, clients, keys):
        raise OnboardingClash
    own = await _take_certificates(tx, onboarding)
    await banks.add_bank(tx, bank, change_id=change.change_id)
    for client in clients:
        await banks.add_client(tx, client)
    for key, name in keys:
        await banks.add_key(tx, key, thumbprint=name)
    for certificate in own:
        await certificates.add_certificate(tx, certificate)
    return Applied(
        bank=bank,
        keys_added=frozenset(key.key_id for key, _ in keys),
        certificates_added=frozenset(one.thumbprint for one in own),
    )


async def _take_certificates(tx: Transaction, bank: BankOnboarding) -> list[OwnCertificate]:
    taken = [
        await take_certificates(tx, client.client_id, list_certificates(client))
        for client in bank.clients
    ]
    return list(chain.from_iterable(taken))
