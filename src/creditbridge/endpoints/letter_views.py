"""What the portal shows of a letter on paper: that it is one, and what the bank says is in it."""

from datetime import date

import msgspec

from creditbridge.consents.letter import TickedBusiness, read_letter
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.parties.model import Role

OPEN = frozenset({ConsentState.REQUESTED, ConsentState.ACTIVE, ConsentState.PAUSED})


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as the bank read it out; `bound` are the organizations that it binds, too.

    `can_disown` while its consent has not ended.
    """

    sha256: str
    signed_on: date
    signed_by: Role
    ticked: tuple[TickedBusiness, ...]
    bound: tuple[str, ...] = ()
    bound_persons: int = 0
    query_until: date | None = None
    reporting_until: date | None = None
    can_disown: bool = False


def letter_view(consent: Consent, state: ConsentState) -> LetterView | None:
    """Return what is shown of a consent's letter; None where the consent was signed here."""
    if consent.letter is None or consent.document is None:
        return None
    letter = read_letter(consent.letter)
    return LetterView(
        sha256=consent.document.sha256,
        signed_on=letter.signed_on,
        signed_by=letter.signed_by,
        ticked=letter.ticked,
        bound=tuple(one.name for one in letter.bound),
        bound_persons=letter.bound_persons,
        query_until=letter.query_until,
        reporting_until=letter.reporting_until,
        can_disown=state in OPEN,
    )
