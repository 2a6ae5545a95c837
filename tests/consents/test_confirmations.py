"""A consent whose legal representative changed: it waits, is confirmed, or ends."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.consents.confirmations.rules import (
    ConfirmationNotAwaited,
    await_confirmation,
    confirm,
    end_unconfirmed,
)
from creditbridge.consents.model import Consent, ConsentExpired, ConsentState
from creditbridge.consents.rules import TransitionImpossible

DAY = timedelta(days=1)


@pytest.fixture
def given(consent: Consent) -> Consent:
    """A live consent."""
    return replace(consent, state=ConsentState.ACTIVE)


@pytest.fixture
def waiting(given: Consent, noon: datetime) -> Consent:
    """The same, while it waits until a day later."""
    return await_confirmation(given, confirm_by=noon + DAY)


@pytest.mark.parametrize("state", ConsentState)
def test_what_is_given_waits_and_nothing_else(
    state: ConsentState, given: Consent, noon: datetime
) -> None:
    """An active one and a paused one, once; a request, or what has ended, waits for nobody."""
    before = replace(given, state=state)

    if state not in {ConsentState.ACTIVE, ConsentState.PAUSED}:
        with pytest.raises(TransitionImpossible):
            await_confirmation(before, confirm_by=noon)
        return
    after = await_confirmation(before, confirm_by=noon + DAY)
    assert (after.state, after.version) == (ConsentState.PAUSED, before.version + 1)
    assert after.confirm_by == noon + DAY
    with pytest.raises(TransitionImpossible):
        await_confirmation(after, confirm_by=noon + DAY)


def test_a_confirmation_lets_it_go_on(waiting: Consent, noon: datetime) -> None:
    """As it is, under the word of whoever confirmed; to the last instant of the time for it."""
    last = noon + DAY - timedelta(microseconds=1)

    after = confirm(waiting, version=waiting.version, person_id="prs_2", now=last)

    assert (after.state, after.version) == (ConsentState.ACTIVE, waiting.version + 1)
    assert (after.confirm_by, after.confirmed_by) == (None, "prs_2")
    assert after.artefact == waiting.artefact
    assert (after.valid_to, after.used) == (waiting.valid_to, waiting.used)


def test_what_does_not_wait_is_not_confirmed(
    given: Consent, waiting: Consent, noon: datetime
) -> None:
    """Unknown, live, paused by hand, ended meanwhile, of another version, or too late."""
    cases: list[tuple[Consent | None, int, datetime]] = [
        (None, 1, noon),
        (given, given.version, noon),
        (replace(given, state=ConsentState.PAUSED), given.version, noon),
        (replace(waiting, state=ConsentState.WITHDRAWN), waiting.version, noon),
        (waiting, waiting.version - 1, noon),
        (waiting, waiting.version, noon + DAY),
    ]

    for consent, version, now in cases:
        with pytest.raises(ConfirmationNotAwaited):
            confirm(consent, version=version, person_id="prs_2", now=now)


def test_a_term_that_is_over_is_not_confirmed(waiting: Consent, noon: datetime) -> None:
    """The yes would give nothing, and look as if it did."""
    over = replace(waiting, valid_to=noon)

    with pytest.raises(ConsentExpired):
        confirm(over, version=over.version, person_id="prs_2", now=noon)


def test_what_nobody_confirmed_ends(given: Consent, waiting: Consent, noon: datetime) -> None:
    """At the instant of its time, and not before; one that waits for nobody does not."""
    after = end_unconfirmed(waiting, now=noon + DAY)

    assert after.state is ConsentState.EXPIRED
    assert (after.ended_at, after.reason) == (noon + DAY, "representative-unconfirmed")
    for consent, now in ((waiting, noon + DAY - timedelta(microseconds=1)), (given, noon + DAY)):
        with pytest.raises(TransitionImpossible):
            end_unconfirmed(consent, now=now)
