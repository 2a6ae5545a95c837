"""The platforms' answers become one sealed profile."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace

from creditbridge.consents.model import Asked, Consent, Coverage
from creditbridge.consents.rules import require_coverage
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.deliver_report import ReportRequest
from creditbridge.journeys.make_profile import make_profile
from creditbridge.platforms.model import PlatformAnswer, PlatformQuery
from creditbridge.profile.codes import ErrorClass, OmissionReason, Purpose, SectionCode
from creditbridge.profile.model import NoneSection, SourceAnswer, UnknownSection
from creditbridge.profile.seal import verify_seal

ASKED = frozenset({SectionCode.REG, SectionCode.PEN, SectionCode.EVA})


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        """Answer "no record"."""
        ...


class House(Protocol):
    """The house of `conftest`."""

    platform: FakePlatform
    clock: SystemClock
    seal_key: FileKey


@pytest.fixture
def asked(ask: Callable[..., ReportRequest], consent: Consent) -> Asked:
    """REG and PEN, which are given, and EVA, which is not."""
    return ask(consent, sections=ASKED).asked


@pytest.fixture
def coverage(consent: Consent, asked: Asked) -> Coverage:
    """What the consent covers of it."""
    return require_coverage(consent, asked, now=SystemClock().now())


@pytest.fixture
async def answer(house: House, coverage: Coverage) -> PlatformAnswer:
    """No record of either."""
    query = PlatformQuery(
        query_id="qry_1",
        uscc=coverage.consent.uscc,
        sections=coverage.sections,
        purpose=Purpose.PRE_LOAN_REVIEW,
        consent_digest="0" * 64,
        expires_at=SystemClock().now() + timedelta(seconds=10),
    )
    return await house.platform.ask_all(query, deadline=0.0)


def test_the_profile_names_consent_bank_request_and_purpose(
    answer: PlatformAnswer, coverage: Coverage, asked: Asked, house: House
) -> None:
    """Its heading binds it to what was asked, and its seal binds the whole."""
    sealed = make_profile(
        answer, coverage, asked, house.seal_key, request=b"request", now=house.clock.now()
    )

    profile = verify_seal(sealed.raw, {house.seal_key.key.key_id: house.seal_key.key}.get)
    assert profile.consent_id == coverage.consent.consent_id
    assert profile.authorization_no == coverage.consent.authorization_no
    assert profile.bank_id == asked.bank_id
    assert profile.purpose is Purpose.PRE_LOAN_REVIEW
    assert profile.request_digest == hashlib.sha256(b"request").hexdigest()
    assert profile.subject.uscc == coverage.consent.uscc


def test_what_was_not_consented_is_named_as_omitted(
    answer: PlatformAnswer, coverage: Coverage, asked: Asked, house: House
) -> None:
    """The bank sees that it asked for more than was given."""
    sealed = make_profile(
        answer, coverage, asked, house.seal_key, request=b"", now=house.clock.now()
    )

    omitted = {one.code: one.reason for one in sealed.profile.omitted_sections}
    assert omitted == {SectionCode.EVA: OmissionReason.NOT_CONSENTED}
    assert set(sealed.profile.sections) == {SectionCode.REG, SectionCode.PEN}


def test_a_failed_source_is_unknown_and_never_empty(
    answer: PlatformAnswer, coverage: Coverage, asked: Asked, house: House
) -> None:
    """Law 5: "nobody knows" beside "no record"."""
    failed = UnknownSection(error_class=ErrorClass.PLATFORM_DEADLINE)
    (told,) = answer.answers
    mixed = SourceAnswer(source=told.source, sections={**told.sections, SectionCode.PEN: failed})

    sealed = make_profile(
        replace(answer, answers=(mixed,)),
        coverage,
        asked,
        house.seal_key,
        request=b"",
        now=house.clock.now(),
    )

    sections = sealed.profile.sections
    assert isinstance(sections[SectionCode.REG], NoneSection)
    assert sections[SectionCode.PEN] == failed
