"""Banks and the clients that may come in for them."""

from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import PublicKey
from creditbridge.parties.model import (
    Bank,
    Client,
    ClientKey,
    ClientOnboarding,
    Registration,
    Standing,
)
from creditbridge.parties.onboarding import (
    is_client_id,
    list_keys,
    method_of,
    read_onboarding,
)
from creditbridge.parties.rules import (
    read_jose_key,
    require_approved,
    require_known,
    select_live,
)
from creditbridge.parties.service.operators import lock_change
from creditbridge.parties.store import banks, changes
from creditbridge.protocols.rsa_jwk import JoseKey, format_jose_jwk, thumbprint_of


class BankUnknown(Refused):
    """No such bank."""

    code = "bank-unknown"
    message = "There is no such bank."


class OnboardingClash(Refused):
    """A code, client id, certificate subject or key belongs to another bank or client."""

    code = "onboarding-clash"
    message = "The bank, a client id, a certificate subject or a key is registered already."


async def onboard_bank(tx: Transaction, change_id: str) -> Bank:
    """Bring in the bank of an approved change, with its clients and keys, once.

    Nothing is written where it refuses.

    Raises:
        Refused: the change is unknown, unapproved, applied or expired, or clashes with what is.
    """
    found = await lock_change(tx, change_id)
    # The instant after the wait for the row: the day may have ended meanwhile.
    change = require_approved(found, now=await tx.renew_now())
    onboarding = read_onboarding(change.body)
    bank = Bank(
        bank_id=new_id(Kind.BANK, now=tx.now),
        uscc=onboarding.uscc,
        legal_name=onboarding.legal_name,
        state=Standing.ACTIVE,
    )
    clients = [_make_client(bank, client) for client in onboarding.clients]
    keys = [
        (_make_key(client.client_id, key, now=tx.now), thumbprint_of(key))
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
    # In the same transaction: a crash in between neither loses the bank nor brings it twice.
    await changes.mark_applied(tx, change.change_id)
    return bank


async def get_bank(tx: Transaction, bank_id: str) -> Bank:
    """Return a bank, whatever its state.

    Raises:
        BankUnknown: there is none.
    """
    if (bank := await banks.find_bank(tx, bank_id)) is None:
        raise BankUnknown
    return bank


async def list_message_keys(tx: Transaction, bank_id: str) -> list[PublicKey]:
    """Return every key that a bank's clients sign or signed HTTP messages with, for its pins.

    Raises:
        BankUnknown: there is no such bank.
    """
    await get_bank(tx, bank_id)
    keys = [read_jose_key(key.jwk) for key in await banks.find_keys_of_bank(tx, bank_id)]
    # No evidence holds a client's assertion: an RSA key would be a pin for nothing.
    return [key for key in keys if isinstance(key, PublicKey)]


async def suspend_bank(tx: Transaction, bank_id: str) -> None:
    """Shut every client of a bank out, from the commit on; one operator may, as it only takes away.

    Raises:
        BankUnknown: there is none.
    """
    if not await banks.suspend_bank(tx, bank_id):
        raise BankUnknown


async def find_client(tx: Transaction, client_id: str) -> Registration | None:
    """Return a client that may come in, with its bank and its live keys.

    None alike for one that is unknown, suspended, of a suspended bank, or never approved.
    """
    # What no client can be called costs no query, and is unknown all the same.
    if not is_client_id(client_id):
        return None
    registration = await banks.find_registration(tx, client_id)
    return select_live(registration, now=tx.now)


async def get_client(tx: Transaction, client_id: str) -> Registration:
    """Return a client that may come in, as `find_client`.

    Raises:
        UnknownClient: it may not, or there is none.
    """
    return require_known(await find_client(tx, client_id))


def _make_client(bank: Bank, onboarding: ClientOnboarding) -> Client:
    return Client(
        client_id=onboarding.client_id,
        bank_id=bank.bank_id,
        authentication=method_of(onboarding),
        matcher=onboarding.matcher,
        assertion_algorithms=frozenset(onboarding.assertion_algorithms),
        scopes=frozenset(onboarding.scopes),
        requires_signature=onboarding.requires_signature,
        state=Standing.ACTIVE,
    )


def _make_key(client_id: str, key: JoseKey, *, now: datetime) -> ClientKey:
    jwk = msgspec.json.encode(format_jose_jwk(key))
    return ClientKey(key_id=key.key_id, client_id=client_id, jwk=jwk, registered_at=now)
