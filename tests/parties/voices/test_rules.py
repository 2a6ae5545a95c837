"""How far a person may speak: at, below and above each limit, in order."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.parties.model import Role
from creditbridge.parties.voices.model import (
    AgentOver,
    AgentPurposes,
    AgentSections,
    AgentTerm,
    AgentUses,
    AppointmentMalformed,
    AppointmentNotYours,
    Document,
    DocumentKind,
    Limits,
    Reach,
    Representative,
    VoiceRefused,
    VoiceUnappointed,
)
from creditbridge.parties.voices.rules import (
    derive_person_key,
    is_approver,
    require_appointable,
    require_legal_rep,
    require_within,
)
from creditbridge.profile.codes import Purpose, SectionCode

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEGAL_REP = Representative(
    person_id="prs_1", uscc="91330100YY0000A13Y", role=Role.LEGAL_REP, enrolled_at=NOW
)
AGENT = replace(
    LEGAL_REP,
    role=Role.AGENT,
    appointed_at=NOW,
    appointed_by="prs_1",
    may_approve=True,
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
    sections=frozenset({SectionCode.REG, SectionCode.PEN}),
    days_max=30,
    queries_max=3,
    ends_at=NOW + timedelta(days=60),
    document_kind=DocumentKind.POWER_OF_ATTORNEY,
    document_digest=bytes(32),
    document_issuer="示例公证处",
    document_valid_until=NOW + timedelta(days=90),
)
REACH = Reach(
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
    sections=frozenset({SectionCode.REG, SectionCode.PEN}),
    days=30,
    queries=3,
)
DOCUMENT = Document(
    kind=DocumentKind.OFFICE, digest=bytes(32), issuer="示例公司", valid_until=NOW + SECOND
)
LIMITS = Limits(
    may_approve=True,
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
    sections=frozenset({SectionCode.REG}),
    days_max=3_660,
    queries_max=1_000_000,
    ends_at=NOW + SECOND,
)


@pytest.mark.parametrize(
    "reach",
    [
        REACH,
        replace(REACH, sections=frozenset({SectionCode.REG})),
        replace(REACH, days=1, queries=1),
    ],
)
def test_an_agent_approves_up_to_every_limit(reach: Reach) -> None:
    """At each limit, and below."""
    require_within(AGENT, reach, now=NOW)
    require_within(AGENT, reach, now=NOW + timedelta(days=60) - SECOND)


@pytest.mark.parametrize(
    ("changed", "reach", "later", "refusal"),
    [
        ({"may_approve": False}, {}, timedelta(0), VoiceUnappointed),
        ({"purposes": None}, {}, timedelta(0), VoiceUnappointed),
        ({"document_kind": None}, {}, timedelta(0), VoiceUnappointed),
        ({}, {}, timedelta(days=60), AgentOver),
        ({"document_valid_until": NOW + SECOND}, {}, SECOND, AgentOver),
        ({}, {"purposes": frozenset({Purpose.POST_LOAN})}, timedelta(0), AgentPurposes),
        ({}, {"sections": frozenset(SectionCode)}, timedelta(0), AgentSections),
        ({}, {"days": 31}, timedelta(0), AgentTerm),
        ({}, {"queries": 4}, timedelta(0), AgentUses),
    ],
)
def test_an_agent_beyond_a_limit_hears_which(
    changed: dict[str, object],
    reach: dict[str, object],
    later: timedelta,
    refusal: type[VoiceRefused],
) -> None:
    """One step above each limit is refused, in words of its own."""
    with pytest.raises(refusal) as refused:
        require_within(replace(AGENT, **changed), replace(REACH, **reach), now=NOW + later)

    assert type(refused.value) is refusal


def test_a_legal_representative_has_no_limits() -> None:
    """What the enterprise may, its legal representative may."""
    require_within(LEGAL_REP, replace(REACH, days=3_660, queries=1_000_000), now=NOW)
    require_legal_rep(LEGAL_REP)


def test_agents_never_appoint_agents() -> None:
    """However far their own limits go."""
    with pytest.raises(AppointmentNotYours):
        require_legal_rep(AGENT)


def test_an_appointment_needs_all_of_it() -> None:
    """At its bounds it stands."""
    require_appointable(DOCUMENT, LIMITS, now=NOW)


@pytest.mark.parametrize(
    ("document", "limits"),
    [
        ({"digest": bytes(31)}, {}),
        ({"issuer": ""}, {}),
        ({"issuer": "x" * 65}, {}),
        ({"issuer": "a\u202eb"}, {}),
        ({"issuer": " a"}, {}),
        ({"valid_until": NOW}, {}),
        ({}, {"purposes": frozenset[Purpose]()}),
        ({}, {"sections": frozenset[SectionCode]()}),
        ({}, {"days_max": 0}),
        ({}, {"days_max": 3_661}),
        ({}, {"queries_max": 0}),
        ({}, {"queries_max": 1_000_001}),
        ({}, {"ends_at": NOW}),
    ],
)
def test_an_appointment_that_lacks_something_is_none(
    document: dict[str, object], limits: dict[str, object]
) -> None:
    """No document, no extent, no end: nothing that a court could read."""
    with pytest.raises(AppointmentMalformed):
        require_appointable(replace(DOCUMENT, **document), replace(LIMITS, **limits), now=NOW)


def test_a_person_is_one_under_one_secret() -> None:
    """Issuer and claim make the key; another secret, issuer or person makes another."""
    known = derive_person_key(bytes(32), issuer="https://id.example", person="p-1")

    others = {
        derive_person_key(bytes([1] * 32), issuer="https://id.example", person="p-1"),
        derive_person_key(bytes(32), issuer="https://id.other", person="p-1"),
        derive_person_key(bytes(32), issuer="https://id.example", person="p-2"),
    }

    assert len(known) == 32
    assert known == derive_person_key(bytes(32), issuer="https://id.example", person="p-1")
    assert known not in others
    assert len(others) == 3


def test_half_a_document_is_none() -> None:
    """What was never shown whole shows nothing."""
    assert LEGAL_REP.document is None
    assert LEGAL_REP.limits is None
    assert AGENT.document == Document(
        kind=DocumentKind.POWER_OF_ATTORNEY,
        digest=bytes(32),
        issuer="示例公证处",
        valid_until=NOW + timedelta(days=90),
    )


def test_who_may_approve_at_an_instant() -> None:
    """The legal representative in office; an agent only within what the appointment says."""
    assert is_approver(LEGAL_REP, now=NOW)
    assert not is_approver(replace(LEGAL_REP, ended_at=NOW), now=NOW)
    assert not is_approver(replace(AGENT, purposes=None), now=NOW)
