"""A person's consent, asked for and given, for tests to change."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.model import PersonConsent, PersonRequest
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USCC = "91330100YY0000A13Y"


@pytest.fixture
def noon() -> datetime:
    """The instant at which the tests decide."""
    return NOON


@pytest.fixture
def asked() -> PersonConsent:
    """A request to the legal representative, yesterday's, for REG and PSN."""
    return PersonConsent(
        person_consent_id="pcs_1",
        version=1,
        state=ConsentState.REQUESTED,
        bank_id="bnk_1",
        bank_uscc="91330104YY0000A13Q",
        bank_name="Example Bank",
        uscc=USCC,
        name="Example Works",
        position=KeyPosition.LEGAL_REP,
        purposes=frozenset({Purpose.KEY_PERSON_REVIEW}),
        sections=frozenset({SectionCode.REG, SectionCode.PSN}),
        authorization_no="P-1",
        requested_at=NOON - timedelta(days=1),
        lapses_at=NOON + timedelta(days=6),
        valid_to=NOON + timedelta(days=30),
        asked="evt_1",
    )


@pytest.fixture
def given(asked: PersonConsent) -> PersonConsent:
    """The same, given an hour ago."""
    return replace(
        asked,
        version=2,
        state=ConsentState.ACTIVE,
        person_id="prs_1",
        decided_at=NOON - timedelta(hours=1),
        template_id="t",
        template_version="1",
        text_digest=bytes(32),
    )


@pytest.fixture
def request_of_bank() -> PersonRequest:
    """What a bank may ask of a person."""
    return PersonRequest(
        bank_id="bnk_1",
        bank_uscc="91330104YY0000A13Q",
        bank_name="Example Bank",
        uscc=USCC,
        name="Example Works",
        position=KeyPosition.LEGAL_REP,
        purposes=frozenset({Purpose.KEY_PERSON_REVIEW}),
        sections=frozenset({SectionCode.REG, SectionCode.PSN}),
        authorization_no="P-1",
        valid_to=NOON + timedelta(days=30),
    )
