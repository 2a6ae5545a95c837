"""How far a person may speak for an enterprise. Pure: the clock is an argument."""

import hashlib
import hmac
from datetime import datetime

from creditbridge.parties.model import Role
from creditbridge.parties.voices.model import (
    DAYS_MAX,
    ISSUER_CHARACTERS_MAX,
    QUERIES_MAX,
    AgentOver,
    AgentPurposes,
    AgentSections,
    AgentTerm,
    AgentUses,
    AppointmentMalformed,
    AppointmentNotYours,
    Document,
    Limits,
    Reach,
    Representative,
    VoiceUnappointed,
)

_PERSON_LABEL = b"creditbridge-person-v1\x00"
DIGEST_BYTES = 32


def derive_person_key(secret: bytes, *, issuer: str, person: str) -> bytes:
    """Return what stands for a natural person in the house: 32 bytes, under a secret of 32.

    Keyed, because a provider may derive its claim from a resident id number: whoever read the
    table could otherwise try all of those.
    """
    # An issuer is a URL and holds no zero byte: no two pairs give one text.
    told = _PERSON_LABEL + issuer.encode() + b"\x00" + person.encode()
    return hmac.new(secret, told, hashlib.sha256).digest()


def require_appointable(document: Document, limits: Limits, *, now: datetime) -> None:
    """Accept what a legal representative says that an agent may do.

    Raises:
        AppointmentMalformed: see there.
    """
    issuer = document.issuer
    sound = (
        len(document.digest) == DIGEST_BYTES,
        # A page shows it: no characters that nobody would see.
        0 < len(issuer) <= ISSUER_CHARACTERS_MAX and issuer.isprintable(),
        issuer == issuer.strip(),
        bool(limits.purposes) and bool(limits.sections),
        0 < limits.days_max <= DAYS_MAX,
        0 < limits.queries_max <= QUERIES_MAX,
        limits.ends_at > now,
        document.valid_until > now,
    )
    if not all(sound):
        raise AppointmentMalformed


def require_legal_rep(representative: Representative) -> None:
    """Accept the one person who may say what others may do.

    Raises:
        AppointmentNotYours: an agent.
    """
    # Agents never appoint agents: a chain of them would end nowhere that an enterprise can see.
    if representative.role is not Role.LEGAL_REP:
        raise AppointmentNotYours


def is_approver(representative: Representative, *, now: datetime) -> bool:
    """Tell whether a person may approve anything at all at this instant."""
    if representative.ended_at is not None:
        return False
    if representative.role is Role.LEGAL_REP:
        return True
    limits, document = representative.limits, representative.document
    if limits is None or document is None or not limits.may_approve:
        return False
    return now < min(limits.ends_at, document.valid_until)


def require_within(representative: Representative, reach: Reach, *, now: datetime) -> None:
    """Accept an approval that whoever gives it may give.

    Raises:
        VoiceUnappointed: an agent who may not approve at all.
        AgentLimited: the first limit, in the order below, that is exceeded.
    """
    if representative.role is Role.LEGAL_REP:
        return
    limits = representative.limits
    if limits is None or representative.document is None or not limits.may_approve:
        raise VoiceUnappointed
    # The instant decides: nobody has to be there to end what has run out.
    if not is_approver(representative, now=now):
        raise AgentOver
    if not reach.purposes <= limits.purposes:
        raise AgentPurposes
    if not reach.sections <= limits.sections:
        raise AgentSections
    if reach.days > limits.days_max:
        raise AgentTerm
    if reach.queries > limits.queries_max:
        raise AgentUses
