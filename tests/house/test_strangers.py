"""Attacks on the bank door: other certificates, tokens, clients, banks, consents, sections."""

import asyncio
import secrets
from collections.abc import Callable

import pytest
from tests.house.house import BANKS, PEOPLE, Given, House
from tests.house.telling import outcome, tell_apart
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.demo.bank import Exchange, require_signed_answer
from creditbridge.foundation.http import HttpUnavailable
from creditbridge.foundation.keys import parse_public_key

pytestmark = pytest.mark.xdist_group("house")
UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
UNKNOWN_REPORT = "rpt_01hzy6t9x7c3v5n8m2k4p6q8r0"


@pytest.fixture(scope="module")
def counted(house: House) -> Callable[[], int]:
    """How many refusals of known callers the ledger holds."""

    def count() -> int:
        return house.check_ledger()[0].get("caller.refused", 0)

    return count


@pytest.mark.parametrize("certificate", ["south", "second", "renewed", None])
async def test_a_stolen_token_opens_nothing(
    house: House, certificate: str | None, counted: Callable[[], int]
) -> None:
    """Over another bank's, another client's, a renewed or no certificate the token is worthless."""
    given = await house.give_consent()
    async with house.machine() as bank, house.machine(certificate=certificate) as thief:
        token = await bank.fetch_token()
        before = counted()

        # Whose token it is can be told, so the refusal is a record of its own (law 1); where
        # earlier thefts filled the minute they are summed up, and the next minute's is recorded.
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            while (after := counted()) == before:
                stolen = await thief.ask(given.consent_id, given.uscc, token=token)
                assert outcome(stolen) == (401, "invalid-token")
                assert (
                    stolen.header("www-authenticate")
                    == 'Bearer error="invalid_token", DPoP algs="PS256 ES256 EdDSA"'
                )
        assert after == before + 1


@pytest.mark.parametrize("certificate", ["stranger", "expired", "server-only"])
async def test_no_token_for_an_unfit_certificate(house: House, certificate: str) -> None:
    """The right name from another authority, in the past, or for servers proves nobody."""
    async with house.machine(certificate=certificate) as bank:
        try:
            refused = await bank.ask_token()
        except HttpUnavailable:
            return  # TLS itself refused it.
        assert (refused.status, refused.text("error")) == (401, "invalid_client")


async def test_no_token_for_another_client(house: House) -> None:
    """A certificate of one client gets no token for another, nor does none; both sound alike."""
    answers = list[Exchange]()
    for client_id, certificate in (("north-lending", "south"), ("nobody-lending", "south")):
        async with house.machine(client_id, certificate=certificate) as bank:
            answers.append(await bank.ask_token())

    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].answer.body == answers[1].answer.body


async def test_a_second_client_of_the_same_bank_is_another_client(house: House) -> None:
    """It shares the bank's consent, but no token, no idempotency key and no message key."""
    given = await house.give_consent()
    key = secrets.token_urlsafe(16)
    async with house.machine() as first, house.machine("north-second") as second:
        token, own = await first.fetch_token(), await second.fetch_token()
        mine = await first.ask(given.consent_id, given.uscc, token=token, key=key)

        theirs = await second.ask(given.consent_id, given.uscc, token=own, key=key)

        assert (mine.status, theirs.status) == (200, 200)
        # Under the same key it is a look of its own, counted as one.
        assert theirs.header("creditbridge-report") != mine.header("creditbridge-report")
        assert await used(house, given) == 2
    async with house.machine("north-second", key="north") as impostor:
        wrong_key = await impostor.ask(given.consent_id, given.uscc, token=own)
        assert outcome(wrong_key) == (401, "signature-key-unknown")


async def test_a_business_id_is_one_look_for_the_whole_bank(house: House) -> None:
    """Its second client gets 409 for the first one's business id, and no second query."""
    given = await house.give_consent()
    business = {"business_id": secrets.token_hex(8)}
    async with house.machine() as first, house.machine("north-second") as second:
        token, own = await first.fetch_token(), await second.fetch_token()
        before = await house.count_queries(given.uscc)
        await first.ask(given.consent_id, given.uscc, token=token, members=business)

        again = await second.ask(given.consent_id, given.uscc, token=own, members=business)

    assert outcome(again) == (409, "business-id-taken")
    assert await house.count_queries(given.uscc) == before + 1
    assert await used(house, given) == 1


async def test_a_client_that_the_consent_does_not_name_is_refused(house: House) -> None:
    """A consent that names one client is not the other's, though the bank is the same."""
    given = await house.give_consent(clients=["north-lending"])
    async with house.machine("north-second") as second:
        refused = await second.ask(
            given.consent_id, given.uscc, token=await second.fetch_token("reports")
        )
    assert outcome(refused) == (403, "consent-client-not-allowed")


async def test_another_banks_consent_sounds_like_none(house: House) -> None:
    """Foreign and unknown get the same status, headers and body, for a report and for a look-up."""
    given = await house.give_consent()
    async with house.machine("south-lending") as bank:
        token = await bank.fetch_token()
        foreign = await bank.ask(given.consent_id, given.uscc, token=token)
        unknown = await bank.ask(UNKNOWN_CONSENT, given.uscc, token=token)
        seen = await bank.get(f"/v1/consents/{given.consent_id}", token=token)
        unseen = await bank.get(f"/v1/consents/{UNKNOWN_CONSENT}", token=token)

    assert outcome(foreign) == (403, "consent-missing")
    assert tell_apart(foreign) == tell_apart(unknown)
    assert outcome(seen) == (404, "consent-unknown")
    assert tell_apart(seen) == tell_apart(unseen)
    assert await used(house, given) == 0


