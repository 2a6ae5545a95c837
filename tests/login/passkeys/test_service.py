"""Passkeys on a real database: one try, one use, one owner."""

import asyncio
from datetime import timedelta

import pytest
from tests.login.passkeys.conftest import PERSON, Desk, answer, register
from tests.passkeys import Authenticator, make_authenticator

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.login.passkeys import service
from creditbridge.login.passkeys.model import (
    SIGNING_LIFE,
    CounterBack,
    Demand,
    Passkey,
    PasskeysMany,
    PasskeyState,
    PasskeyTaken,
    PasskeyUnknown,
    RecoveryNeeded,
    SentAssertion,
    SigningKind,
    SignInNotFresh,
)
from creditbridge.login.passkeys.rules import user_handle
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

OTHER = "prs_01hzy6t9x7c3v5n8m2k4p6q8r1"
AGE = """
    UPDATE login_signings SET made_at = made_at - $1::interval, expires_at = expires_at - $1
"""


async def list_states(desk: Desk) -> list[PasskeyState]:
    """Return the states of the person's passkeys."""
    async with desk.database.transaction() as tx:
        return [one.state for one in await desk.passkeys.list_own(tx, PERSON)]


async def test_a_passkey_is_kept_and_signs(desk: Desk) -> None:
    """Its counter and its last use are kept."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    signing = await desk.ask(session, SigningKind.APPROVE)

    async with desk.database.transaction() as tx:
        assert await desk.prove(tx, session, answer(device.counted(5), signing)) == signing
    async with desk.database.transaction() as tx:
        (kept,) = await desk.passkeys.choose(tx, PERSON, Demand.DEVICE_BOUND)
    assert (kept.counter, kept.state, kept.name) == (5, PasskeyState.ACTIVE, "phone")
    assert kept.used_at is not None


async def test_a_try_is_spent_by_whoever_comes_first(desk: Desk) -> None:
    """Of twenty answers to one page at once, one is verified; a replay finds nothing."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    signing = await desk.ask(session, SigningKind.APPROVE)
    sent = answer(device, signing)

    async def race() -> str:
        try:
            async with desk.database.transaction(commit_on=ApprovalInvalid) as tx:
                await desk.prove(tx, session, sent)
        except ApprovalInvalid as error:
            return error.detail
        return "held"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race()) for _ in range(20)]

    outcomes = sorted(task.result() for task in tasks)
    assert outcomes == ["held", *["statement: none"] * 19]


async def test_a_failed_try_is_spent_too(desk: Desk) -> None:
    """The right answer after a wrong one comes too late."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    signing = await desk.ask(session, SigningKind.APPROVE)

    details = []
    for one in (make_authenticator(), device):
        with pytest.raises(ApprovalInvalid) as caught:
            async with desk.database.transaction(commit_on=ApprovalInvalid) as tx:
                await desk.prove(tx, session, answer(one, signing))
        details.append(caught.value.detail)

    assert details == ["credential: none of this person", "statement: none"]


async def test_an_expired_try_is_spent_too(desk: Desk) -> None:
    """After 300 seconds."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    signing = await desk.ask(session, SigningKind.APPROVE)
    async with desk.database.transaction() as tx:
        await tx.execute(AGE, SIGNING_LIFE)

    for detail in ("statement: expired", "statement: none"):
        with pytest.raises(ApprovalInvalid) as caught:
            async with desk.database.transaction(commit_on=ApprovalInvalid) as tx:
                await desk.prove(tx, session, answer(device, signing))
        assert caught.value.detail == detail


async def test_a_page_opened_again_replaces_what_it_asked(desk: Desk) -> None:
    """Only the last one counts, so nothing grows."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    first = await desk.ask(session, SigningKind.APPROVE)
    second = await desk.ask(session, SigningKind.APPROVE)

    for signing, holds in ((first, False), (second, True)):
        async with desk.database.transaction() as tx:
            if holds:
                assert await desk.prove(tx, session, answer(device, signing)) == second
            else:
                with pytest.raises(ApprovalInvalid):
                    await desk.prove(tx, session, answer(device, signing))


async def test_another_session_finds_no_try(desk: Desk) -> None:
    """Nor does a text that is no id."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    signing = await desk.ask(session, SigningKind.APPROVE)
    stranger = await desk.session(person_id=OTHER)

    for who, signing_id in ((stranger, signing.signing_id), (session, "x")):
        async with desk.database.transaction() as tx:
            with pytest.raises(ApprovalInvalid):
                await desk.passkeys.take(tx, who, signing_id, SigningKind.APPROVE)
    async with desk.database.transaction() as tx:
        taken = await desk.passkeys.take(tx, session, signing.signing_id, SigningKind.APPROVE)
    assert taken == signing


async def test_anothers_passkey_and_handle_sign_nothing(desk: Desk) -> None:
    """Both people on one device: each signs for themselves."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device)
    stranger, theirs = await desk.session(person_id=OTHER), make_authenticator()
    await desk.enrol(stranger, theirs)

    async def refuse(sent: SentAssertion) -> str:
        with pytest.raises(ApprovalInvalid) as caught:
            async with desk.database.transaction() as tx:
                await desk.prove(tx, session, sent)
        return caught.value.detail

    asked = await desk.ask(session, SigningKind.APPROVE)
    assert await refuse(answer(theirs, asked)) == "credential: none of this person"
    assert await refuse(answer(device, asked, handle=user_handle(OTHER))) == (
        "user handle: another's"
    )


async def test_a_counter_that_went_back_suspends(desk: Desk) -> None:
    """Once, for good: the passkey signs nothing any more."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, device.counted(7))
    signing = await desk.ask(session, SigningKind.APPROVE)
    sent = answer(device.counted(7), signing)

    with pytest.raises(CounterBack):
        async with desk.database.transaction() as tx:
            await desk.prove(tx, session, sent)
    async with desk.database.transaction() as tx:
        suspended = await desk.passkeys.suspend(tx, session, sent)
        again = await desk.passkeys.suspend(tx, session, sent)

    assert suspended is not None
    assert again is None
    assert await list_states(desk) == [PasskeyState.SUSPENDED]
    async with desk.database.transaction() as tx:
        with pytest.raises(ApprovalInvalid):
            await desk.passkeys.hold(tx, suspended.passkey_id)


