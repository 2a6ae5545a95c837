"""The consents that a request asks for: `authorization_details` of type `credit_report`."""

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from creditbridge.access.pushed.contract import details_schema, format_schema
from creditbridge.access.pushed.details import DETAILS_MAX, read_details
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.uscc import outer_check

CONTRACT = Path(__file__).parents[3] / "contracts" / "authorization-details.schema.json"
USCC = "91330100YY0000A13Y"
OTHER_USCC = "91330106589876549K"
DETAIL: dict[str, object] = {
    "type": "credit_report",
    "enterprise": {"uscc": USCC, "name": "Example Works"},
    "purposes": ["PRE_LOAN_REVIEW"],
    "sections": ["REG", "PEN"],
    "valid_to": "2027-03-01T00:00:00+08:00",
    "max_queries": 3,
}


def encode(*details: object) -> str:
    """Return `authorization_details` as a form brings them."""
    return json.dumps(details)


def test_R1_a_detail_is_read_whole() -> None:
    """Every member, those that may be absent included; instants in any offset."""
    whole: dict[str, object] = {
        **DETAIL,
        "valid_from": "2026-12-01T00:00:00Z",
        "clients": ["north-web"],
        "business_ref": "LOAN-7",
        "authorization_no": "SQ-7",
    }

    (detail,) = read_details(encode(whole))

    assert detail.enterprise.uscc == USCC
    assert detail.purposes == (Purpose.PRE_LOAN_REVIEW,)
    assert detail.sections == (SectionCode.REG, SectionCode.PEN)
    assert (detail.valid_from, detail.clients) != (None, ())
    assert msgspec.json.decode(msgspec.json.encode(detail)) == {
        **whole,
        "valid_to": "2027-03-01T00:00:00+08:00",
    }


def test_R1_a_request_without_details_asks_for_no_consent() -> None:
    """The parameter is optional; an empty array is not."""
    assert read_details(None) == ()
    with pytest.raises(DetailsInvalid):
        read_details("[]")


def test_R1_up_to_ten_details_are_one_request() -> None:
    """Ten are read, eleven are refused."""
    assert len(read_details(encode(*[DETAIL] * DETAILS_MAX))) == DETAILS_MAX
    with pytest.raises(DetailsInvalid):
        read_details(encode(*[DETAIL] * (DETAILS_MAX + 1)))


def test_R1_a_code_is_kept_in_its_normal_form() -> None:
    """Blanks around it and small letters are no other enterprise."""
    enterprise = {"uscc": f" {USCC.lower()} ", "name": "Example Works"}

    (detail,) = read_details(encode({**DETAIL, "enterprise": enterprise}))

    assert detail.enterprise.uscc == USCC


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "credit_reports"},
        {"type": None},
        {"extra": 1},
        {"locations": ["https://bank.gateway.example"]},
        {"enterprise": {"uscc": "91330100YY0000A13A", "name": "x"}},
        {"enterprise": {"uscc": "330100199001010010", "name": "x"}},
        {"enterprise": {"uscc": USCC}},
        {"enterprise": {"uscc": USCC, "name": ""}},
        {"enterprise": {"uscc": USCC, "name": "x", "extra": 1}},
        {"purposes": []},
        {"purposes": ["CURIOSITY"]},
        {"purposes": "PRE_LOAN_REVIEW"},
        {"sections": []},
        {"sections": ["XXX"]},
        {"valid_to": "2027-03-01"},
        {"valid_to": "2027-03-01T00:00:00"},
        {"valid_from": "yesterday"},
        {"max_queries": 0},
        {"max_queries": 1_000_001},
        {"max_queries": "3"},
        {"clients": [""]},
        {"clients": [f"client-{number}" for number in range(33)]},
        {"business_ref": ""},
        {"authorization_no": "A" * 65},
    ],
)
def test_R1_a_detail_with_a_fault_is_refused(changed: dict[str, object]) -> None:
    """Unknown type or member, a bad code, an unknown purpose or section, a value out of bounds."""
    with pytest.raises(DetailsInvalid):
        read_details(encode({**DETAIL, **changed}))


@pytest.mark.parametrize("name", sorted(DETAIL))
def test_R1_a_detail_without_a_member_is_refused(name: str) -> None:
    """Each that the schema requires; the type among them."""
    with pytest.raises(DetailsInvalid):
        read_details(encode({known: DETAIL[known] for known in DETAIL if known != name}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        '"credit_report"',
        "[1]",
        "[[]]",
        "[" * 40,
        json.dumps(DETAIL),
        encode(DETAIL)[:-1],
        encode(DETAIL) + "]",
        encode(DETAIL)[:-1] + ',{"type":"credit_report"}]',
        encode(DETAIL).replace('"max_queries"', '"max_queries": 2, "max_queries"'),
        encode(DETAIL).replace("3", "1e3"),
        encode(DETAIL).replace("Example", "\\ud800"),
    ],
)
def test_R1_what_is_no_array_of_details_is_refused(text: str) -> None:
    """Another value, a broken text, a member twice, half of a surrogate pair."""
    with pytest.raises(DetailsInvalid):
        read_details(text)


def test_Z7_all_details_are_about_one_enterprise() -> None:
    """One person speaks for one enterprise, and decides on all of it."""
    assert outer_check(OTHER_USCC[:-1]) == OTHER_USCC[-1]
    other = {**DETAIL, "enterprise": {"uscc": OTHER_USCC, "name": "Other"}}

    with pytest.raises(DetailsInvalid):
        read_details(encode(DETAIL, other))


def test_R1_numbers_of_one_request_differ() -> None:
    """Two consents under one number could not both be lodged; none at all is no number."""
    numbered = {**DETAIL, "authorization_no": "SQ-7"}

    assert len(read_details(encode(DETAIL, DETAIL, numbered))) == 3
    with pytest.raises(DetailsInvalid):
        read_details(encode(numbered, numbered))


def test_R1_the_contract_is_generated_from_the_struct() -> None:
    """Byte for byte; after a change write what `format_schema` returns."""
    assert CONTRACT.read_text(encoding="utf-8") == format_schema(details_schema())


def test_R1_the_contract_and_the_reader_agree() -> None:
    """A good request follows the schema, and each fault that a schema can name breaks it."""
    schema = json.loads(CONTRACT.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    assert list(validator.iter_errors([DETAIL])) == []
    faults: list[dict[str, object]] = [
        {"type": "x"},
        {"extra": 1},
        {"sections": []},
        {"max_queries": 0},
    ]
    for fault in faults:
        assert list(validator.iter_errors([{**DETAIL, **fault}])) != []
    assert list(validator.iter_errors([])) != []
    assert list(validator.iter_errors([DETAIL] * (DETAILS_MAX + 1))) != []