async def test_another_banks_report_sounds_like_none(house: House) -> None:
    """Evidence of a foreign report, delivered or refused, is as absent as one that never was."""
    given = await house.give_consent()
    async with house.machine() as bank:
        token = await bank.fetch_token()
        delivered = await bank.ask(given.consent_id, given.uscc, token=token)
        refused = await bank.ask(UNKNOWN_CONSENT, given.uscc, token=token)
    ids = [delivered.header("creditbridge-report"), refused.text("instance"), UNKNOWN_REPORT]
    async with house.machine("south-lending") as other:
        token = await other.fetch_token()
        answers = [await other.get(f"/v1/reports/{one}/evidence", token=token) for one in ids]

    assert [outcome(answer) for answer in answers] == [(404, "not-found")] * 3
    assert tell_apart(answers[0]) == tell_apart(answers[1]) == tell_apart(answers[2])


async def test_lists_end_at_the_bank(house: House) -> None:
    """A bank's list holds none of another bank's consents."""
    given = await house.give_consent()
    async with house.machine("south-lending") as other:
        listed = await other.get("/v1/consents", token=await other.fetch_token("consents"))
    assert given.consent_id.encode() not in listed.answer.body
    assert PEOPLE["found"].encode() not in listed.answer.body


async def test_a_consent_is_for_its_enterprise(house: House) -> None:
    """Another enterprise under it is refused as if there were no consent, and costs no use."""
    given = await house.give_consent("found")
    async with house.machine() as bank:
        refused = await bank.ask(
            given.consent_id, PEOPLE["listed"], token=await bank.fetch_token("reports")
        )
    assert outcome(refused) == (403, "consent-missing")
    assert await used(house, given) == 0


async def test_widened_sections_are_not_served(house: House) -> None:
    """Sections beyond the consent are left out by name; with none covered there is no look."""
    given, beyond = await house.give_consent(sections=["REG"]), {"sections": ["PEN"]}
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        served = await bank.ask(given.consent_id, given.uscc, token=token)
        refused = await bank.ask(given.consent_id, given.uscc, token=token, members=beyond)

    assert set(served.json()["sections"]) == {"REG"}  # type: ignore[call-overload] # a JSON object
    assert outcome(refused) == (403, "consent-sections-not-covered")
    assert await used(house, given) == 1


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"purpose": "GUARANTEE_REVIEW"}, (403, "consent-purpose-mismatch")),
        ({"purpose": "CURIOSITY"}, (400, "json-malformed")),
        ({"bank_id": "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"}, (400, "json-malformed")),
        ({"used": 0}, (400, "json-malformed")),
        ({"max_queries": 99}, (400, "json-malformed")),
    ],
)
async def test_what_a_bank_may_not_say(
    house: House, members: dict[str, object], expected: tuple[int, str]
) -> None:
    """Another purpose is refused; a member that is not the caller's to set is no request at all."""
    given = await house.give_consent()
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        refused = await bank.ask(given.consent_id, given.uscc, token=token, members=members)
    assert outcome(refused) == expected
    assert await used(house, given) == 0


async def test_a_token_opens_its_scope_only(house: House) -> None:
    """A token for consents delivers no report, and one for reports lodges no consent."""
    given = await house.give_consent()
    async with house.machine() as bank:
        consents, reports = await bank.fetch_token("consents"), await bank.fetch_token("reports")
        report = await bank.ask(given.consent_id, given.uscc, token=consents)
        consent = await bank.post("/v1/consents", house.consent("found"), token=reports)
    assert [outcome(report), outcome(consent)] == [(403, "insufficient-scope")] * 2


async def test_errors_of_known_callers_are_signed(house: House) -> None:
    """A refusal of a caller that is known is signed and bound to its request (PROTOCOLS H10)."""
    message = parse_public_key((house.pki / "gateway" / "message.pub").read_bytes())
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        refused = await bank.ask(UNKNOWN_CONSENT, PEOPLE["found"], token=token)
    assert refused.status == 403
    require_signed_answer(refused, message)


async def test_nothing_of_a_caller_comes_back(house: House) -> None:
    """A problem answer repeats neither ids, names nor bodies that were sent."""
    canary, uscc = f"CANARY{secrets.token_hex(8)}", PEOPLE["found"]
    async with house.machine() as bank:
        token = await bank.fetch_token()
        answers = [
            await bank.ask(canary, PEOPLE["found"], token=token),
            await bank.ask(UNKNOWN_CONSENT, canary, token=token),
            await bank.ask(UNKNOWN_CONSENT, uscc, token=token, members={"operator_id": canary}),
            await bank.ask(UNKNOWN_CONSENT, uscc, token=token, members={canary: 1}),
            await bank.get(f"/v1/consents/{canary}", token=token),
            await bank.get(f"/{canary}?{canary}={canary}", token=token),
            await bank.post("/v1/consents", {canary: canary}, token=token),
        ]
    for answer in answers:
        assert answer.status in {400, 403, 404}
        assert canary.encode() not in answer.answer.body
        assert BANKS["north"][1].encode() not in answer.answer.body


async def used(house: House, given: Given) -> int:
    """Return how many uses of a consent are taken, as its bank sees it."""
    async with house.machine() as bank:
        shown = await bank.get(
            f"/v1/consents/{given.consent_id}", token=await bank.fetch_token("consents")
        )
    return int(str(shown.json()["used"]))
