"""What the pages about passkeys show. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from creditbridge.journeys.enrol_passkey import AskedPasskey
from creditbridge.ledger.encoding import to_base64url
from creditbridge.login.passkeys.model import (
    PASSKEYS_MAX,
    Passkey,
    PasskeyState,
    PasskeyUnknown,
    Recovery,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.rules import NAME_CHARACTERS_MAX, user_handle
from creditbridge.login.passkeys.service import challenge_for
from creditbridge.login.passkeys.settings import NAME
from creditbridge.protocols.webauthn_assertion import RelyingParty


class PasskeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One passkey; `approves_from` where it may not approve yet."""

    passkey_id: str
    name: str
    state: PasskeyState
    device_bound: bool
    enrolled_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None
    approves_from: datetime | None = None


class PasskeyListView(msgspec.Struct, frozen=True, kw_only=True):
    """A person's passkeys; `person_id` is what an operator is told after a loss."""

    live: tuple[PasskeyLine, ...]
    ended: tuple[PasskeyLine, ...]
    person_id: str
    can_add: bool
    is_lost: bool  # There were some, none is left, and no recovery is open.
    recovery_until: datetime | None = None


class CeremonyView(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's script asks the browser for, each binary value in base64url."""

    signing_id: str
    challenge: str
    rp_id: str
    credentials: str  # Ids of passkeys, with spaces between.
    expires_at: datetime


class PasskeyAskView(msgspec.Struct, frozen=True, kw_only=True):
    """The page for a new passkey: `confirms` where an old one signs first."""

    ceremony: CeremonyView
    confirms: bool
    rp_name: str
    user_id: str
    user_name: str
    name_characters_max: int = NAME_CHARACTERS_MAX


class PasskeyEndView(msgspec.Struct, frozen=True, kw_only=True):
    """What ending a passkey does; `is_last` where no other is left to approve with."""

    passkey: PasskeyLine
    is_last: bool


def list_view(
    passkeys: Sequence[Passkey], recovery: Recovery | None, *, person_id: str, now: datetime
) -> PasskeyListView:
    """Return a person's passkeys, the live ones first."""
    live = tuple(_line(one, now=now) for one in passkeys if one.state is PasskeyState.ACTIVE)
    ended = tuple(_line(one, now=now) for one in passkeys if one.state is not PasskeyState.ACTIVE)
    is_lost = bool(ended) and not live and recovery is None
    return PasskeyListView(
        live=live,
        ended=ended,
        person_id=person_id,
        can_add=not is_lost and len(live) < PASSKEYS_MAX,
        is_lost=is_lost,
        recovery_until=None if recovery is None else recovery.expires_at,
    )


def ask_view(asked: AskedPasskey, party: RelyingParty, *, name: str) -> PasskeyAskView:
    """Return what the page for a new passkey asks."""
    return PasskeyAskView(
        ceremony=ceremony_view(asked.signing, asked.passkeys, party),
        confirms=asked.signing.kind is SigningKind.CONFIRM,
        rp_name=NAME,
        user_id=to_base64url(user_handle(asked.signing.person_id)),
        user_name=name,
    )


def ceremony_view(
    signing: Signing, passkeys: Iterable[Passkey], party: RelyingParty
) -> CeremonyView:
    """Return what the script asks the browser for."""
    return CeremonyView(
        signing_id=signing.signing_id,
        challenge=to_base64url(challenge_for(signing)),
        rp_id=party.rp_id,
        credentials=" ".join(to_base64url(one.credential_id) for one in passkeys),
        expires_at=signing.expires_at,
    )


def ending_view(passkeys: Sequence[Passkey], passkey_id: str) -> PasskeyEndView:
    """Return what ending a passkey does.

    Raises:
        PasskeyUnknown: no live one of these.
    """
    live = [one for one in passkeys if one.state is PasskeyState.ACTIVE]
    for one in live:
        if one.passkey_id == passkey_id:
            line = _line(one, now=one.approves_from)
            return PasskeyEndView(passkey=line, is_last=len(live) == 1)
    raise PasskeyUnknown


def _line(passkey: Passkey, *, now: datetime) -> PasskeyLine:
    waits = passkey.approves_from > now
    return PasskeyLine(
        passkey_id=passkey.passkey_id,
        name=passkey.name,
        state=passkey.state,
        device_bound=passkey.device_bound,
        enrolled_at=passkey.enrolled_at,
        used_at=passkey.used_at,
        ended_at=passkey.ended_at,
        approves_from=passkey.approves_from if waits else None,
    )
