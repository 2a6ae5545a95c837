"""Grants in the house: made by a yes, used, ended, and each of it in the ledger."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import pytest
from tests.journeys.granting import Counter, House, Onboarded, Revocations

from creditbridge.access.granted.model import (
    CodeReused,
    ConsentGone,
    ConsentOutsideGrant,
    InvalidGrant,
)
from creditbridge.admission.model import Outcome, Stored
from creditbridge.consents.model import Consent, ConsentExhausted, ConsentMissing, ConsentState
from creditbridge.consents.rules import REASONS
from creditbridge.foundation.database import DatabaseUnavailable
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.manage_grant import GrantMissing
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.ledger.model import (
    EventKind,
    GrantMade,
    GrantRevoked,
    ReportDelivered,
    ReportMissing,
    ReportRefused,
    TokenIssued,
    TokenRefused,
    TokenRevoked,
)
from creditbridge.ledger.service import get_report
from creditbridge.protocols.certificate_binding import PeerCertificate

FAULTS = ("failed", "reply lost")
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
SET_STATE = "UPDATE consents SET state = $2, version = version + 1 WHERE consent_id = $1"
USE_UP = "UPDATE consents SET used = max_queries WHERE consent_id = $1"


class Delivering(House, Protocol):
    """The house of `conftest`, with the journey of a report."""

    deliver: DeliverReport


@pytest.fixture
async def counter(
    house: House,
    north: Onboarded,
    certify: Callable[[str], PeerCertificate],
    revocations: Revocations,
) -> Counter:
    """Where the bank's first machine brings codes."""
    counter = Counter(house, north, certify, revocations)
    await counter.open()
    return counter


async def test_N1_a_grant_is_recorded_once_for_each_consent_it_rests_on(
    counter: Counter, person_id: str, give: Callable[..., Awaitable[Consent]]
) -> None:
    """Whose, for what, until when; the consents are named apart, so that they can be erased."""
    first, second = await give(), await give(seconds=86_400)

    code = await counter.grant(person_id, first, second)

    made = await counter.house.told("grant")
    assert [one.kind for one in made] == [EventKind.GRANT_MADE] * 2
    assert len({one.consent for one in made}) == 2
    for one in made:
        assert isinstance(one.terms, GrantMade)
        assert one.terms.grant_id == code.grant.grant_id
        assert one.terms.client == "north-core"
        assert one.terms.scope == {"reports"}
        assert one.terms.expires_at == second.valid_to
        assert one.consent_seq is None


async def test_N1_a_grant_without_consents_is_recorded_too(
    counter: Counter, person_id: str
) -> None:
    """One entry, that names no consent."""
    await counter.grant(person_id)

    (made,) = await counter.house.told("grant")
    assert (made.kind, made.consent) == (EventKind.GRANT_MADE, None)


