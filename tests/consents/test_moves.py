"""A consent that is paused, taken up again, cancelled or over: the rules, and over the database."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product

import pytest
from msgspec.structs import replace
from tests.consents.circles import LONE

from creditbridge.consents.acts import Approval, ConsentRequest, Pause, Refusal, Withdrawal
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.model import (
    Asked,
    Consent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.moves import rules, service as moves
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.consents.service import ConsentBusy, Consents
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey
from creditbridge.parties.model import Role
from creditbridge.profile.codes import Until

DAY = timedelta(days=1)
NOBODYS = "cns_0000000000000000000000000a"

Rule = Callable[..., Consent]
RULES: dict[str, tuple[Rule, dict[str, str]]] = {
    "pause": (rules.pause, {"ACTIVE": "PAUSED"}),
    "resume": (rules.resume, {"PAUSED": "ACTIVE"}),
    "cancel": (rules.cancel, {"REQUESTED": "LAPSED"}),
    "expire": (rules.expire, {"ACTIVE": "EXPIRED", "PAUSED": "EXPIRED"}),
    "exhaust": (rules.exhaust, {"ACTIVE": "EXHAUSTED"}),
    "supersede": (rules.supersede, {"ACTIVE": "SUPERSEDED", "PAUSED": "SUPERSEDED"}),
    "end_with_business": (
        rules.end_with_business,
        {"ACTIVE": "EXPIRED", "PAUSED": "EXPIRED"},
    ),
}


@pytest.mark.parametrize(("name", "state"), list(product(RULES, ConsentState)))
def test_every_move_in_every_state(
    consent: Consent, noon: datetime, name: str, state: ConsentState
) -> None:
    """Each move has its states, raises the version by one, and is refused in every other state."""
    rule, led = RULES[name]
    now = consent.valid_to if name == "expire" else noon
    before = replace(
        consent,
        state=state,
        used=3,
        until=Until.BUSINESS_END,
        business_ref="B-7",
        business_closed_at=noon,
    )

    if state not in led:
        with pytest.raises(TransitionImpossible):
            rule(before, now=now)
        return
    after = rule(before, now=now)
    assert after.state is ConsentState(led[state])
    assert after.version == before.version + 1
    ends = name not in {"pause", "resume"}
    assert after.ended_at == (now if ends else None)
    reasons = {"cancel": "bank-cancelled", "end_with_business": "business-closed"}
    assert after.reason == reasons.get(name)


@pytest.mark.parametrize("state", ConsentState)
def test_a_business_is_closed_once_where_the_consent_stands(
    consent: Consent, noon: datetime, state: ConsentState
) -> None:
    """The consent goes on, one version later; without an open business there is none to close."""
    before = replace(consent, state=state, business_ref="B-7")

    if state not in {ConsentState.ACTIVE, ConsentState.PAUSED}:
        with pytest.raises(TransitionImpossible):
            rules.close_business(before, now=noon)
        return
    after = rules.close_business(before, now=noon)
    assert (after.business_closed_at, after.version, after.state) == (noon, 3, state)
    for closed in (after, replace(before, business_ref=None)):
        with pytest.raises(TransitionImpossible):
            rules.close_business(closed, now=noon)
    with pytest.raises(TransitionImpossible):
        rules.end_with_business(after, now=noon)
    with pytest.raises(TransitionImpossible):
        rules.end_with_business(replace(before, until=Until.BUSINESS_END), now=noon)


@pytest.mark.parametrize(("rule", "state"), [(rules.pause, "ACTIVE"), (rules.resume, "PAUSED")])
def test_what_is_past_its_term_is_neither_paused_nor_resumed(
    consent: Consent, rule: Rule, state: str
) -> None:
    """The instant decides: at its very end a consent is over, whatever is stored."""
    before = replace(consent, state=ConsentState(state))

    with pytest.raises(ConsentExpired):
        rule(before, now=before.valid_to)
    rule(before, now=before.valid_to - timedelta(microseconds=1))


def test_what_lapsed_is_not_cancelled(consent: Consent) -> None:
    """Nobody answered in time: it is over already."""
    before = replace(consent, state=ConsentState.REQUESTED)
    assert before.lapses_at is not None

    with pytest.raises(ConsentLapsed):
        rules.cancel(before, now=before.lapses_at)


def test_nothing_ends_before_its_time(consent: Consent) -> None:
    """One microsecond of the term, or one use, is left."""
    with pytest.raises(TransitionImpossible):
        rules.expire(consent, now=consent.valid_to - timedelta(microseconds=1))
    with pytest.raises(TransitionImpossible):
        rules.exhaust(replace(consent, used=2), now=consent.valid_from)


@pytest.fixture
def consents(signer: FileKey) -> Consents:
    """The consents under the house's own ceilings."""
    return Consents(Ceilings(), signer)


