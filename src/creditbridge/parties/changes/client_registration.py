"""Another client of a bank that is in."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import (
    get_bank,
    make_client,
    make_key,
    take_certificates,
)
from creditbridge.parties.model import Applied, Change, ClientOnboarding
from creditbridge.parties.onboarding import (
    OnboardingClash,
    list_certificates,
    list_keys,
    require_client,
    require_own,
)
from creditbridge.parties.store import banks, certificates
from creditbridge.protocols.rsa_jwk import thumbprint_of


class ClientRegistration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change that adds a client to a bank."""

    bank_id: str
    client: ClientOnboarding


def read(body: bytes) -> ClientRegistration:
    """Return the client that a body adds.

    Raises:
        Malformed: not the canonical body of this kind, or a client that cannot be one.
    """
    registration = read_body(body, ClientRegistration)
    require_client(registration.client)
    require_own([registration.client])
    return registration


async def apply(tx: Transaction, change: Change) -> Applied:
    """Register the client with its keys; a suspended bank's stays out with the others.

    Raises:
        Refused: no such bank, an id, subject, certificate or key that is registered already, or a
            certificate that has ended.
    """
    registration = read(change.body)
    # Looked up and then written: two registrations at once could both find nothing and clash.
    await banks.serialize_onboarding(tx)
    bank = await get_bank(tx, registration.bank_id)
    client = make_client(bank, registration.client)
    keys = [
        (make_key(client.client_id, key, now=tx.now), thumbprint_of(key))
        for key in list_keys(registration.client)
    ]
    if await banks.is_clash(tx, None, [client], keys):
        raise OnboardingClash
    found = list_certificates(registration.client)
    own = await take_certificates(tx, client.client_id, found)
    await banks.add_client(tx, client)
    for key, name in keys:
        await banks.add_key(tx, key, thumbprint=name)
    for certificate in own:
        await certificates.add_certificate(tx, certificate)
    return Applied(
        bank=bank,
        client=client,
        keys_added=frozenset(key.key_id for key, _ in keys),
        certificates_added=frozenset(one.thumbprint for one in own),
    )
