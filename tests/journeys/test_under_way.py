"""What is under way is stopped where it may be, and is gone when its task is done."""

import asyncio

import pytest

from creditbridge.journeys.under_way import BrokenOff, Look, UnderWay


async def ask(under_way: UnderWay, begun: asyncio.Event, went_on: "list[str]") -> None:
    """Be under way, and ask what is never answered."""
    look = under_way.enter("cns_1")
    try:
        with look.asking():
            begun.set()
            await asyncio.Event().wait()
    except BrokenOff:
        went_on.append("broken off")


async def test_what_is_asked_is_broken_off_and_its_end_wakes() -> None:
    """The task goes on to its record; with it the consent is quiet, and whoever waits is woken."""
    under_way, begun, went_on = UnderWay(), asyncio.Event(), list[str]()
    task = asyncio.create_task(ask(under_way, begun, went_on))
    await begun.wait()
    assert under_way.list_consents() == ["cns_1"]

    under_way.stop("cns_1")
    under_way.stop("cns_1")
    under_way.stop("cns_2")
    await under_way.wait(60)

    assert went_on == ["broken off"]
    assert under_way.is_quiet("cns_1")
    assert not task.cancelled()


async def test_another_cancellation_goes_through() -> None:
    """Only our own stop is turned into an end that is recorded."""
    under_way, begun, went_on = UnderWay(), asyncio.Event(), list[str]()
    task = asyncio.create_task(ask(under_way, begun, went_on))
    await begun.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert went_on == []
    assert under_way.is_quiet("cns_1")


async def test_a_stop_and_another_cancellation_end_the_task() -> None:
    """Whoever else cancelled is not passed over."""
    under_way, begun, went_on = UnderWay(), asyncio.Event(), list[str]()
    task = asyncio.create_task(ask(under_way, begun, went_on))
    await begun.wait()

    under_way.stop("cns_1")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert went_on == []


async def test_what_was_stopped_before_it_asked_never_asks() -> None:
    """Between the decision and the query the stop is kept in mind."""
    task = asyncio.current_task()
    assert task is not None
    look, asked = Look(task), False

    look.stop()
    with pytest.raises(BrokenOff), look.asking():
        asked = True

    assert not asked
    assert task.cancelling() == 0


async def test_a_wait_without_a_change_ends_by_itself() -> None:
    """Should nobody be able to tell, the house looks all the same."""
    under_way = UnderWay()

    await under_way.wait(0)
    under_way.wake()
    await under_way.wait(60)


async def test_two_under_one_consent_are_quiet_when_both_are_done() -> None:
    """The last one out tells."""
    under_way, went_on = UnderWay(), list[str]()
    first, second = asyncio.Event(), asyncio.Event()
    one = asyncio.create_task(ask(under_way, first, went_on))
    other = asyncio.create_task(ask(under_way, second, went_on))
    await first.wait()
    await second.wait()

    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert not under_way.is_quiet("cns_1")
    under_way.stop("cns_1")
    await other

    await under_way.wait(60)
    assert under_way.is_quiet("cns_1")
