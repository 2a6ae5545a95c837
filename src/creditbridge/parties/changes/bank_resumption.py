"""The suspension of a bank ends. One operator suspends, two let in again."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import BankUnknown, get_bank
from creditbridge.parties.model import Applied, Change, Standing
from creditbridge.parties.store import banks


class BankActive(Refused):
    """The bank is not suspended."""

    code = "bank-active"
    message = "The bank is not suspended."


class BankResumption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change that ends a suspension."""

    bank_id: str


def read(body: bytes) -> BankResumption:
    """Return the bank that a body lets in again.

    Raises:
        Malformed: not the canonical body of this kind.
    """
    return read_body(body, BankResumption)


async def apply(tx: Transaction, change: Change) -> Applied:
    """Let the bank's clients in again, with fresh tokens.

    Raises:
        Refused: no such bank, or one that is not suspended.
    """
    bank_id = read(change.body).bank_id
    await banks.serialize_onboarding(tx)
    if (await get_bank(tx, bank_id)).state is not Standing.SUSPENDED:
        raise BankActive
    if (bank := await banks.set_standing(tx, bank_id, Standing.ACTIVE)) is None:
        raise BankUnknown  # pragma: no cover -- read a line above, and banks are never deleted
    return Applied(subject=bank)