FORCE = """
    UPDATE consents SET state = $2, used = $3, valid_from = $4, valid_to = $5 WHERE consent_id = $1
"""


async def force(
    tx: Transaction, consent: Consent, state: str, *, used: int = 0, is_over: bool = False
) -> None:
    """Put a consent into a state, as if it had come there by itself."""
    end = tx.now if is_over else tx.now + DAY
    await tx.execute(FORCE, consent.consent_id, state, used, end - DAY, end)


async def lodge(tx: Transaction, consents: Consents, request: ConsentRequest) -> Consent:
    """Lodge a request that begins now."""
    return await consents.request_consent(tx, replace(request, valid_to=tx.now + DAY))


async def nothing(_tx: Transaction, _consent_ids: list[str]) -> set[str]:
    """Say that no use can come back."""
    return set()


Act = Callable[[Transaction, Consents, Consent], Awaitable[object]]


def act_of(consent: Consent) -> Pause:
    """Return the enterprise's pause."""
    return Pause(consent_id=consent.consent_id, uscc=consent.uscc, person_id="prs_1")


async def approve(tx: Transaction, consents: Consents, consent: Consent) -> Consent:
    """Say yes."""
    yes = Approval(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="portal-decision",
        template_version="1",
        text_digest=bytes(32),
    )
    return (await consents.approve(tx, yes, LONE)).consent


async def refuse(tx: Transaction, consents: Consents, consent: Consent) -> Consent:
    """Say no."""
    no = Refusal(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id="prs_1",
        role=Role.LEGAL_REP,
    )
    return await consents.refuse(tx, no)


async def withdraw(tx: Transaction, consents: Consents, consent: Consent) -> Consent:
    """Take it back."""
    back = Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id="prs_1")
    return await consents.withdraw(tx, back)


async def cancel(tx: Transaction, _consents: Consents, consent: Consent) -> Consent:
    """Take the request back, as its bank."""
    return await moves.cancel(tx, consent_id=consent.consent_id, bank_id=consent.bank_id)


ACTS: dict[str, tuple[Act, dict[str, str]]] = {
    "approve": (approve, {"REQUESTED": "ACTIVE"}),
    "refuse": (refuse, {"REQUESTED": "REFUSED"}),
    "withdraw": (withdraw, {"ACTIVE": "WITHDRAWN", "PAUSED": "WITHDRAWN"}),
    "pause": (lambda tx, _, one: moves.pause(tx, act_of(one)), {"ACTIVE": "PAUSED"}),
    "resume": (lambda tx, _, one: moves.resume(tx, act_of(one)), {"PAUSED": "ACTIVE"}),
    "cancel": (cancel, {"REQUESTED": "LAPSED"}),
    "end_over": (
        lambda tx, _, __: moves.end_over(tx),
        {"ACTIVE": "EXPIRED", "PAUSED": "EXPIRED"},
    ),
    "end_used_up": (lambda tx, _, __: moves.end_used_up(tx, nothing), {"ACTIVE": "EXHAUSTED"}),
}