async def test_suspending_an_unknown_credential_does_nothing(desk: Desk) -> None:
    """There is nothing to suspend."""
    session, device = await desk.session(), make_authenticator()
    signing = await desk.ask(session, SigningKind.APPROVE)

    async with desk.database.transaction() as tx:
        assert await desk.passkeys.suspend(tx, session, answer(device, signing)) is None


async def test_a_credential_is_one_persons(desk: Desk) -> None:
    """The same one again, be it of another person, is refused."""
    device = make_authenticator()
    await desk.enrol(await desk.session(), device)

    with pytest.raises(PasskeyTaken):
        await desk.enrol(await desk.session(person_id=OTHER), device)


async def test_an_ended_passkey_keeps_its_key(desk: Desk) -> None:
    """It signs nothing, and its row stays for what it signed before."""
    session, device = await desk.session(), make_authenticator()
    kept = await desk.enrol(session, device)

    async with desk.database.transaction() as tx:
        held = await desk.passkeys.hold(tx, kept.passkey_id)
        ended = await desk.passkeys.end(tx, person_id=PERSON, passkey_id=kept.passkey_id)

    assert held == kept
    assert (ended.state, ended.public_key) == (PasskeyState.ENDED, device.public_key)
    for person_id, passkey_id in (
        (PERSON, kept.passkey_id),
        (OTHER, kept.passkey_id),
        (PERSON, "x"),
    ):
        async with desk.database.transaction() as tx:
            with pytest.raises(PasskeyUnknown):
                await desk.passkeys.end(tx, person_id=person_id, passkey_id=passkey_id)


async def test_after_all_ended_nothing_is_added_without_a_recovery(desk: Desk) -> None:
    """Two operators open one enrolment; it waits, and the next needs another recovery."""
    session, device = await desk.session(), make_authenticator()
    await desk.enrol(session, make_authenticator())

    with pytest.raises(RecoveryNeeded):
        await desk.enrol(session, device)
    async with desk.database.transaction() as tx:
        assert await desk.passkeys.find_recovery(tx, PERSON) is None
        ended = await desk.passkeys.recover(tx, person_id=PERSON, change_id="chg_1")
        assert await desk.passkeys.find_recovery(tx, PERSON) is not None
    recovered = await desk.enrol(await desk.session(), device)
    with pytest.raises(RecoveryNeeded):
        await desk.enrol(session, make_authenticator())

    assert [one.state for one in ended] == [PasskeyState.ENDED]
    assert recovered.approves_from == recovered.enrolled_at + timedelta(hours=24)
    assert await list_states(desk) == [PasskeyState.ENDED, PasskeyState.ACTIVE]


async def test_of_two_enrolments_under_one_recovery_one_succeeds(desk: Desk) -> None:
    """They follow each other, and the second finds a passkey that it did not confirm with."""
    session = await desk.session()
    await desk.enrol(session, make_authenticator())
    async with desk.database.transaction() as tx:
        await desk.passkeys.recover(tx, person_id=PERSON, change_id="chg_1")

    async def race(device: Authenticator, subject: str) -> Passkey | CreditbridgeError:
        signing = await desk.ask(session, SigningKind.ENROL, subject=subject)
        try:
            async with desk.database.transaction() as tx:
                new = desk.passkeys.read_new(signing, register(device, signing))
                drafted, _ = await desk.passkeys.draft(
                    tx, session, new, name="phone", confirmed=False
                )
                return await desk.passkeys.keep(tx, drafted, enrolled_event="evt_2")
        except RecoveryNeeded as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(race(make_authenticator(), subject)) for subject in ("one", "two")
        ]

    outcomes = sorted(type(task.result()).__name__ for task in tasks)
    assert outcomes == ["Passkey", "RecoveryNeeded"]


async def test_a_first_passkey_needs_a_fresh_sign_in(desk: Desk) -> None:
    """A session that lay open for a while adds none."""
    with pytest.raises(SignInNotFresh):
        await desk.enrol(await desk.session(age_minutes=11), make_authenticator())


async def test_a_person_has_at_most_ten(desk: Desk) -> None:
    """The eleventh needs one of them to end."""
    session = await desk.session()
    kept = [await desk.enrol(session, make_authenticator(), confirmed=True) for _ in range(10)]

    with pytest.raises(PasskeysMany):
        await desk.enrol(session, make_authenticator(), confirmed=True)
    async with desk.database.transaction() as tx:
        await desk.passkeys.end(tx, person_id=PERSON, passkey_id=kept[0].passkey_id)
    added = await desk.enrol(session, make_authenticator(), confirmed=True)
    assert added.state is PasskeyState.ACTIVE


async def test_what_nobody_answered_is_purged(desk: Desk) -> None:
    """What is open stays."""
    session = await desk.session()
    await desk.ask(session, SigningKind.APPROVE)
    async with desk.database.transaction() as tx:
        assert await service.purge(tx) == 0
        await tx.execute(AGE, SIGNING_LIFE)
        assert await service.purge(tx) == 1
