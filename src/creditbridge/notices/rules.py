"""What is an address, when a code fits, how long a mail waits. Pure: the clock is given."""

import hmac
import re
from datetime import datetime, timedelta

from creditbridge.notices.model import AddressMalformed, AskedAddress, CodeWrong

ADDRESS_CHARACTERS_MAX = 254  # RFC 5321, section 4.5.3.1.3, without its brackets.
LOCAL_CHARACTERS_MAX = 64  # RFC 5321, section 4.5.3.1.1.
CODE_DIGITS = 8
CODE_LIFE = timedelta(minutes=30)
CODE_TRIES_MAX = 5
CODES_MAX = 5
CODES_WINDOW = timedelta(hours=1)
TRIES_MAX = 8
PAGE_ROWS_MAX = 100
FIRST_WAIT = timedelta(minutes=1)
WAIT_MAX = timedelta(hours=6)
WARNING = timedelta(hours=24)
# A dot-atom and a host name (RFC 5321, section 4.1.2): no quotes, no comments, no address
# literals, so that nothing in it can mean anything to a header or to a shell.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")


def parse_address(text: str) -> str:
    """Return an e-mail address as it was typed, without the blanks around it.

    Raises:
        AddressMalformed: anything else.
    """
    address = text.strip()
    if len(address) > ADDRESS_CHARACTERS_MAX or _ADDRESS.fullmatch(address) is None:
        raise AddressMalformed
    if len(address.partition("@")[0]) > LOCAL_CHARACTERS_MAX:
        raise AddressMalformed
    return address


def require_code(
    asked: AskedAddress | None, typed: str, *, until: datetime | None, tries: int, now: datetime
) -> str:
    """Return the address that a code confirms.

    Raises:
        CodeWrong: none is asked for, it ran out, it was guessed at too often, or it is another.
    """
    if asked is None or until is None or now >= until or tries >= CODE_TRIES_MAX:
        raise CodeWrong
    digits = typed.strip()
    # In constant time, and only digits: a code is short, and can be tried over the network.
    if _CODE.fullmatch(digits) is None or not hmac.compare_digest(digits, asked.code):
        raise CodeWrong
    return asked.address


def may_ask_code(*, codes: int, since: datetime | None, now: datetime) -> bool:
    """Tell whether a person may have another code: our mail must not flood a stranger's box."""
    return since is None or now - since >= CODES_WINDOW or codes < CODES_MAX


def wait_after(tries: int) -> timedelta:
    """Return how long a mail waits after so many tries, at least one: four times as long each."""
    factor: int = 4 ** min(tries - 1, TRIES_MAX)  # Capped: a large power is no length of time.
    return min(FIRST_WAIT * factor, WAIT_MAX)


def is_spent(tries: int) -> bool:
    """Tell whether a mail was tried often enough."""
    return tries >= TRIES_MAX


def warns_from(requested_at: datetime, lapses_at: datetime) -> datetime:
    """Return from when on a request is about to lapse: its last day, or its last quarter."""
    return lapses_at - min(WARNING, (lapses_at - requested_at) / 4)