async def test_a_token_of_a_grant_is_recorded_with_it(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """The code's and each refresh token's; the answer names the consent as it was given."""
    code = await counter.grant(person_id, consent)
    issued = await counter.redeem(code)
    await counter.refresh(issued)

    records = await counter.house.told("token")
    assert [one.kind for one in records] == [EventKind.TOKEN_ISSUED] * 2
    for one in records:
        assert isinstance(one.terms, TokenIssued)
        assert one.terms.grant_id == code.grant.grant_id
    (detail,) = issued.details
    assert detail.consent_id == consent.consent_id
    assert frozenset(detail.sections) == consent.sections
    assert (detail.valid_from, detail.valid_to) == (consent.valid_from, consent.valid_to)


async def test_G5_a_code_that_comes_again_ends_its_grant_on_the_ledger(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """The end and the refusal are two entries, in the commit that ends the tokens."""
    code = await counter.grant(person_id, consent)
    await counter.redeem(code)

    with pytest.raises(CodeReused):
        await counter.redeem(code)

    revoked, refused = (await counter.house.told("grant", "token"))[-2:]
    assert isinstance(revoked.terms, GrantRevoked)
    assert (revoked.terms.grant_id, revoked.terms.reason) == (code.grant.grant_id, "code-reused")
    assert isinstance(refused.terms, TokenRefused)
    assert (refused.terms.grant_id, refused.terms.code) == (code.grant.grant_id, "code-reused")
    assert await counter.count_tokens() == 0


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_redemption_whose_commit_fails_and_one_whose_answer_is_lost(
    counter: Counter, person_id: str, consent: Consent, fault: str
) -> None:
    """Not done, the code can be brought again; done and not told, it is a second use (G5).

    The machine asks its person again: nobody can tell a lost answer from a stolen code.
    """
    code = await counter.grant(person_id, consent)
    with pytest.raises(DatabaseUnavailable):
        await counter.redeem(code, database=counter.house.faulty_database(1, fault))

    if fault == "failed":
        assert (await counter.redeem(code)).refresh_token is not None
        return
    with pytest.raises(CodeReused):
        await counter.redeem(code)
    assert await counter.count_tokens() == 0


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_refreshed_token_leaves_without_the_ledgers_word(
    counter: Counter, person_id: str, consent: Consent, fault: str
) -> None:
    """No token is kept either way, and the refresh token is as good as before."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    ledger = counter.house.faulty_ledger(EventKind.TOKEN_ISSUED, fault)

    with pytest.raises(DatabaseUnavailable):
        await counter.refresh(issued, ledger=ledger)

    assert await counter.count_tokens() == 1
    await counter.refresh(issued)


async def test_V1_a_refresh_token_that_is_taken_back_is_recorded_with_its_grant(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """Bound to nothing, which tells it from an access token; those go along without an entry."""
    issued = await counter.redeem(await counter.grant(person_id, consent))

    await counter.revoke(issued.refresh_token)

    assert await counter.count_tokens() == 0
    record = (await counter.house.told("token"))[-1]
    assert isinstance(record.terms, TokenRevoked)
    assert record.terms.grant_id == issued.token.grant_id
    assert (record.terms.thumbprint, record.terms.proof_key) == (None, None)
    assert record.terms.scope == {"reports"}
    assert record.terms.expires_at == consent.valid_to


async def test_G7_a_withdrawal_ends_the_grants_in_its_own_commit(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """Access tokens, refresh tokens and codes; the ledger names who, and under which consent."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    code = await counter.grant(person_id, consent)

    await counter.withdraw(consent, person_id)

    assert await counter.count_tokens() == 0
    with pytest.raises(InvalidGrant):
        await counter.refresh(issued)
    with pytest.raises(InvalidGrant):
        await counter.redeem(code)
    told = await counter.house.told("consent", "grant")
    withdrawn, *ended = told[-3:]
    assert withdrawn.kind is EventKind.CONSENT_WITHDRAWN
    for one in ended:
        assert isinstance(one.terms, GrantRevoked)
        assert one.terms.reason == "consent-withdrawn"
        assert (one.consent, one.enterprise) == (withdrawn.consent, withdrawn.enterprise)
        assert one.person == withdrawn.person
    assert {one.terms.grant_id for one in ended if isinstance(one.terms, GrantRevoked)} == {
        issued.token.grant_id,
        code.grant.grant_id,
    }


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_withdrawal_whose_record_fails_ends_nothing(
    counter: Counter, person_id: str, consent: Consent, fault: str
) -> None:
    """Consent and grants end together or not at all."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    ledger = counter.house.faulty_ledger(EventKind.GRANT_REVOKED, fault)

    with pytest.raises(DatabaseUnavailable):
        await counter.withdraw(consent, person_id, ledger=ledger)

    await counter.refresh(issued)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ConsentState.PAUSED, "consent-paused"),
        (ConsentState.SUPERSEDED, "consent-superseded"),
        (None, "consent-exhausted"),
    ],
)
async def test_G7_a_grant_gives_nothing_while_a_consent_of_it_does_not_stand(
    counter: Counter,
    person_id: str,
    give: Callable[..., Awaitable[Consent]],
    state: ConsentState | None,
    code: str,
) -> None:
    """`invalid_grant` that says why: the consent is the bank's own. The ledger says it too."""
    consent, other = await give(), await give()
    issued = await counter.redeem(await counter.grant(person_id, other, consent))
    async with counter.house.database.transaction() as tx:
        if state is None:
            await tx.execute(USE_UP, consent.consent_id)
        else:
            await tx.execute(SET_STATE, consent.consent_id, state)

    with pytest.raises(ConsentGone) as refusal:
        await counter.refresh(issued)

    assert refusal.value.oauth_code == "invalid_grant"
    assert refusal.value.prose != InvalidGrant.message
    refused = (await counter.house.told("token"))[-1]
    assert isinstance(refused.terms, TokenRefused)
    assert (refused.terms.code, refused.terms.grant_id) == (code, issued.token.grant_id)
    assert await counter.count_tokens() == 1


async def test_G7_a_paused_consent_that_goes_on_lets_its_grant_go_on(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """A pause ends nothing: the refresh token waits."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    async with counter.house.database.transaction() as tx:
        await tx.execute(SET_STATE, consent.consent_id, ConsentState.PAUSED)
    with pytest.raises(InvalidGrant):
        await counter.refresh(issued)
    async with counter.house.database.transaction() as tx:
        await tx.execute(SET_STATE, consent.consent_id, ConsentState.ACTIVE)

    await counter.refresh(issued)


async def test_G7_a_grant_ends_with_its_consents_term(
    counter: Counter, person_id: str, give: Callable[..., Awaitable[Consent]]
) -> None:
    """No refresh at the instant of its end."""
    consent = await give(seconds=86_400)
    issued = await counter.redeem(await counter.grant(person_id, consent))
    await counter.house.wait(timedelta(days=1))

    with pytest.raises(InvalidGrant):
        await counter.refresh(issued)


async def test_S3_a_token_of_a_grant_reads_under_its_consents_alone(
    counter: Counter,
    house: Delivering,
    person_id: str,
    give: Callable[..., Awaitable[Consent]],
    ask: Callable[..., ReportRequest],
) -> None:
    """Another consent of the same bank is refused before anything is looked up; it is recorded."""
    consent, other = await give(), await give()
    grant = (await counter.grant(person_id, consent)).grant
    caller = counter.call(grant)

    with pytest.raises(ConsentOutsideGrant) as refusal:
        await house.deliver(ask(other, caller=caller))
    outcome = await house.deliver(ask(consent, caller=caller))

    assert outcome.status == 200
    (refused,) = [one for one in await house.told("report") if isinstance(one.terms, ReportRefused)]
    assert isinstance(refused.terms, ReportRefused)
    assert refused.terms.code == "insufficient-scope"
    assert refusal.value.decision_id == refused.terms.report_id


async def test_S3_a_stored_answer_is_not_given_to_a_token_of_another_grant(
    counter: Counter,
    house: Delivering,
    person_id: str,
    give: Callable[..., Awaitable[Consent]],
    ask: Callable[..., ReportRequest],
) -> None:
    """The key is the client's, and the answer the consent's."""
    consent, other = await give(), await give()
    grant = (await counter.grant(person_id, other)).grant
    first = await house.deliver(ask(consent))
    assert isinstance(first, Outcome)

    with pytest.raises(ConsentOutsideGrant):
        await house.deliver(ask(consent, caller=counter.call(grant)))
    assert isinstance(await house.deliver(ask(consent)), Stored)


async def test_S6_reports_under_other_consents_are_absent_for_a_token_of_a_grant(
    counter: Counter,
    house: Delivering,
    person_id: str,
    give: Callable[..., Awaitable[Consent]],
    ask: Callable[..., ReportRequest],
) -> None:
    """Their story and their evidence alike; one of the client's own sees them."""
    consent, other = await give(), await give()
    grant = (await counter.grant(person_id, consent)).grant
    for number, one in enumerate((consent, other)):
        await house.deliver(ask(one, key=f"key-{number}"))
    reports = [
        one.terms.report_id
        for one in await house.told("report")
        if isinstance(one.terms, ReportDelivered)
    ]
    prove = ProveRecord(database=house.database, ledger=house.ledger)
    bank_id = counter.north.bank.bank_id

    reached = frozenset(grant.consent_ids)

    async with house.database.transaction() as tx:
        own = await get_report(
            tx, house.ledger, report_id=reports[0], bank_id=bank_id, consent_ids=reached
        )
        with pytest.raises(ReportMissing):
            await get_report(
                tx, house.ledger, report_id=reports[1], bank_id=bank_id, consent_ids=reached
            )
    assert own.report_id == reports[0]
    with pytest.raises(ReportMissing):
        await prove(counter.call(grant), reports[1])


async def test_N2_a_grant_is_told_with_where_its_consents_stand(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """N3: the grant is not the consent; with a token of its own or of this grant."""
    grant = (await counter.grant(person_id, consent)).grant
    async with counter.house.database.transaction() as tx:
        await tx.execute(SET_STATE, consent.consent_id, ConsentState.PAUSED)

    for caller in (counter.call(), counter.call(grant)):
        status = await counter.manage().read(caller, grant.grant_id)
        assert status.grant == grant
        assert status.states == {consent.consent_id: ConsentState.PAUSED}


async def test_N2_foreign_and_unknown_grants_are_absent_alike(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """Another client's of the same bank, one that is none, and one that the token is not of."""
    grant = (await counter.grant(person_id, consent)).grant
    other = (await counter.grant(person_id, consent)).grant
    manage = counter.manage()

    for caller, grant_id in (
        (counter.call(client=1), grant.grant_id),
        (counter.call(), "grt_unknown"),
        (counter.call(other), grant.grant_id),
    ):
        with pytest.raises(GrantMissing):
            await manage.read(caller, grant_id)
        with pytest.raises(GrantMissing):
            await manage.revoke(caller, grant_id)


async def test_N2_a_grant_that_is_given_back_ends_and_its_consent_goes_on(
    counter: Counter, person_id: str, consent: Consent
) -> None:
    """Refresh and access tokens are gone (N2), the consent stands (N3), the ledger says who."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    grant_id = str(issued.token.grant_id)

    recorded = await counter.manage().revoke(counter.call(), grant_id)

    assert await counter.count_tokens() == 0
    with pytest.raises(InvalidGrant):
        await counter.refresh(issued)
    with pytest.raises(GrantMissing):
        await counter.manage().revoke(counter.call(), grant_id)
    record = (await counter.house.told("grant"))[-1]
    assert record.event_id == recorded.event_id
    assert isinstance(record.terms, GrantRevoked)
    assert (record.terms.grant_id, record.terms.reason) == (grant_id, "client-revoked")
    async with counter.house.database.transaction() as tx:
        kept = await counter.house.consents.get_consent(tx, consent.consent_id)
    assert kept.state is ConsentState.ACTIVE


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_grant_is_given_back_without_the_ledgers_word(
    counter: Counter, person_id: str, consent: Consent, fault: str
) -> None:
    """The grant stands as before, and its tokens with it."""
    issued = await counter.redeem(await counter.grant(person_id, consent))
    ledger = counter.house.faulty_ledger(EventKind.GRANT_REVOKED, fault)

    with pytest.raises(DatabaseUnavailable):
        await counter.manage(ledger).revoke(counter.call(), str(issued.token.grant_id))

    await counter.refresh(issued)


def test_every_reason_of_a_consent_can_be_told_in_the_words_of_oauth() -> None:
    """RFC 6749, section 5.2: printable ASCII without quotation mark and backslash."""
    kinds: list[type[Refused]] = [*REASONS.values(), ConsentExhausted, ConsentMissing]
    told = [ConsentGone(kind.code, kind.message, grant_id="grt_1").to_answer() for kind in kinds]

    assert {one["error"] for one in told} == {"invalid_grant"}
    prose = [one["error_description"] for one in told]
    assert [text for text in prose if DESCRIPTION.fullmatch(text) is None] == []
