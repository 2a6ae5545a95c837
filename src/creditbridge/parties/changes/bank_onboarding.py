"""A bank comes in, with its first clients and their keys."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.parties.changes.standing import make_client, make_key
from creditbridge.parties.model import Applied, Bank, BankOnboarding, Change, Standing
from creditbridge.parties.onboarding import OnboardingClash, list_keys, read_onboarding
from creditbridge.parties.store import banks
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
    await banks.add_bank(tx, bank, change_id=change.change_id)
    for client in clients:
        await banks.add_client(tx, client)
    for key, name in keys:
        await banks.add_key(tx, key, thumbprint=name)
    return Applied(bank=bank, keys_added=frozenset(key.key_id for key, _ in keys))
