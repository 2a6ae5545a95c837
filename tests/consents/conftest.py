"""Consents, requests and questions that the tests of this room vary."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.model import Asked, Consent, ConsentState
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.profile.codes import Purpose, SectionCode

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USCC = "91330100YY0000A13Y"


@pytest.fixture
def noon() -> datetime:
    """The instant at which the tests decide."""
    return NOON


@pytest.fixture
def consent() -> Consent:
    """A live consent to REG and PEN for pre-loan review, three uses, one taken."""
    return Consent(
        consent_id="cns_1",
        version=2,
        state=ConsentState.ACTIVE,
        bank_id="bnk_1",
        clients=frozenset(),
        uscc=USCC,
        purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
        sections=frozenset({SectionCode.REG, SectionCode.PEN}),
        valid_from=NOON - timedelta(days=1),
        valid_to=NOON + timedelta(days=1),
        max_queries=3,
        used=1,
        business_ref=None,
        business_closed_at=None,
        authorization_no="A-1",
        bank_uscc="91330104YY0000A13Q",
        bank_name="Example Bank",
        name="Example Works",
        requested_at=NOON - timedelta(days=1),
        lapses_at=NOON + timedelta(days=6),
    )


@pytest.fixture
def asked() -> Asked:
    """The question that the live consent covers wholly."""
    return Asked(
        bank_id="bnk_1",
        client_id="cli_1",
        uscc=USCC,
        consent_id="cns_1",
        purpose=Purpose.PRE_LOAN_REVIEW,
        sections=frozenset({SectionCode.REG}),
    )


@pytest.fixture
def request_of_bank() -> ConsentRequest:
    """A request within every ceiling, for two uses within thirty days of 2036."""
    return ConsentRequest(
        bank_id="bnk_1",
        bank_uscc="91330104YY0000A13Q",
        bank_name="Example Bank",
        uscc=USCC,
        name="Example Works",
        authorization_no="A-1",
        purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
        sections=frozenset({SectionCode.REG, SectionCode.PEN}),
        valid_to=NOON + timedelta(days=30),
        max_queries=2,
    )


@pytest.fixture
def signer() -> FileKey:
    """The gateway's consent key, fresh."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key(), key_id="consent-1"), private=private)
