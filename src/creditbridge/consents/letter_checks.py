"""Whether a letter carries what a bank asks under it. Pure: the clock is an argument."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.frequency import SHANGHAI
from creditbridge.consents.letter import Letter, LetterScope, LetterUnfit, TickedBusiness
from creditbridge.profile.codes import Purpose

# What a bank may look at for a purpose, some box of the letter must have been ticked for. Where a
# purpose is absent, no letter has a box for it.
BOXES: Mapping[Purpose, frozenset[TickedBusiness]] = MappingProxyType(
    {
        Purpose.PRE_LOAN_REVIEW: frozenset({TickedBusiness.APPLICATION, TickedBusiness.APPROVAL}),
        Purpose.LIMIT_APPROVAL: frozenset({TickedBusiness.APPLICATION, TickedBusiness.APPROVAL}),
        Purpose.LOAN_OPERATION: frozenset({TickedBusiness.DRAWDOWN}),
        Purpose.POST_LOAN: frozenset({TickedBusiness.POST_LOAN, TickedBusiness.PRESERVATION}),
        Purpose.GUARANTEE_REVIEW: frozenset({TickedBusiness.GUARANTOR}),
    }
)
# A report that is read is filed: a letter that allows the one and not the other cannot be kept.
SCOPES = frozenset({LetterScope.QUERY, LetterScope.KEEP})
NO_BOX = frozenset[TickedBusiness]()


def require_letter(request: ConsentRequest, letter: Letter, *, now: datetime) -> None:
    """Accept a letter that carries the request.

    Raises:
        LetterUnfit: unsealed, signed in time to come, of another business, too short, too narrow.
    """
    ticked = frozenset(letter.ticked)
    fits = (
        letter.sealed,
        # By the calendar of whoever signed: there is no hour on a letter.
        letter.signed_on <= now.astimezone(SHANGHAI).date(),
        frozenset(letter.scopes) >= SCOPES,
        all(BOXES.get(purpose, NO_BOX) & ticked for purpose in request.purposes),
        request.valid_to <= _end_of(letter.query_until),
        # The enterprise's own signature never gives way to a scan that somebody else lodged.
        request.supersedes is None,
    )
    if not all(fits):
        raise LetterUnfit


def _end_of(day: date | None) -> datetime:
    # To the end of all business: the consent's own term is the hard stop.
    if day is None:
        return datetime.max.replace(tzinfo=SHANGHAI)
    return datetime.combine(day, time(), tzinfo=SHANGHAI) + timedelta(days=1)
