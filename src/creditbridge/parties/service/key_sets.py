"""The keys that a client publishes itself: fetched by one node, kept for all."""

from collections.abc import Sequence

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.keys import PublicKey
from creditbridge.parties.changes.standing import make_key
from creditbridge.parties.key_sets import REFETCH, is_fetching
from creditbridge.parties.model import FetchedKeys, Registration
from creditbridge.parties.store import banks, key_sets
from creditbridge.protocols.rsa_jwk import JoseKey, thumbprint_of


async def begin_fetch(tx: Transaction, client_id: str) -> str | None:
    """Return the address that the caller must fetch from; None where somebody just did or does."""
    return await key_sets.begin(tx, client_id, unless_after=tx.now - REFETCH)


async def is_fetch_awaited(tx: Transaction, client_id: str) -> bool:
    """Tell whether somebody is fetching the client's keys at this moment."""
    key_set = await key_sets.find(tx, client_id)
    return key_set is not None and is_fetching(key_set, now=tx.now)


async def list_failing_sets(tx: Transaction) -> list[key_sets.FailingSet]:
    """Return the active clients whose set could not be fetched anew, with when one last came."""
    return await key_sets.list_failing(tx)


async def end_fetch(tx: Transaction, client_id: str) -> None:
    """Keep that a fetch brought nothing; the last good set counts on, for its day."""
    await key_sets.end(tx, client_id, brought_set=False)


async def keep_keys(tx: Transaction, client_id: str, keys: Sequence[JoseKey]) -> FetchedKeys | None:
    """Keep the set that came, and return what it changed; None where the client is gone."""
    # One after the other with what else changes of clients, so that no key gets two owners.
    await banks.serialize_onboarding(tx)
    registration = await banks.find_registration(tx, client_id)
    if registration is None:
        return None
    used = [key for key in keys if _is_used(key, registration)]
    named = [(make_key(client_id, key, now=tx.now), thumbprint_of(key)) for key in used]
    added = await key_sets.add_keys(tx, client_id, named)
    ended = await key_sets.end_keys(tx, client_id, kept=[thumbprint for _, thumbprint in named])
    await key_sets.end(tx, client_id, brought_set=True)
    return FetchedKeys(client=registration.client, bank=registration.bank, added=added, ended=ended)


def _is_used(key: JoseKey, registration: Registration) -> bool:
    # A key that nothing uses is one that nobody misses when it is stolen.
    return isinstance(key, PublicKey) or key.algorithm in registration.client.assertion_algorithms
