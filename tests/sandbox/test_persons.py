"""The platform tells of a key person only on that person's own consent."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from creditsandbox.dialects.provincial.messages import (
    Grant,
    GrantedPerson,
    GrantRefused,
    Query,
    require_grant,
)
from creditsandbox.dialects.provincial.persons import write_persons
from creditsandbox.dialects.provincial.sections import Section, delivered_at
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
PERSON = GrantedPerson(position="1", consent_digest="A" * 43)
GRANT = Grant(
    v=1,
    audience="provincial",
    query_id="qry_1",
    uscc="91330100YY0000A48H",
    sections=(Section.KEY_PERSONS,),
    purpose="PRE_LOAN_REVIEW",
    consent_digest="A" * 43,
    expires_at=NOW + timedelta(seconds=30),
    persons=(PERSON,),
)


def require(grant: Grant) -> None:
    """Accept a grant for exactly what it says."""
    query = Query(uscc=grant.uscc, sections=grant.sections, purpose=grant.purpose)
    require_grant(grant, query, query_id="qry_1", platform_id="provincial", now=NOW)


@pytest.mark.parametrize(
    ("sections", "persons"),
    [((Section.KEY_PERSONS,), ()), ((Section.REGISTRATION,), (PERSON,))],
)
def test_persons_and_their_consents_come_together_or_not_at_all(
    sections: tuple[Section, ...], persons: tuple[GrantedPerson, ...]
) -> None:
    """PSN on the enterprise's word alone is refused, and so is a consent for nothing."""
    require(GRANT)

    with pytest.raises(GrantRefused):
        require(msgspec.structs.replace(GRANT, sections=sections, persons=persons))


@pytest.mark.parametrize(
    ("outcome", "records"), [(Outcome.SERIOUS_LIST, 1), (Outcome.NOTHING_ADVERSE, 0)]
)
def test_what_courts_hold_about_a_legal_representative(
    contracts: Path, outcome: Outcome, records: int
) -> None:
    """As the contract has it: the name in full, a court, and no number of the person."""
    fixed = next(one for one in list_fixed() if one.outcome is outcome)
    schema = json.loads((contracts / "platforms/provincial/messages.schema.json").read_bytes())
    validator = Draft202012Validator({**schema, "$ref": "#/$defs/PsnRecord"})

    written = write_persons(build_fixed(NOW.date())[fixed.uscc], as_of=delivered_at(NOW))

    assert len(written) == records
    for record in written:
        validator.validate(msgspec.to_builtins(record))
        assert record["person_name"] == fixed.legal_representative
