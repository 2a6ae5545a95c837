"""What a request without a browser may say, and what a poll for it is answered. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from creditbridge.access.backchannel.model import (
    EXPIRY,
    EXPIRY_MAX,
    EXPIRY_MIN,
    AuthorizationPending,
    BackchannelFault,
    BackchannelInvalid,
    BackchannelRequest,
    BindingMessageInvalid,
    Hint,
    HintUnknown,
    Outcome,
    Polled,
    RequestExpired,
    RequestIdInvalid,
    RequestRefused,
    SlowDown,
)
from creditbridge.access.model import OPENID
from creditbridge.access.pushed.details import read_details
from creditbridge.access.rules import decide_scopes
from creditbridge.parties.model import Client
from creditbridge.protocols.uscc import UsccInvalid, parse_uscc

BINDING_CHARACTERS_MAX = 64
# Control, formatting (among them what turns the direction of writing), surrogates, private,
# unassigned; line and paragraph ends.
UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SECONDS = re.compile(r"[0-9]{1,9}")


def read_request(
    parameters: Mapping[str, str], client: Client, *, scopes: frozenset[str]
) -> BackchannelRequest:
    """Return the request that parameters make; what none of them names is passed over.

    `scopes` are those that this server serves.

    Raises:
        OAuthError: the standard's word for the first fault.
    """
    asked = decide_scopes(parameters.get("scope"), client.scopes & scopes)
    if OPENID not in asked:
        raise BackchannelInvalid(BackchannelFault.SCOPE)
    uscc, details = read_hint(parameters), read_details(parameters.get("authorization_details"))
    if any(detail.enterprise.uscc != uscc for detail in details):
        raise BackchannelInvalid(BackchannelFault.ENTERPRISE)
    binding_message = read_binding_message(parameters.get("binding_message"))
    # A person must be able to tell what it is that they say yes to (FAPI-CIBA, section 5.2.2).
    if binding_message is None and not details:
        raise BackchannelInvalid(BackchannelFault.BINDING)
    return BackchannelRequest(
        client_id=client.client_id,
        bank_id=client.bank_id,
        scopes=asked,
        details=details,
        uscc=uscc,
        binding_message=binding_message,
    )


def read_hint(parameters: Mapping[str, str]) -> str:
    """Return the code of the enterprise that a request is for, in its normal form.

    Raises:
        BackchannelInvalid: none or several hints, or another kind.
        HintUnknown: no code of any enterprise.
    """
    hints = [hint for hint in Hint if hint in parameters]
    if len(hints) != 1:
        raise BackchannelInvalid(BackchannelFault.HINTS)
    if hints != [Hint.LOGIN]:
        raise BackchannelInvalid(BackchannelFault.HINT)
    try:
        return parse_uscc(parameters[Hint.LOGIN]).value
    except UsccInvalid as error:
        raise HintUnknown(detail=error.code) from error


def read_binding_message(text: str | None) -> str | None:
    """Return a text that everybody reads as one and the same.

    Raises:
        BindingMessageInvalid: too long, or with characters that are not seen, or that change
            how others are.
    """
    if text is None:
        return None
    if not 0 < len(text) <= BINDING_CHARACTERS_MAX or text.strip() != text:
        raise BindingMessageInvalid(detail=f"{len(text)} characters")
    if any(unicodedata.category(character) in UNFIT for character in text):
        raise BindingMessageInvalid(detail="a character that is not seen")
    return text


def read_expiry(parameters: Mapping[str, str]) -> timedelta:
    """Return how long a request waits: as asked, and never longer than seven days.

    Raises:
        BackchannelInvalid: no whole number, or under five seconds.
    """
    asked = parameters.get("requested_expiry")
    if asked is None:
        return EXPIRY
    # A number in the object is a text here, as one that came as a text (section 7.1.1).
    if _SECONDS.fullmatch(asked) is None or timedelta(seconds=int(asked)) < EXPIRY_MIN:
        raise BackchannelInvalid(BackchannelFault.EXPIRY)
    return min(timedelta(seconds=int(asked)), EXPIRY_MAX)


def require_approved(polled: Polled | None, *, now: datetime) -> Polled:
    """Return a request to which a person said yes, for its client.

    Raises:
        RequestIdInvalid: unknown, another client's, or used before.
        RequestRefused, RequestExpired: the person said no, or nothing.
        SlowDown, AuthorizationPending: not yet.
    """
    if polled is None:
        raise RequestIdInvalid(detail="unknown auth_req_id")
    # A decision that fell in time counts also for who fetches it a little later.
    if now >= polled.expires_at:
        raise RequestExpired
    if polled.is_early:
        raise SlowDown
    if polled.outcome is None:
        raise AuthorizationPending
    if polled.outcome is Outcome.REFUSED:
        raise RequestRefused
    return polled
