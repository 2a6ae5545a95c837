"""What moves a consent or its people is told once, in the act's own transaction."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import pytest

import creditbridge.access.service as access
import creditbridge.consents.moves.service as moves
from creditbridge.consents.acts import Pause, Withdrawal
from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.cancel_request import CancelRequest
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.service import Ledger
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Bank

USCC = "91330100YY0000A13Y"
READER = Reader(person_id="prs_1", uscc=USCC)

Give: TypeAlias = Callable[..., Awaitable[Consent]]
Ask: TypeAlias = Callable[..., ReportRequest]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents
    deliver: DeliverReport

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


class Acts:
    """Each act that a consent can see, by the word of its notice."""

    def __init__(
        self, house: House, lodge: Give, give: Give, ask: Ask, person_id: str, north: Onboarded
    ) -> None:
        self.house, self.lodge, self.give, self.ask = house, lodge, give, ask
        self.person_id, self.north = person_id, north

    async def approved(self) -> None:
        """Say yes."""
        await self.give()

    async def paused(self) -> None:
        """Pause."""
        await self._pausing().pause(await self._turn())

    async def resumed(self) -> None:
        """Pause, and let go on."""
        turn = await self._turn()
        await self._pausing().pause(turn)
        await self._pausing().resume(turn)

    async def withdrawn(self) -> None:
        """Take it back."""
        consent = await self.give()
        journey = WithdrawConsent(
            database=self.house.database,
            consents=self.house.consents,
            access=access,
            ledger=self.house.ledger,
            notices=self.house.notices,
        )
        await journey(
            Withdrawal(consent_id=consent.consent_id, uscc=USCC, person_id=self.person_id)
        )

    async def cancelled(self) -> None:
        """Take a request back, as the bank."""
        consent = await self.lodge()
        journey = CancelRequest(
            database=self.house.database,
            moves=moves,
            ledger=self.house.ledger,
            notices=self.house.notices,
        )
        await journey(self.house.call(self.north), consent.consent_id)

    async def expired(self) -> None:
        """Let the term end; twice looked at, once told."""
        consent = await self.give()
        await self.house.database.raise_floor(consent.valid_to)
        assert [await self._ending()(), await self._ending()()] == [1, 0]

    async def exhausted(self) -> None:
        """Use the one look that there is."""
        await self.house.deliver(self.ask(await self.give(queries=1)))
        assert [await self._ending()(), await self._ending()()] == [1, 0]

    async def superseded(self) -> None:
        """Give another in its place."""
        earlier = await self.give()
        await self.give(supersedes=earlier.consent_id)

    def _ending(self) -> EndConsents:
        house = self.house
        return EndConsents(
            database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
        )

    def _pausing(self) -> PauseConsent:
        house = self.house
        return PauseConsent(
            database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
        )

    async def _turn(self) -> Pause:
        consent = await self.give()
        return Pause(consent_id=consent.consent_id, uscc=USCC, person_id=self.person_id)


@pytest.fixture
def acts(house: House, lodge: Give, give: Give, ask: Ask, person_id: str, north: Onboarded) -> Acts:
    """The acts, in the house."""
    return Acts(house, lodge, give, ask, person_id, north)


@pytest.mark.parametrize(
    "act",
    [
        Acts.approved,
        Acts.paused,
        Acts.resumed,
        Acts.withdrawn,
        Acts.cancelled,
        Acts.expired,
        Acts.exhausted,
        Acts.superseded,
    ],
)
async def test_each_act_is_told_once(
    act: Callable[[Acts], Awaitable[None]], acts: Acts, house: House
) -> None:
    """One line in the inbox, of the bank and the purposes."""
    await act(acts)

    kind = NoticeKind(f"CONSENT_{act.__name__.upper()}")
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, READER)
    [told] = [notice for notice in notices if notice.kind is kind]
    assert (told.bank_name, told.purposes) == ("north bank", ("PRE_LOAN_REVIEW",))