@pytest.mark.parametrize("name", ACTS)
async def test_every_act_in_every_state(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, name: str
) -> None:
    """Over the database as by the rules: what has no place in a state leaves it as it was."""
    act, led = ACTS[name]
    async with database.transaction() as tx:
        for state in ConsentState:
            request = replace(request_of_bank, authorization_no=f"A-{state}")
            consent = await lodge(tx, consents, request)
            await force(
                tx, consent, state, used=2 * (name == "end_used_up"), is_over=name == "end_over"
            )
            await tx.execute("INSERT INTO consents_used_up VALUES ($1)", consent.consent_id)
            # The house's own turns pass over what has no place, people's acts are refused.
            with suppress(TransitionImpossible):
                await act(tx, consents, consent)
            after = await consents.get_consent(tx, consent.consent_id)
            assert after.state == led.get(state, state)
            assert after.version == consent.version + (state in led)


@pytest.mark.parametrize("consent_id", [NOBODYS, "no id"])
async def test_what_nobody_knows_is_not_moved(database: Database, consent_id: str) -> None:
    """An unknown consent, and what is no id, are unknown in every act."""
    act = Pause(consent_id=consent_id, uscc="91330100YY0000A13Y", person_id="prs_1")
    async with database.transaction() as tx:
        for tried in (
            moves.pause(tx, act),
            moves.resume(tx, act),
            moves.cancel(tx, consent_id=consent_id, bank_id="bnk_1"),
        ):
            with pytest.raises(ConsentUnknown):
                await tried


