"""An admission with a sealing key, and a key name."""

from datetime import UTC, datetime

import pytest

from creditbridge.admission.model import KeyName, Outcome
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings


@pytest.fixture
def noon() -> datetime:
    """The instant at which the rules decide."""
    return datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def admission() -> Admission:
    """Admission with the house's times."""
    return Admission(AdmissionSettings(), Sealer(bytes(range(32))))


@pytest.fixture
def name() -> KeyName:
    """One client's key on one route."""
    return KeyName(client_id="loans", route="POST /v1/reports", key="k-1")


@pytest.fixture
def outcome() -> Outcome:
    """A delivered report, as it went out."""
    return Outcome(
        status=200,
        headers=(("content-type", "application/json"), ("creditbridge-receipt", ":cg==:")),
        body=b'{"profile":{}}',
        event_id="evt_1",
        receipt=b"receipt",
    )
