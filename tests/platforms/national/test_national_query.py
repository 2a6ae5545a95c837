"""The gateway and the sandbox's platform speak the national dialect, on good days and on bad."""

import pytest
from msgspec.structs import replace
from tests.platforms.conftest import HandClock
from tests.platforms.national.conftest import (
    LIBRARY,
    SECTIONS,
    THEIRS,
    Line,
    Spoil,
    make_platform,
    open_gateway,
    query_about,
    uscc_of,
)
from tests.sm2 import make_sm2_key

from creditbridge.foundation.http import HttpResponse
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    DeadlineExceeded,
    DisputeName,
    EnterpriseUnknown,
    PlatformRefused,
    PlatformUnavailable,
    QueryState,
)
from creditbridge.platforms.national.query import NationalPlatform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.profile.codes import Assurance, ErrorClass, SectionCode
from creditbridge.profile.model import NoneSection, PresentSection, UnknownSection
from creditbridge.profile.sections.penalties import Penalty
from creditbridge.profile.sections.registration import Registration
from creditbridge.protocols.sm2_envelope import seal_envelope
from creditbridge.protocols.sm2_message import digest_sm3, parse_answer, parse_request
from creditsandbox.dialects.national.platform import Manner
from creditsandbox.province.fixed import Outcome
from creditsandbox.province.population import Province

STRANGER = make_sm2_key(3_000_017, LIBRARY, key_id="national-1")


def deadline(clock: HandClock, seconds: float = 10.0) -> float:
    """Return the monotonic instant in so many seconds."""
    return clock.monotonic() + seconds