async def test_another_banks_or_enterprises_consent_is_unknown(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Neither of them learns that it is there, nor moves it (faults 63, 67)."""
    async with database.transaction() as tx:
        consent = await lodge(tx, consents, request_of_bank)
        with pytest.raises(ConsentUnknown):
            await moves.cancel(tx, consent_id=consent.consent_id, bank_id="bnk_2")
        with pytest.raises(ConsentUnknown):
            await moves.pause(tx, replace(act_of(consent), uscc="93330381YY0000A13D"))

        assert await consents.get_consent(tx, consent.consent_id) == consent


async def test_a_consent_that_moved_meanwhile_is_busy(
    database: Database,
    consents: Consents,
    request_of_bank: ConsentRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the lock was lost, the guarded statement holds: nothing is moved twice."""
    async with database.transaction() as tx:
        consent = await lodge(tx, consents, request_of_bank)
        await force(tx, consent, "ACTIVE")

    def skip(before: Consent, *, now: datetime) -> Consent:
        return replace(before, ended_at=now, version=7)

    monkeypatch.setattr(rules, "pause", skip)
    with pytest.raises(ConsentBusy):
        async with database.transaction() as tx:
            await moves.pause(tx, act_of(consent))


async def take(tx: Transaction, consents: Consents, consent: Consent) -> None:
    """Take a use."""
    await consents.take_use(
        tx,
        Asked(
            bank_id=consent.bank_id,
            client_id="loans",
            uscc=consent.uscc,
            consent_id=consent.consent_id,
            purpose=next(iter(consent.purposes)),
            sections=consent.sections,
        ),
    )


async def test_a_use_that_came_back_keeps_the_consent_alive(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """While one may come back nothing ends; once it has, it is used; then the end is for good."""

    async def one_is_under_way(_tx: Transaction, consent_ids: list[str]) -> set[str]:
        return set(consent_ids)

    async with database.transaction() as tx:
        consent = await approve(tx, consents, await lodge(tx, consents, request_of_bank))
        await take(tx, consents, consent)
        assert await moves.end_used_up(tx, nothing) == []
        await take(tx, consents, consent)
        assert await moves.end_used_up(tx, one_is_under_way) == []
        await consents.give_back_use(tx, consent.consent_id, taken_at=tx.now)
        assert await moves.end_used_up(tx, nothing) == []
        await take(tx, consents, consent)

        [ended] = await moves.end_used_up(tx, nothing)

        assert (ended.consent_id, ended.state) == (consent.consent_id, ConsentState.EXHAUSTED)
        assert await moves.end_used_up(tx, nothing) == []
        with pytest.raises(CreditbridgeError) as caught:
            await take(tx, consents, consent)
        assert caught.value.code == "consent-exhausted"


async def test_what_does_not_stand_is_found(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Of the consents that a node works under: paused, withdrawn, or past their term."""
    async with database.transaction() as tx:
        kept, stopped = list[str](), list[str]()
        for state, is_over in product(
            ["ACTIVE", "EXHAUSTED", "PAUSED", "WITHDRAWN"], [False, True]
        ):
            request = replace(request_of_bank, authorization_no=f"A-{state}-{is_over}")
            consent = await lodge(tx, consents, request)
            await force(tx, consent, state, is_over=is_over)
            stands = state in {"ACTIVE", "EXHAUSTED"} and not is_over
            (kept if stands else stopped).append(consent.consent_id)

        assert sorted(await moves.find_stopped(tx, kept + stopped)) == sorted(stopped)
        assert await moves.find_stopped(tx, []) == []


async def test_a_newer_consent_takes_the_place_of_an_older_one(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Once, where it stands and is between the same two; what ended otherwise stays as it ended."""
    async with database.transaction() as tx:
        older = await approve(tx, consents, await lodge(tx, consents, request_of_bank))
        newer = replace(older, consent_id=NOBODYS, supersedes=older.consent_id)

        assert await moves.supersede(tx, older) is None
        assert await moves.supersede(tx, replace(newer, bank_id="bnk_2")) is None
        assert await moves.supersede(tx, replace(newer, supersedes=NOBODYS)) is None
        ended = await moves.supersede(tx, newer)
        assert ended is not None
        assert ended.state is ConsentState.SUPERSEDED
        assert await moves.supersede(tx, newer) is None


async def test_a_business_is_closed_for_all_that_name_it(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Of this bank and enterprise; those until its end are over with it; twice is once."""
    async with database.transaction() as tx:
        given = [
            await approve(tx, consents, await lodge(tx, consents, replace(request_of_bank, **one)))
            for one in (
                {"authorization_no": "A-1", "business_ref": "B-7"},
                {"authorization_no": "A-2", "business_ref": "B-7", "until": Until.BUSINESS_END},
                {"authorization_no": "A-3", "business_ref": "B-8"},
                {"authorization_no": "A-4"},
                {"authorization_no": "A-5", "business_ref": "B-7", "bank_id": "bnk_2"},
            )
        ]

        closed = await moves.close_business(tx, consent_id=given[0].consent_id, bank_id="bnk_1")
        again = await moves.close_business(tx, consent_id=given[1].consent_id, bank_id="bnk_1")

        assert [one.consent_id for one in closed.told] == [one.consent_id for one in given[:2]]
        assert [one.consent_id for one in closed.ended] == [given[1].consent_id]
        assert closed.asked == await consents.get_consent(tx, given[0].consent_id)
        assert closed.asked.business_closed_at is not None
        assert (again.told, again.ended) == ((), ())
        assert again.asked.state is ConsentState.EXPIRED
        for other in given[2:]:
            assert await consents.get_consent(tx, other.consent_id) == other


async def test_only_a_given_consent_with_a_business_can_lose_it(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """A request, a consent without a business, and another bank's are refused."""
    async with database.transaction() as tx:
        waiting = replace(request_of_bank, business_ref="B-7")
        asked = await lodge(tx, consents, waiting)
        other = replace(request_of_bank, authorization_no="A-2")
        plain = await approve(tx, consents, await lodge(tx, consents, other))
        for consent in (asked, plain):
            with pytest.raises(TransitionImpossible):
                await moves.close_business(tx, consent_id=consent.consent_id, bank_id="bnk_1")
        for consent_id, bank_id in ((asked.consent_id, "bnk_2"), ("no id", "bnk_1")):
            with pytest.raises(ConsentUnknown):
                await moves.close_business(tx, consent_id=consent_id, bank_id=bank_id)
