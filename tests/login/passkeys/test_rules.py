"""Which passkey may sign what, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.foundation.errors import CreditbridgeError
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
from creditbridge.login.passkeys.rules import (
    approves_from,
    choose,
    digest_session,
    require_counter,
    require_demanded,
    require_enrollable,
    require_name,
    require_own,
    require_signing,
    user_handle,
)
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BOUND = Passkey(
    passkey_id="psk_1",
    person_id="prs_1",
    credential_id=b"c",
    credential_digest=bytes(32),
    public_key=b"k",
    name="phone",
    device_bound=True,
    counter=0,
    state=PasskeyState.ACTIVE,
    enrolled_at=NOW,
    approves_from=NOW,
    enrolled_event="evt_1",
)
SYNCED = replace(BOUND, passkey_id="psk_2", device_bound=False)
COOLING = replace(BOUND, approves_from=NOW + SECOND)
ENDED = replace(BOUND, state=PasskeyState.ENDED)
LOST = replace(ENDED, ended_at=NOW)
LAPSED = replace(ENDED, ended_at=NOW + SECOND, lapsed=True)
SUSPENDED = replace(BOUND, state=PasskeyState.SUSPENDED)
SESSION = Session(
    person_id="prs_1", uscc="u", signed_in_at=NOW, ends_at=NOW + FRESH, form_token="t"
)
SIGNING = Signing(
    signing_id="sgn_1",
    subject="cns_1",
    kind=SigningKind.APPROVE,
    person_id="prs_1",
    uscc="u",
    signed=b"s",
    made_at=NOW,
    expires_at=NOW + SECOND,
)
RECOVERY = Recovery(person_id="prs_1", change_id="chg_1", opened_at=NOW, expires_at=NOW + SECOND)


@pytest.mark.parametrize(
    ("there", "demand", "chosen"),
    [
        ((), Demand.NONE, ()),
        ((BOUND, SYNCED), Demand.NONE, (BOUND, SYNCED)),
        ((ENDED, SUSPENDED, COOLING), Demand.NONE, ()),
        ((BOUND, SYNCED, ENDED), Demand.ANY, (BOUND, SYNCED)),
        ((COOLING, SYNCED), Demand.ANY, (SYNCED,)),
        ((BOUND, SYNCED), Demand.DEVICE_BOUND, (BOUND,)),
    ],
)
def test_a_page_asks_for_passkeys_that_fit(
    there: tuple[Passkey, ...], demand: Demand, chosen: tuple[Passkey, ...]
) -> None:
    """Live, past their waiting time, and bound to a device where the policy says so."""
    assert choose(there, demand, now=NOW) == chosen


@pytest.mark.parametrize(
    ("there", "demand", "refused"),
    [
        ((), Demand.ANY, PasskeyMissing),
        ((ENDED, SUSPENDED), Demand.ANY, PasskeyMissing),
        ((COOLING,), Demand.ANY, PasskeyCooling),
        ((SYNCED,), Demand.DEVICE_BOUND, PasskeyUnbound),
        ((SYNCED, COOLING), Demand.DEVICE_BOUND, PasskeyCooling),
    ],
)
def test_a_person_is_told_why_none_fits(
    there: tuple[Passkey, ...], demand: Demand, refused: type[CreditbridgeError]
) -> None:
    """To add one, to add another kind, or to wait."""
    with pytest.raises(refused):
        choose(there, demand, now=NOW)


def test_a_cooling_passkey_may_approve_from_its_instant_on() -> None:
    """At it, not only after it."""
    assert choose((COOLING,), Demand.ANY, now=NOW + SECOND) == (COOLING,)


@pytest.mark.parametrize(
    ("demand", "is_signed", "bound", "refused"),
    [
        (Demand.NONE, False, False, None),
        (Demand.ANY, True, False, None),
        (Demand.ANY, False, False, PasskeyMissing),
        (Demand.DEVICE_BOUND, True, True, None),
        (Demand.DEVICE_BOUND, True, False, PasskeyUnbound),
        (Demand.DEVICE_BOUND, False, False, PasskeyMissing),
    ],
)
def test_an_approval_is_signed_as_the_policy_demands(
    demand: Demand,
    is_signed: bool,  # noqa: FBT001 -- a case
    bound: bool,  # noqa: FBT001 -- a case
    refused: type[CreditbridgeError] | None,
) -> None:
    """Asked again when it is given: the page is no proof."""
    if refused is None:
        require_demanded(demand, is_signed=is_signed, device_bound=bound)
    else:
        with pytest.raises(refused):
            require_demanded(demand, is_signed=is_signed, device_bound=bound)


@pytest.mark.parametrize(
    ("signing", "kind", "now", "detail"),
    [
        (None, SigningKind.APPROVE, NOW, "statement: none"),
        (replace(SIGNING, person_id="prs_2"), SigningKind.APPROVE, NOW, "another person's"),
        (replace(SIGNING, uscc="v"), SigningKind.APPROVE, NOW, "another person's"),
        (SIGNING, SigningKind.CONFIRM, NOW, "another act"),
        (SIGNING, SigningKind.APPROVE, NOW + SECOND, "expired"),
    ],
)
def test_a_statement_of_another_or_of_yesterday_is_none(
    signing: Signing | None, kind: SigningKind, now: datetime, detail: str
) -> None:
    """One uniform refusal; the log says which."""
    with pytest.raises(ApprovalInvalid) as caught:
        require_signing(signing, SESSION, kind, now=now)

    assert detail in caught.value.detail


def test_a_statement_counts_until_its_last_instant() -> None:
    """Of this session's person, enterprise and kind."""
    last = SIGNING.expires_at - timedelta(microseconds=1)

    assert require_signing(SIGNING, SESSION, SigningKind.APPROVE, now=last) == SIGNING


