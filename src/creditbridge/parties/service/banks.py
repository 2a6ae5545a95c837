"""Banks and the clients that may come in for them."""

from collections.abc import Collection, Mapping

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.keys import PublicKey
from creditbridge.parties.acts import SignedSuspension
from creditbridge.parties.changes.standing import get_bank
from creditbridge.parties.model import Bank, Registration, Standing
from creditbridge.parties.onboarding import is_client_id
from creditbridge.parties.rules import (
    encode_act,
    read_jose_key,
    require_known,
    require_operator_signature,
    select_live,
)
from creditbridge.parties.service.operators import get_operator
from creditbridge.parties.store import banks, certificates, clients


async def list_message_keys(tx: Transaction, bank_id: str) -> list[PublicKey]:
    """Return every key that a bank's clients sign or signed HTTP messages with, for its pins.

    Raises:
        BankUnknown: there is no such bank.
    """
    await get_bank(tx, bank_id)
    keys = [read_jose_key(key.jwk) for key in await banks.find_keys_of_bank(tx, bank_id)]
    # No evidence holds a client's assertion: an RSA key would be a pin for nothing.
    return [key for key in keys if isinstance(key, PublicKey)]


async def suspend_bank(tx: Transaction, suspension: SignedSuspension) -> tuple[Bank, bool]:
    """Shut every client of a bank out, from the commit on; one operator may, as it only takes away.

    Return the bank, and whether this act has suspended it: the same act again changes nothing, not
    even after the suspension ended.

    Raises:
        Refused: no such operator or bank, a stale act.
        SignatureInvalid: not this operator's signature.
    """
    act = suspension.act
    operator = await get_operator(tx, act.operator_id)
    require_operator_signature(act, suspension.signature, operator, now=tx.now)
    bank = await get_bank(tx, act.bank_id)
    if not await clients.add_suspension(tx, suspension, encoded=encode_act(act)):
        return bank, False
    return await banks.set_standing(tx, bank.bank_id, Standing.SUSPENDED) or bank, True


async def list_clients(tx: Transaction, bank_id: str) -> list[Registration]:
    """Return a bank's clients with all their keys, whatever their standing, for an operator.

    Raises:
        BankUnknown: there is no such bank.
    """
    await get_bank(tx, bank_id)
    found = [
        await banks.find_registration(tx, client_id)
        for client_id in await clients.list_client_ids(tx, bank_id)
    ]
    return [registration for registration in found if registration is not None]


async def find_own_certificates(
    tx: Transaction, known: Collection[str]
) -> Mapping[str, bytes | None]:
    """Return the self-signed certificates that open the bank door now, by their thumbprints.

    As DER; None for those that are `known`.
    """
    return await certificates.find_live(tx, known)


async def find_client(tx: Transaction, client_id: str) -> Registration | None:
    """Return a client that may come in, with its bank, its live keys and own certificates.

    None alike for one that is unknown, suspended, of a suspended bank, or never approved.
    """
    # What no client can be called costs no query, and is unknown all the same.
    if not is_client_id(client_id):
        return None
    registration = await banks.find_registration(tx, client_id)
    return select_live(registration, now=tx.now)


async def find_client_now(tx: Transaction, client_id: str) -> Registration | None:
    """Return a client as `find_client`; `tx.now` is the instant of the look."""
    if not is_client_id(client_id):
        await tx.renew_now()
        return None
    registration = await banks.find_registration(tx, client_id, renews_now=True)
    return select_live(registration, now=tx.now)


async def get_client(tx: Transaction, client_id: str) -> Registration:
    """Return a client that may come in, as `find_client`.

    Raises:
        UnknownClient: it may not, or there is none.
    """
    return require_known(await find_client(tx, client_id))
