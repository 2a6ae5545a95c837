"""A known caller who is turned away behind the door is on the ledger, once."""

from typing import Protocol

import pytest

from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import Malformed
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.refuse_caller import RefuseCaller
from creditbridge.ledger.model import CallerRefused, Core, EventKind
from creditbridge.ledger.port import Recorder


class Onboarded(Protocol):
    """A bank of `conftest`."""

    client_ids: tuple[str, ...]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Recorder

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


async def test_the_refusal_is_recorded_with_its_code(house: House, north: Onboarded) -> None:
    """Code and door, nothing of what was sent; the caller gets the receipt."""
    refusal = Malformed()
    journey = RefuseCaller(database=house.database, ledger=house.ledger)

    await journey(house.call(north), refusal, door="reports")

    [core] = await house.told("caller")
    assert core.terms == CallerRefused(client=north.client_ids[0], door="reports", code="malformed")
    assert refusal.receipt_header is not None
    assert refusal.receipt_header.startswith(":")


async def test_what_is_recorded_already_is_not_recorded_again(
    house: House, north: Onboarded
) -> None:
    """A refusal by the consent has its own entry and receipt."""
    refusal = Malformed()
    refusal.receipt_header = ":kept:"

    await RefuseCaller(database=house.database, ledger=house.ledger)(
        house.call(north), refusal, door="reports"
    )

    assert await house.told("caller") == []
    assert refusal.receipt_header == ":kept:"


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_refusal_is_told_without_the_ledgers_word(
    house: House, north: Onboarded, fault: str
) -> None:
    """The statement failed, before or after it was done: the caller gets 503 instead."""
    refusal = Malformed()
    ledger = house.faulty_ledger(EventKind.CALLER_REFUSED, fault)

    with pytest.raises(DatabaseUnavailable):
        await RefuseCaller(database=house.database, ledger=ledger)(
            house.call(north), refusal, door="reports"
        )

    assert refusal.receipt_header is None
    assert await house.told("caller") == []
