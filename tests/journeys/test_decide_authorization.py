"""A representative's answer in the browser: all of it or nothing, once, and in the ledger."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.journeys.asking import ENTERPRISE, House, Onboarded, Street

from creditbridge.access.pushed.model import RequestUriInvalid
from creditbridge.consents.ceilings import TermNotAllowed
from creditbridge.foundation.database import DatabaseUnavailable
from creditbridge.journeys.decide_authorization import SignInStale
from creditbridge.journeys.open_authorization import OpenAuthorization
from creditbridge.ledger.model import (
    AuthorizationRefused,
    ConsentApproved,
    ConsentRequested,
    EventKind,
)
from creditbridge.parties.model import ResponseMode
from creditbridge.protocols.certificate_binding import PeerCertificate

OTHER_USCC = "91330106589876549K"
LOCK_CLIENTS = "UPDATE parties_clients SET redirect_uris = '{https://new.example/callback}'"


@pytest.fixture
def street(
    house: House,
    north: Onboarded,
    person_id: str,
    certify: Callable[[str], PeerCertificate],
) -> Street:
    """A bank's machine and a representative."""
    return Street(house, north, person_id, certify)


async def test_a_yes_is_in_the_ledger_link_by_link(street: Street) -> None:
    """Each consent's request and approval, then the grant; each consent's chain begins at one."""
    asked = await street.open(await street.detail(), await street.detail(max_queries=1))

    answer = await street.decide(asked)

    assert answer.parameters.keys() == {"code"}
    told = await street.house.told("consent", "grant", "authorization")
    assert [str(core.kind) for core in told] == [
        *["consent.requested"] * 2,
        *["consent.approved"] * 2,
        *["grant.made"] * 2,
    ]
    assert [core.consent_seq for core in told[:4]] == [1, 1, 2, 2]
    first, approved = told[0].terms, told[2].terms
    assert isinstance(first, ConsentRequested)
    assert isinstance(approved, ConsentApproved)
    assert first.client == street.north.client_ids[0]
    assert approved.template_id == "browser-decision"


async def test_the_consent_has_the_id_that_was_shown(street: Street) -> None:
    """Named when it was pushed, begun with the yes; its own number where the bank gave none."""
    asked = await street.open(await street.detail())
    (consent_id,) = asked.opened.pushed.consent_ids

    await street.decide(asked)

    async with street.house.database.transaction() as tx:
        consent = await street.house.consents.get_consent(tx, consent_id)
    assert (consent.authorization_no, consent.state) == (consent_id, "ACTIVE")
    assert consent.valid_from > asked.opened.opened_at


async def test_a_no_is_in_the_ledger(street: Street) -> None:
    """Asked and refused, by whom, and that the client was told; no grant, no code."""
    answer = await street.decide(await street.open(await street.detail()), approves=False)

    assert answer.parameters["error"] == "access_denied"
    told = await street.house.told("consent", "grant", "authorization")
    assert [str(core.kind) for core in told] == [
        *("consent.requested", "consent.refused", "authorization.refused"),
    ]
    assert told[-1].terms == AuthorizationRefused(
        client=street.north.client_ids[0], code="access-denied"
    )
    assert told[-1].person is not None
    assert await street.count("grants") == 0


async def test_a_no_to_services_alone_is_in_the_ledger(street: Street) -> None:
    """There is no consent that could tell it."""
    await street.decide(await street.open(), approves=False)

    (record,) = await street.house.told("consent", "grant", "authorization")
    assert record.kind is EventKind.AUTHORIZATION_REFUSED


async def test_Z7_a_person_of_another_enterprise_is_turned_away(
    street: Street, person_id: str
) -> None:
    """Whatever they press: one who may speak for another, and one who may speak for none."""
    async with street.house.database.transaction() as tx:
        await tx.execute(
            """
            WITH kept AS (
                INSERT INTO parties_enterprises (enterprise_id, uscc, name, kept_at)
                VALUES ('ent_2', $2, 'Other', $3) RETURNING uscc
            )
            INSERT INTO parties_representatives (person_id, uscc, role, proof_digest, enrolled_at)
            SELECT $1, uscc, 'LEGAL_REP', decode(repeat('00', 32), 'hex'), $3 FROM kept
            """,
            person_id,
            OTHER_USCC,
            tx.now,
        )
    for uscc, code in ((OTHER_USCC, "enterprise-foreign"), ("91330104YY0000A13Q", "voice-missing")):
        asked = await street.open(await street.detail())
        decision = replace(await street.decision(asked), speaker=await street.speak(uscc=uscc))

        answer = await street.deciding()(decision)

        assert answer.parameters["error"] == "access_denied"
        *_, record = await street.house.told("authorization")
        assert record.terms == AuthorizationRefused(client=street.north.client_ids[0], code=code)
        assert record.person is None
    assert await street.count("consents") == 0
    assert await street.count("requests") == 0


