"""Withdrawal means silence: two records, and nothing runs between the second and ever after."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import creditbridge.access.service as access
from creditbridge.consents.acts import Withdrawal
from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.model import ConsentSilenced, Core, EventKind, Intent, IntentOutcome
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...


def silence_in(house: House) -> SilenceConsents:
    """Return the journey."""
    return SilenceConsents(database=house.database, ledger=house.ledger, consents=house.consents)


async def withdraw(house: House, consent: Consent, person_id: str) -> None:
    """Withdraw a consent."""
    journey = WithdrawConsent(
        database=house.database,
        consents=house.consents,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )
    await journey(Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id))


async def open_intent(house: House, consent: Consent) -> Intent:
    """Put a report under way, as the first record of the consent's bank that comes to hand."""
    [first, *_] = await house.told()
    async with house.database.transaction() as tx:
        await house.ledger.renew_lease(tx)
        intent = Intent(
            intent_id="int_under_way",
            report_id="rpt_under_way",
            bank_id=consent.bank_id,
            client_id="any",
            consent_id=consent.consent_id,
            uscc=consent.uscc,
            query_id="qry_under_way",
            event_id=first.event_id,
            deadline_at=tx.now + timedelta(seconds=15),
        )
        await house.ledger.open_intent(tx, intent)
    return intent


async def test_a_consent_nobody_looks_under_is_silent_at_once(
    house: House, consent: Consent, person_id: str
) -> None:
    """`consent.withdrawn`, then `consent.silenced`, which names it; and it is said once."""
    await withdraw(house, consent, person_id)
    journey = silence_in(house)

    assert await journey() == 1
    assert await journey() == 0

    [*_, withdrawn, silenced] = await house.told("consent")
    assert isinstance(silenced.terms, ConsentSilenced)
    assert withdrawn.kind is EventKind.CONSENT_WITHDRAWN
    assert silenced.terms.withdrawn == withdrawn.event_id
    assert silenced.terms.waited_milliseconds >= 0
    assert silenced.consent_seq == (withdrawn.consent_seq or 0) + 1


async def test_silence_waits_for_a_report_under_way(
    house: House, consent: Consent, person_id: str
) -> None:
    """While a node may still answer under the consent, nobody says that it is silent."""
    intent = await open_intent(house, consent)
    await withdraw(house, consent, person_id)
    journey = silence_in(house)

    assert await journey() == 0

    async with house.database.transaction() as tx:
        assert await house.ledger.close_intent(tx, intent.intent_id, IntentOutcome.REFUSED)
    assert await journey() == 1


async def test_a_consent_that_stands_is_not_silenced(
    house: House, give: Callable[..., Awaitable[Consent]]
) -> None:
    """Only a withdrawal asks for silence."""
    await give()

    assert await silence_in(house)() == 0
    assert [core.kind for core in await house.told("consent")][-1] is EventKind.CONSENT_APPROVED
