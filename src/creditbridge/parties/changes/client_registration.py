"""Another client of a bank that is in."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.newcomers import (
    keep_newcomers,
    list_key_ids,
    list_thumbprints,
    take_newcomers,
)
from creditbridge.parties.changes.standing import get_bank
from creditbridge.parties.model import Applied, Change, ClientOnboarding
from creditbridge.parties.onboarding import require_client, require_own
from creditbridge.parties.store import banks


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
    newcomers = await take_newcomers(tx, bank, [registration.client])
    await keep_newcomers(tx, newcomers)
    return Applied(
        subject=bank,
        client=newcomers[0].client,
        keys_added=list_key_ids(newcomers),
        certificates_added=list_thumbprints(newcomers),
    )