async def test_Z8_only_who_signed_in_for_the_request_decides(street: Street) -> None:
    """An older session, and a newer one that was not proven anew, spend nothing."""
    early = await street.speak()
    asked = await street.open(await street.detail())
    decision = await street.decision(asked)
    for speaker in (early, await street.speak(anew=False)):
        with pytest.raises(SignInStale):
            await street.deciding()(replace(decision, speaker=speaker))

    assert await street.count("requests") == 1
    assert await street.house.told("authorization", "consent") == []
    assert "code" in (await street.deciding()(decision)).parameters


async def test_R2_what_cannot_be_given_any_more_refuses_all_of_it(street: Street) -> None:
    """A term that is over by now: the client is told why, and no consent is given."""
    async with street.house.database.transaction() as tx:
        soon = tx.now + timedelta(minutes=2)
    details = [await street.detail(), await street.detail(valid_to=soon.isoformat())]
    asked = await street.open(*details)
    await street.house.wait(timedelta(minutes=5))

    answer = await street.decide(asked)

    assert answer.parameters["error"] == "invalid_authorization_details"
    assert answer.parameters["error_description"] == TermNotAllowed.message
    (record,) = await street.house.told("authorization", "consent")
    assert isinstance(record.terms, AuthorizationRefused)
    assert record.terms.code == "consent-term-not-allowed"
    assert await street.count("consents") == 0


async def test_a_no_stays_one_whatever_stands_in_its_way(street: Street) -> None:
    """A consent that cannot even be lodged any more is refused all the same."""
    async with street.house.database.transaction() as tx:
        soon = tx.now + timedelta(minutes=2)
    asked = await street.open(await street.detail(valid_to=soon.isoformat()))
    await street.house.wait(timedelta(minutes=5))

    answer = await street.decide(asked, approves=False)

    assert answer.parameters["error"] == "access_denied"
    (record,) = await street.house.told("authorization", "consent")
    assert record.terms == AuthorizationRefused(
        client=street.north.client_ids[0], code="access-denied"
    )


async def test_Z2_of_many_answers_one_counts(street: Street) -> None:
    """Six at once, yes and no among them: one answer, one record of it, one grant at most."""
    asked = await street.open(await street.detail())
    decisions = [await street.decision(asked, approves=number % 2 == 0) for number in range(6)]

    async def race(number: int) -> bool:
        try:
            await street.deciding()(decisions[number])
        except RequestUriInvalid:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(number)) for number in range(6)]

    assert sum(task.result() for task in tasks) == 1
    assert await street.count("consents") == 1
    told = await street.house.told("consent")
    assert [core.consent_seq for core in told] == [1, 2]


async def test_Z2_a_client_that_gave_up_its_address_is_not_answered(street: Street) -> None:
    """Nobody is sent to an address that is no longer the client's."""
    asked = await street.open(await street.detail())
    decision = await street.decision(asked)
    async with street.house.database.transaction() as tx:
        await tx.execute(LOCK_CLIENTS)

    with pytest.raises(RequestUriInvalid):
        await street.opening(asked.asking)
    with pytest.raises(RequestUriInvalid):
        await street.deciding()(decision)
    assert await street.count("requests") == 1


async def test_J3_an_answer_that_nobody_here_can_sign_any_more_is_not_given(
    street: Street,
) -> None:
    """The house lost its key for tokens: a bare answer is not what the client asked for."""
    asking = await street.push(response_mode="jwt")
    bare = OpenAuthorization(database=street.house.database, modes=frozenset({ResponseMode.QUERY}))

    with pytest.raises(RequestUriInvalid):
        await bare(asking)
    assert (await street.opening(asking)).uscc is None


@pytest.mark.parametrize(
    "kind", [EventKind.CONSENT_REQUESTED, EventKind.CONSENT_APPROVED, EventKind.GRANT_MADE]
)
@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_law_1_no_code_leaves_without_its_records(
    fault: str, kind: EventKind, street: Street
) -> None:
    """The statement fails, before or after it was done: nothing is given, the request is open."""
    asked = await street.open(await street.detail())
    ledger = street.house.faulty_ledger(kind, fault)

    with pytest.raises(DatabaseUnavailable):
        await street.deciding(ledger=ledger)(await street.decision(asked))

    assert await street.count("consents") == 0
    assert await street.count("grants") == 0
    assert "code" in (await street.decide(asked)).parameters


@pytest.mark.parametrize(("fault", "consents"), [("failed", 0), ("reply lost", 1)])
async def test_a_yes_whose_commit_failed_leaves_no_code(
    fault: str, consents: int, street: Street
) -> None:
    """Where only the reply was lost the consent is given, and the code was never told."""
    asked = await street.open(await street.detail())
    decision = await street.decision(asked)
    database = street.house.faulty_database(1, fault)

    with pytest.raises(DatabaseUnavailable):
        await street.deciding(database=database)(decision)

    assert await street.count("consents") == consents
    assert await street.count("requests") == 1 - consents


async def test_the_bank_is_named_by_the_register(street: Street) -> None:
    """What a page shows of it comes from there, and never from the request."""
    asked = await street.open(await street.detail())

    assert (asked.bank, asked.uscc) == (street.north.bank, ENTERPRISE.uscc)