@pytest.mark.parametrize(
    ("passkey", "handle", "detail"),
    [
        (None, None, "none of this person"),
        (replace(BOUND, person_id="prs_2"), None, "none of this person"),
        (ENDED, None, "ended"),
        (SUSPENDED, None, "ended"),
        (COOLING, None, "cooling"),
        (BOUND, user_handle("prs_2"), "user handle"),
        (BOUND, b"", "user handle"),
    ],
)
def test_a_passkey_of_another_or_out_of_use_signs_nothing(
    passkey: Passkey | None, handle: bytes | None, detail: str
) -> None:
    """Whose it is decides the row, and the handle must agree where it is there."""
    with pytest.raises(ApprovalInvalid) as caught:
        require_own(passkey, SESSION, handle, now=NOW)

    assert detail in caught.value.detail


@pytest.mark.parametrize("handle", [None, user_handle("prs_1")])
def test_a_persons_own_passkey_signs(handle: bytes | None) -> None:
    """With its handle, or from a device that tells none."""
    assert require_own(BOUND, SESSION, handle, now=NOW) == BOUND


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [(0, 0, True), (0, 1, True), (1, 2, True), (1, 1, False), (2, 1, False), (1, 0, False)],
)
def test_a_counter_grows_or_is_not_kept(before: int, after: int, holds: bool) -> None:  # noqa: FBT001 -- a case
    """Back, or standing still, there may be two of one key."""
    if holds:
        require_counter(before, after)
    else:
        with pytest.raises(CounterBack):
            require_counter(before, after)


@pytest.mark.parametrize(
    ("known", "recovery", "confirmed", "replaces"),
    [
        ((), None, False, False),
        ((BOUND,), None, True, False),
        ((ENDED,), RECOVERY, False, True),
        ((LAPSED,), None, False, False),
        ((LOST, LAPSED), None, False, False),
    ],
)
def test_a_passkey_is_added_first_beside_or_after_a_loss(
    known: tuple[Passkey, ...],
    recovery: Recovery | None,
    confirmed: bool,  # noqa: FBT001 -- a case
    replaces: bool,  # noqa: FBT001 -- a case
) -> None:
    """Only the one after a loss has to wait."""
    found = require_enrollable(known, recovery, SESSION, confirmed=confirmed, now=NOW)

    assert found is replaces


@pytest.mark.parametrize(
    ("known", "recovery", "now", "refused"),
    [
        ((BOUND,), None, NOW, RecoveryNeeded),
        ((ENDED,), None, NOW, RecoveryNeeded),
        ((LAPSED, replace(LOST, ended_at=NOW + 2 * SECOND)), None, NOW, RecoveryNeeded),
        ((LAPSED, BOUND), None, NOW, RecoveryNeeded),
        ((ENDED,), RECOVERY, NOW + SECOND, RecoveryNeeded),
        ((), None, NOW + FRESH + SECOND, SignInNotFresh),
        (
            (ENDED,),
            replace(RECOVERY, expires_at=NOW + 2 * FRESH),
            NOW + FRESH + SECOND,
            SignInNotFresh,
        ),
    ],
)
def test_a_stolen_session_adds_no_passkey(
    known: tuple[Passkey, ...],
    recovery: Recovery | None,
    now: datetime,
    refused: type[CreditbridgeError],
) -> None:
    """Who had passkeys signs with one or needs two operators; a first needs a fresh sign-in."""
    with pytest.raises(refused):
        require_enrollable(known, recovery, SESSION, confirmed=False, now=now)


def test_a_sign_in_is_fresh_for_ten_minutes() -> None:
    """To the very end of them."""
    assert not require_enrollable((), None, SESSION, confirmed=False, now=NOW + FRESH)


def test_only_a_recovered_passkey_waits() -> None:
    """For the hours that the house is configured with."""
    assert approves_from(now=NOW, recovers=False, cooling_hours=24) == NOW
    assert approves_from(now=NOW, recovers=True, cooling_hours=24) == NOW + timedelta(days=1)


@pytest.mark.parametrize("name", ["我的手机", " key ", "k" * 40])
def test_a_name_is_the_persons_own(name: str) -> None:
    """Trimmed, at most 40 characters."""
    assert require_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "  ", "k" * 41, "a\nb", "a\u202eb"])
def test_a_name_must_show(name: str) -> None:
    """Empty, long and invisible ones are refused."""
    with pytest.raises(PasskeyNameMalformed):
        require_name(name)


def test_handles_and_sessions_are_told_apart() -> None:
    """32 bytes each, that say nothing of what they were made of."""
    other = replace(SESSION, form_token="u")

    assert len({user_handle("prs_1"), user_handle("prs_2")}) == 2
    assert len(digest_session(SESSION)) == len(user_handle("prs_1")) == 32
    assert digest_session(SESSION) != digest_session(other)
