"""A bank is licensed for other purposes and sections than before."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import get_bank
from creditbridge.parties.licence import require_licence, with_licence
from creditbridge.parties.model import Applied, Change, Licence
from creditbridge.parties.store import banks


class LicenceUnchanged(Refused):
    """The bank is licensed so already."""

    code = "bank-licence-unchanged"
    message = "The bank is licensed for exactly this already."


class BankLicence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of a licence; without one a bank may ask whatever can be asked."""

    bank_id: str
    licence: Licence | None


def read(body: bytes) -> BankLicence:
    """Return the licence that a body gives to a bank.

    Raises:
        Malformed: not the canonical body of this kind, or no licence.
    """
    change = read_body(body, BankLicence)
    if change.licence is not None:
        require_licence(change.licence)
    return change


async def apply(tx: Transaction, change: Change) -> Applied:
    """License the bank so from the next request on; consents stay, and are used within it.

    Raises:
        Refused: no such bank, or one that is licensed so already.
    """
    asked = read(change.body)
    await banks.serialize_onboarding(tx)
    bank = await get_bank(tx, asked.bank_id)
    licensed = with_licence(bank, asked.licence)
    if licensed == bank:
        raise LicenceUnchanged
    await banks.set_licence(tx, licensed)
    return Applied(subject=licensed)