async def test_a_report_is_submitted_polled_and_read_by_pages(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """Registration and penalties come over several pages, each signed, under one counted query."""
    query = query_about(Outcome.FOUND, clock)

    answered = await gateway.ask(query, deadline=deadline(clock))

    sections, source = answered.answer.sections, answered.answer.source
    assert sections.keys() == SECTIONS
    registered = sections[SectionCode.REG]
    assert isinstance(registered, PresentSection)
    assert isinstance(registered.records[0], Registration)
    assert registered.sources == ("national",)
    assert source is not None
    assert (source.platform, source.assurance) == ("national", Assurance.HIGH)
    assert line.platform.journal.summarise()["by_uscc"] == {query.uscc: 1}
    assert [one.method for one in line.sent[:2]] == ["POST", "GET"]
    assert len(line.sent) > 3


async def test_what_proves_the_exchange_is_what_both_signed(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """The query is its grant; the answer names it, and commits the platform to its own body."""
    query = query_about(Outcome.FOUND, clock)

    proof = (await gateway.ask(query, deadline=deadline(clock))).proof

    THEIRS.key.verify(proof.answer_signature, proof.answer_base)
    asked, said = parse_request(proof.query_base), parse_answer(proof.answer_base)
    assert asked.body_digest == said.question == digest_sm3(proof.grant)
    assert said.body_digest == digest_sm3(proof.answer_body)
    assert asked.consent == said.consent


async def test_amounts_come_in_wan_and_arrive_in_yuan(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """The unit of the source is kept beside the amount."""
    query = query_about(Outcome.SERIOUS_LIST, clock)

    answered = await gateway.ask(query, deadline=deadline(clock))

    penalties = answered.answer.sections[SectionCode.PEN]
    assert isinstance(penalties, PresentSection)
    fined = [one for one in penalties.records if isinstance(one, Penalty) and one.fine is not None]
    assert fined
    assert {one.fine.source_unit for one in fined if one.fine is not None} == {"万元"}


async def test_nothing_leaves_in_the_clear(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """Neither the enterprise nor a record is in a body that passes the line."""
    query = query_about(Outcome.FOUND, clock)

    await gateway.ask(query, deadline=deadline(clock))

    bodies = [one.body for one in line.sent] + [one.body for one in line.said]
    assert not [body for body in bodies if query.uscc.encode() in body]


async def test_no_record_is_none_and_a_failed_source_is_unknown(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """The two never look alike (law 5)."""
    nothing = await gateway.ask(
        query_about(Outcome.NOTHING_ADVERSE, clock), deadline=deadline(clock)
    )
    failed = await gateway.ask(query_about(Outcome.SECTION_FAILED, clock), deadline=deadline(clock))

    assert isinstance(nothing.answer.sections[SectionCode.PEN], NoneSection)
    unknown = failed.answer.sections[SectionCode.PEN]
    assert isinstance(unknown, UnknownSection)
    assert (unknown.error_class, unknown.last_good_at is None) == (ErrorClass.SOURCE_TIMEOUT, False)


async def test_a_lost_page_makes_its_section_unknown(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """Never a shorter list: what the page held is not known, the other sections are."""
    answered = await gateway.ask(query_about(Outcome.CUT, clock), deadline=deadline(clock))

    states = answered.answer.sections
    unknown = [each for each in states.values() if isinstance(each, UnknownSection)]
    assert [each.error_class for each in unknown] == [ErrorClass.SECTION_MISSING]


async def test_an_enterprise_that_nobody_holds_is_proven_unknown(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """It was looked for, so it is counted, and the refusal is signed."""
    with pytest.raises(EnterpriseUnknown) as raised:
        await gateway.ask(query_about(Outcome.NOT_FOUND, clock), deadline=deadline(clock))

    assert raised.value.proof is not None
    assert line.platform.journal.summarise()["counted"] == 1


@pytest.mark.parametrize(
    "outcome", [Outcome.WRONG_SIGNATURE, Outcome.OTHER_ENTERPRISE, Outcome.REPLAYED]
)
async def test_an_answer_that_is_not_ours_fails_the_report(
    outcome: Outcome, gateway: NationalPlatform, clock: HandClock
) -> None:
    """By another key, for another enterprise, an older one: nothing of it is used (law 4)."""
    with pytest.raises(AnswerRejected):
        await gateway.ask(query_about(outcome, clock), deadline=deadline(clock))


async def test_a_platform_that_is_never_ready_runs_into_the_deadline(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """The query was counted: its use stays taken."""
    with pytest.raises(DeadlineExceeded) as raised:
        await gateway.ask(query_about(Outcome.SLOW, clock), deadline=deadline(clock))

    assert raised.value.sent


async def test_a_platform_that_is_down_counts_nothing(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """It asks for five seconds, twice over the deadline; a 503 may yet have been counted."""
    with pytest.raises(PlatformUnavailable) as raised:
        await gateway.ask(query_about(Outcome.DOWN, clock), deadline=deadline(clock, 4.0))

    assert raised.value.sent
    assert line.platform.journal.summarise()["counted"] == 0


@pytest.mark.parametrize("step", [0, 1, 2, 3])
@pytest.mark.parametrize("fault", ["refused", "lost", "503", "429"])
async def test_each_message_may_fail_once(
    step: int, fault: str, gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """It never left, or was done and its answer lost: it is sent again, and counted once."""
    line.plan = {step: fault}
    query = query_about(Outcome.FOUND, clock)

    answered = await gateway.ask(query, deadline=deadline(clock))

    assert answered.answer.sections.keys() == SECTIONS
    assert line.platform.journal.summarise()["by_uscc"] == {query.uscc: 1}


@pytest.mark.parametrize(("fault", "counted"), [("refused", 0), ("lost", 1)])
async def test_a_submission_that_fails_for_good_tells_whether_it_left(
    fault: str, counted: int, gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """Only where nothing left is the use given back (law 10)."""
    line.plan = dict.fromkeys(range(9), fault)
    query = query_about(Outcome.FOUND, clock)

    with pytest.raises(PlatformUnavailable) as raised:
        await gateway.ask(query, deadline=deadline(clock))

    assert raised.value.sent is bool(counted)
    assert line.platform.journal.summarise()["counted"] == counted


async def test_a_poll_that_never_leaves_does_not_unsay_the_query(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """The submission was counted; what failed later failed after it left."""
    line.plan = dict.fromkeys(range(1, 9), "refused")

    with pytest.raises(PlatformUnavailable) as raised:
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))

    assert raised.value.sent


@pytest.mark.parametrize(
    ("lost", "state"), [(True, QueryState.COUNTED), (False, QueryState.NOT_COUNTED)]
)
async def test_after_a_crash_the_platform_says_what_it_counted(
    *, lost: bool, state: QueryState, gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """By the query's id alone, without a consent."""
    query = query_about(Outcome.FOUND, clock)
    line.plan = dict.fromkeys(range(9), "lost" if lost else "refused")
    with pytest.raises(PlatformUnavailable):
        await gateway.ask(query, deadline=deadline(clock))
    line.plan = {}

    found = await gateway.find_query(query.query_id, deadline=deadline(clock))

    assert found is state


async def test_a_query_id_counts_for_one_question(
    gateway: NationalPlatform, clock: HandClock
) -> None:
    """The same id under another question is refused by the platform's signature."""
    query = query_about(Outcome.FOUND, clock)
    await gateway.ask(query, deadline=deadline(clock))

    with pytest.raises(PlatformRefused):
        other = replace(query, sections=frozenset({SectionCode.REG}))
        await gateway.ask(other, deadline=deadline(clock))


async def test_a_storm_of_429_ends_at_the_deadline(
    province: Province, clock: HandClock, settings_of: object
) -> None:
    """What the platform asks for is honoured, and no wait goes past the deadline."""
    assert callable(settings_of)
    line = Line(make_platform(Manner(requests_per_minute=1), province), clock)
    settings = settings_of()
    assert isinstance(settings, PlatformSettings)
    gateway = open_gateway(line, clock, settings)
    await gateway.find_query("qry_01jdc4t7p9e2s8v5x3y6z0a1b2", deadline=deadline(clock))

    with pytest.raises(PlatformUnavailable) as raised:
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))

    assert raised.value.retry_after == 60.0
    assert len(line.sent) == 2


def unsigned(response: HttpResponse) -> HttpResponse:
    """Without its signature."""
    return replace(response, headers=tuple(h for h in response.headers if h[0] != "x-signature"))


def without_time(response: HttpResponse) -> HttpResponse:
    """Without its time."""
    return replace(response, headers=tuple(h for h in response.headers if h[0] != "x-timestamp"))


def other_suite(response: HttpResponse) -> HttpResponse:
    """Under a suite that nobody agreed on."""
    return changed(response, "x-signature-suite", "ES256-SHA256")


def unknown_key(response: HttpResponse) -> HttpResponse:
    """By a key that is not pinned."""
    return changed(response, "x-key-id", "national-0")


def other_digest(response: HttpResponse) -> HttpResponse:
    """Of another body than the one signed."""
    return changed(response, "x-body-digest", "0" * 64)


def other_status(response: HttpResponse) -> HttpResponse:
    """The status is signed as well."""
    return replace(response, status=404)


def other_envelope(response: HttpResponse) -> HttpResponse:
    """An envelope of a stranger's making: our key is public."""
    from tests.platforms.national.conftest import OUR_READER  # noqa: PLC0415 -- once here

    return replace(response, body=seal_envelope(b"{}", OUR_READER.key, associated=b""))


def garbage(response: HttpResponse) -> HttpResponse:
    """No envelope at all."""
    return replace(response, body=b"{" * 100_000)


def changed(response: HttpResponse, name: str, value: str) -> HttpResponse:
    """Return an answer with another header."""
    headers = tuple((one, value if one == name else old) for one, old in response.headers)
    return replace(response, headers=headers)


SPOILT = (
    *(unsigned, without_time, other_suite, unknown_key, other_digest),
    *(other_status, other_envelope, garbage),
)


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("spoil", SPOILT)
async def test_a_spoilt_answer_is_refused_wherever_it_comes(
    step: int, spoil: Spoil, gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """To the submission, a poll, a page: whole it is the platform's, changed it is nothing."""
    line.plan = {step: spoil}

    with pytest.raises(AnswerRejected):
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))


async def test_an_answer_to_another_poll_is_refused(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """A page's answer comes a second time, in place of the next page's (fault 19)."""
    line.plan = {3: lambda _response: line.said[2]}

    with pytest.raises(AnswerRejected):
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))


@pytest.mark.parametrize(("seconds", "passes"), [(300.0, True), (301.0, False)])
async def test_an_answer_is_fresh_for_five_minutes(
    seconds: float, *, passes: bool, gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """The detail of the refusal names the platform's clock."""

    def late(response: HttpResponse) -> HttpResponse:
        clock.advance(seconds)
        return response

    line.plan = {0: late}
    asked = gateway.find_query("qry_01jdc4t7p9e2s8v5x3y6z0a1b2", deadline=deadline(clock, 900.0))

    if passes:
        assert await asked is QueryState.NOT_COUNTED
    else:
        with pytest.raises(AnswerRejected) as raised:
            await asked
        assert "the platform's clock" in raised.value.detail


async def test_a_refused_signature_says_nothing_of_the_count(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """The refusal is not signed: the query may have been counted."""
    line.plan = {0: "401"}

    with pytest.raises(PlatformUnavailable) as raised:
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))

    assert raised.value.sent


async def test_a_redirect_is_not_followed(
    gateway: NationalPlatform, line: Line, clock: HandClock
) -> None:
    """Nor does it say anything."""
    line.plan = {0: "302"}

    with pytest.raises(AnswerUnreadable):
        await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))


async def test_a_nonce_serves_once(gateway: NationalPlatform, line: Line, clock: HandClock) -> None:
    """The platform refuses a message that somebody sends again, for ten minutes."""
    await gateway.find_query("qry_01jdc4t7p9e2s8v5x3y6z0a1b2", deadline=deadline(clock))
    again = line.sent[0]
    clock.advance(299.0)

    assert (await line.send(again, timeout_seconds=1.0)).status == 401
    clock.advance(2.0)
    assert (await line.send(again, timeout_seconds=1.0)).status == 401


async def test_a_dispute_is_answered_by_name(gateway: NationalPlatform, clock: HandClock) -> None:
    """One that never came is unknown, by the platform's signature."""
    name = DisputeName(dispute_id="dsp_1", uscc=uscc_of(Outcome.FOUND), stage="FIRST")

    assert await gateway.find_dispute(name, deadline=deadline(clock)) is None


async def test_a_record_is_found_by_its_number(gateway: NationalPlatform, clock: HandClock) -> None:
    """The id that a bank holds leads back to the number that the enterprise knows."""
    answered = await gateway.ask(query_about(Outcome.FOUND, clock), deadline=deadline(clock))
    registered = answered.answer.sections[SectionCode.REG]
    assert isinstance(registered, PresentSection)
    record = registered.records[0]

    assert gateway.find_section(record.record_id, record.source.source_record_id) is SectionCode.REG
    assert gateway.find_section(record.record_id, "another") is None
