"""The published schema of the consent artefact is the one that the house signs by."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from creditbridge.consents.artefact import artefact_of, encode_artefact
from creditbridge.consents.contract import artefact_schema, format_schema, policy_schema
from creditbridge.consents.model import Consent, DocumentDigest
from creditbridge.consents.policy import encode_policy, first_policy
from creditbridge.profile.codes import ConsentForm, DataClass, Product, SubjectRole, Until

CONTRACT = Path(__file__).parents[2] / "contracts" / "consent.schema.json"


def test_the_contract_is_generated_from_the_struct() -> None:
    """Byte for byte; after a change write what `format_schema` returns."""
    assert CONTRACT.read_text(encoding="utf-8") == format_schema(artefact_schema())


def test_the_contract_of_policies_is_generated_too() -> None:
    """A policy as the house signs it follows it."""
    raw = CONTRACT.with_name("consent-policy.schema.json").read_text(encoding="utf-8")
    first = encode_policy(first_policy(now=datetime(2026, 3, 2, tzinfo=UTC)))

    assert raw == format_schema(policy_schema())
    assert list(Draft202012Validator(json.loads(raw)).iter_errors(json.loads(first))) == []


def test_the_contract_is_a_schema() -> None:
    """It follows the 2020-12 dialect that it names."""
    Draft202012Validator.check_schema(json.loads(CONTRACT.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"clients": frozenset({"loans"}), "business_ref": "B-7"},
        {
            "data_classes": frozenset({DataClass.QUERY}),
            "products": frozenset({Product.LOAN}),
            "roles": frozenset({SubjectRole.BORROWER}),
            "recurring": False,
            "per_day": 1,
            "min_interval_seconds": 86_400,
            "retention_days": 365,
            "until": Until.BUSINESS_END,
            "form": ConsentForm.PAPER_SCAN,
            "document": DocumentDigest("ab" * 32, "cd" * 32, "scan-7"),
            "supersedes": "cns_0",
            "monitoring": True,
            "subject_person": "psn_1",
        },
    ],
)
def test_an_artefact_follows_the_contract(consent: Consent, change: dict[str, object]) -> None:
    """With and without the members that may be absent."""
    validator = Draft202012Validator(json.loads(CONTRACT.read_text(encoding="utf-8")))
    artefact = json.loads(encode_artefact(artefact_of(replace(consent, **change))))

    assert list(validator.iter_errors(artefact)) == []


@pytest.mark.parametrize(
    "fault", [{"v": 2}, {"extra": 1}, {"sections": []}, {"max_queries": 0}, {"purposes": ["X"]}]
)
def test_what_is_no_artefact_breaks_the_contract(
    consent: Consent, fault: dict[str, object]
) -> None:
    """Another version, an unknown member, nothing covered, no use, an unknown purpose."""
    validator = Draft202012Validator(json.loads(CONTRACT.read_text(encoding="utf-8")))
    artefact = msgspec.json.decode(encode_artefact(artefact_of(consent)), type=dict[str, object])

    assert list(validator.iter_errors({**artefact, **fault})) != []
