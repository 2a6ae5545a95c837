"""A bank comes in, with its first clients and their keys."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.parties.changes.newcomers import (
    keep_newcomers,
    list_key_ids,
    list_thumbprints,
    take_newcomers,
)
from creditbridge.parties.licence import with_licence
from creditbridge.parties.model import Applied, Bank, BankOnboarding, Change, Standing
from creditbridge.parties.onboarding import OnboardingClash, read_onboarding
from creditbridge.parties.store import banks


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
    newcomer = Bank(
        bank_id=new_id(Kind.BANK, now=tx.now),
        uscc=onboarding.uscc,
        legal_name=onboarding.legal_name,
        state=Standing.ACTIVE,
    )
    bank = with_licence(newcomer, onboarding.licence or None)
    # Looked up and then written: two onboardings at once could both find nothing and clash.
    await banks.serialize_onboarding(tx)
    if await banks.is_bank_taken(tx, bank):
        raise OnboardingClash
    newcomers = await take_newcomers(tx, bank, onboarding.clients)
    await banks.add_bank(tx, bank, change_id=change.change_id)
    await keep_newcomers(tx, newcomers)
    return Applied(
        subject=bank,
        keys_added=list_key_ids(newcomers),
        certificates_added=list_thumbprints(newcomers),
    )
