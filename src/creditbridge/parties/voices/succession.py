"""When another person is an enterprise's legal representative. Pure: the clock is an argument.

Two sources say so: the identity provider, of whom it vouches for; and the register, by a name in a
platform's verified answer. The later word counts, and no word takes back a change that came after
what it is about:

- A former legal representative stays out until a source names a date of office after their end.
- The provider's word on a person with an earlier date of office than the present one's is stale.
- The register's word counts only where the name surely differs, and where it is the younger one: by
  the two dates of office, or, where one of them is not told, by data that are younger than the
  provider's last word.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone

import msgspec

from creditbridge.parties.model import Role
from creditbridge.parties.voices.model import EndReason, Representative, VoiceSucceeded

CHINA = timezone(timedelta(hours=8))  # The calendar of the registers.
_MASK = re.compile(r"[*×●○某]+")  # As sources hide what they do not tell; NFKC by then.
SUCCEEDED = frozenset({EndReason.SUCCESSOR, EndReason.REGISTER})


class RegisterWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a register's verified answer says of an enterprise's legal representative.

    `as_of` is of the source's own data; `since` is the day on which the registration that it tells
    was approved.
    """

    name: str
    as_of: datetime
    since: date | None = None


def require_office(
    former: Representative | None,
    present: Representative | None,
    *,
    since: date | None,
) -> None:
    """Accept the provider's word that a person is the legal representative now.

    `former` is the person's own last right in that role, `present` that of whoever has it now.

    Raises:
        VoiceSucceeded: another came after them, and no date says that they came back.
    """
    if former is not None and former.ended_at is not None and former.end_reason in SUCCEEDED:
        # Somebody has come, or is to come, after them: that they are back must be dated later.
        if since is None or since <= day_of(former.ended_at):
            raise VoiceSucceeded
        return
    if present is None or present.office_since is None or since is None:
        return
    if since < present.office_since:
        raise VoiceSucceeded


def is_succeeded(
    present: Representative,
    name: str,
    word: RegisterWord,
    *,
    former: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether the register surely names another person than the present one, called `name`.

    `former` are the names of those who were it before.
    """
    if present.role is not Role.LEGAL_REP or not differs_surely(word.name, name):
        return False
    since, office_since = word.since, present.office_since
    if since is None or office_since is None or since == office_since:
        # Old data tell of a time before the provider's word.
        is_younger = word.as_of > (present.vouched_at or present.enrolled_at)
    else:
        is_younger = since > office_since
    # A source that still names a former one is behind, unless its date shows that they came back.
    if any(not differs_surely(word.name, one) for one in former):
        known_since = office_since or day_of(present.enrolled_at)
        return is_younger and since is not None and since > known_since
    return is_younger


def differs_surely(told: str, known: str) -> bool:
    """Tell whether two names are surely not one person's; what a mask hides may be anything."""
    told, known = normal_name(told), normal_name(known)
    if not told or not known:
        return False
    if not (_MASK.search(told) or _MASK.search(known)):
        return told != known
    # A mask may stand for any number of characters: what is shown before the first one and behind
    # the last one is compared, as far as both show it, and nothing else.
    heads = [_MASK.split(name)[0] for name in (told, known)]
    tails = [_MASK.split(name)[-1][::-1] for name in (told, known)]
    return _contradict(*heads) or _contradict(*tails)


def _contradict(one: str, other: str) -> bool:
    return any(left != right for left, right in zip(one, other, strict=False))


def normal_name(name: str) -> str:
    """Return a name as it is compared: NFKC, no blanks, and nothing more (DOMAIN, 1.5)."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def day_of(instant: datetime) -> date:
    """Return the day of an instant in the registers' calendar."""
    return instant.astimezone(CHINA).date()
