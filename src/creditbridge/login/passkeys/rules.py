"""Which passkey may sign what, and when. Pure: the clock is an argument."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import (
    FRESH,
    CounterBack,
    Demand,
    Passkey,
    PasskeyCooling,
    PasskeyMissing,
    PasskeyNameMalformed,
    PasskeyState,
    PasskeyUnbound,
    Recovery,
    RecoveryNeeded,
    Signing,
    SigningKind,
    SignInNotFresh,
)
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

NAME_CHARACTERS_MAX = 40
_HANDLE_DOMAIN = b"creditbridge-user-handle-v1\x00"
_SESSION_DOMAIN = b"creditbridge-signing-session-v1\x00"


def user_handle(person_id: str) -> bytes:
    """Return a person's user handle, 32 bytes that name nobody (WebAuthn Level 3, 14.6.1)."""
    return hashlib.sha256(_HANDLE_DOMAIN + person_id.encode()).digest()


def digest_session(session: Session) -> bytes:
    """Return what a signing is bound to, 32 bytes: another session's signing is unknown."""
    return hashlib.sha256(_SESSION_DOMAIN + session.form_token.encode()).digest()


def choose(passkeys: Iterable[Passkey], demand: Demand, *, now: datetime) -> tuple[Passkey, ...]:
    """Return the passkeys that may sign an approval now; none where none is needed and there.

    Raises:
        PasskeyMissing: one is needed, and there is none.
        PasskeyUnbound: there are only such as may leave their device.
        PasskeyCooling: the only ones replaced lost ones a short while ago.
    """
    live = [one for one in passkeys if one.state is PasskeyState.ACTIVE]
    ready = tuple(one for one in live if one.approves_from <= now)
    if demand is Demand.NONE:
        return ready
    if not live:
        raise PasskeyMissing
    bound = [one for one in live if one.device_bound]
    if demand is Demand.DEVICE_BOUND and not bound:
        raise PasskeyUnbound
    fit = tuple(one for one in ready if one.device_bound or demand is Demand.ANY)
    if not fit:
        raise PasskeyCooling
    return fit


def require_demanded(demand: Demand, *, is_signed: bool, device_bound: bool) -> None:
    """Accept an approval that is signed as the policy demands.

    Raises:
        PasskeyMissing: it is not signed, and must be.
        PasskeyUnbound: by a passkey that may leave its device, where it must not.
    """
    if demand is Demand.NONE:
        return
    if not is_signed:
        raise PasskeyMissing
    if demand is Demand.DEVICE_BOUND and not device_bound:
        raise PasskeyUnbound


def require_signing(
    signing: Signing | None, session: Session, kind: SigningKind, *, now: datetime
) -> Signing:
    """Return a signing that was just spent, where it is what the page was given.

    Raises:
        ApprovalInvalid: spent before, of another session, person, enterprise or kind; too late.
    """
    if signing is None:
        raise ApprovalInvalid(detail="statement: none")
    if (signing.person_id, signing.uscc) != (session.person_id, session.uscc):
        raise ApprovalInvalid(detail="statement: another person's")
    if signing.kind is not kind:
        raise ApprovalInvalid(detail="statement: another act")
    if now >= signing.expires_at:
        raise ApprovalInvalid(detail="statement: expired")
    return signing


def require_own(
    passkey: Passkey | None, session: Session, handle: bytes | None, *, now: datetime
) -> Passkey:
    """Return a live passkey of the session's own person.

    Raises:
        ApprovalInvalid: unknown, another person's, ended, suspended, cooling, or another's handle.
    """
    if passkey is None or passkey.person_id != session.person_id:
        raise ApprovalInvalid(detail="credential: none of this person")
    if passkey.state is not PasskeyState.ACTIVE:
        raise ApprovalInvalid(detail="credential: ended")
    if now < passkey.approves_from:
        raise ApprovalInvalid(detail="credential: cooling")
    # A synced passkey of another account on the same device comes with that account's handle.
    if handle is not None and not hmac.compare_digest(handle, user_handle(passkey.person_id)):
        raise ApprovalInvalid(detail="user handle: another's")
    return passkey


def require_counter(before: int, after: int) -> None:
    """Accept a counter that grew, or one that the authenticator does not keep.

    Raises:
        CounterBack: it stayed or went back (WebAuthn Level 3, section 7.2, step 22).
    """
    # Synced passkeys count nothing, and say zero for ever.
    if (before or after) and after <= before:
        raise CounterBack


def require_enrollable(
    passkeys: Iterable[Passkey],
    recovery: Recovery | None,
    session: Session,
    *,
    confirmed: bool,
    now: datetime,
) -> bool:
    """Tell whether a new passkey would replace lost ones; accept that it is added at all.

    The first one needs a fresh sign-in; a further one an old one's signature; one after all are
    gone two operators. Those that lapsed with an authority are not gone: who has another one begins
    anew.

    Raises:
        RecoveryNeeded: there were passkeys, none is left, and no recovery is open.
        SignInNotFresh: the person signed in too long ago.
    """
    known = () if _is_lapsed(passkeys := tuple(passkeys)) else passkeys
    if confirmed:
        return False
    if known and (recovery is None or now >= recovery.expires_at):
        raise RecoveryNeeded
    if now - session.signed_in_at > FRESH:
        raise SignInNotFresh
    return bool(known)


def _is_lapsed(passkeys: tuple[Passkey, ...]) -> bool:
    if any(one.ended_at is None for one in passkeys):
        return False
    last = max(passkeys, key=lambda one: one.ended_at or one.enrolled_at, default=None)
    return last is not None and last.lapsed


def approves_from(*, now: datetime, recovers: bool, cooling_hours: int) -> datetime:
    """Return from when on a new passkey may approve."""
    return now + timedelta(hours=cooling_hours) if recovers else now


def require_name(name: str) -> str:
    """Return a person's name for a passkey.

    Raises:
        PasskeyNameMalformed: empty, too long, or not printable.
    """
    trimmed = name.strip()
    if not (0 < len(trimmed) <= NAME_CHARACTERS_MAX and trimmed.isprintable()):
        raise PasskeyNameMalformed
    return trimmed
