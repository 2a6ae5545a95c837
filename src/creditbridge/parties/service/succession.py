"""The end of a legal representative by the register's word, once."""

from creditbridge.foundation.database import Transaction
from creditbridge.parties.store import heads, people, quorum, representatives
from creditbridge.parties.voices.model import EndReason, Representative
from creditbridge.parties.voices.succession import RegisterWord, is_succeeded


async def is_head_succeeded(tx: Transaction, uscc: str, word: RegisterWord) -> bool:
    """Tell whether the register surely names another than the present one; a plain look."""
    present = await representatives.find_head(tx, uscc)
    if present is None or (person := await people.find_person(tx, present.person_id)) is None:
        return False
    # The usual case costs no further look.
    if not is_succeeded(present, person.name, word):
        return False
    return is_succeeded(present, person.name, word, former=await heads.list_former(tx, uscc))


async def end_head(tx: Transaction, uscc: str, word: RegisterWord) -> Representative | None:
    """End the right of the present legal representative by the register's word, and return it.

    None where there is nothing to end: of several who bring the same word at once, one ends it.
    """
    # As sign-ins do, so that both follow each other; then judged anew.
    await quorum.lock_rules(tx, uscc)
    await tx.renew_now()
    present = await representatives.find_head(tx, uscc)
    if present is None or not await is_head_succeeded(tx, uscc, word):
        return None
    return await representatives.end_representative(
        tx, person_id=present.person_id, uscc=uscc, reason=EndReason.REGISTER
    )


async def find_succeeded(tx: Transaction, successor: Representative) -> Representative | None:
    """Return the right that ended as this one began; None where it ended nobody's."""
    if successor.succeeds is None:
        return None
    return await representatives.find_last_head(
        tx, person_id=successor.succeeds, uscc=successor.uscc
    )
