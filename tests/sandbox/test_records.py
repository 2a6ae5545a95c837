"""The province's records in the platform's words."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from creditsandbox.dialects.provincial.records import (
    state_of,
    write_listing,
    write_penalty,
    write_registration,
)
from creditsandbox.dialects.provincial.sections import delivered_at
from creditsandbox.dialects.provincial.words import (
    write_compact_date,
    write_decimal,
    write_instant,
    write_loose_date,
    write_wan,
    write_yuan,
)
from creditsandbox.province.codes import Disclosure, Finality, PenaltyKind, Procedure, Severity
from creditsandbox.province.departments import get_department
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.model import Enterprise, Listing, Measure, Penalty

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
ECOLOGY = get_department("ECOLOGY", city="3301")
PENALTY = Penalty(
    document_no="杭环罚[2026]12号",
    kinds=(PenaltyKind.FINE, PenaltyKind.CONFISCATE_GAINS),
    procedure=Procedure.ORDINARY,
    finality=Finality.FINAL,
    fact="超标排放。",
    basis="《水污染防治法》第八十三条",
    fine=Decimal(125_000),
    confiscated=Decimal("1200.50"),
    licence_affected=None,
    decided_on=date(2026, 3, 1),
    published_on=date(2026, 3, 8),
    publicity_ends_on=date(2027, 3, 1),
    authority=ECOLOGY,
    severity=Severity.GENERAL,
    key_areas=("ENVIRONMENT",),
)
LISTING = Listing(
    decision_no="杭税失信[2026]3号",
    list_type="MAJOR_TAX_VIOLATION",
    reason="虚开发票。",
    legal_basis="《办法》第六条",
    included_on=date(2026, 3, 1),
    term_ends_on=date(2029, 2, 28),
    removed_on=None,
    authority=ECOLOGY,
    measures=(Measure(code="RESTRICT_SUBSIDY", legal_basis=None, authority=ECOLOGY),),
)


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(AS_OF.date())[uscc]


def test_a_penalty_in_the_platforms_words() -> None:
    """Amounts in two units, dates in two spellings, codes as digits."""
    record = write_penalty(PENALTY, as_of=AS_OF, on=AS_OF.date())

    assert record["record_no"] == "PEN-杭环罚[2026]12号"
    assert record["punish_types"] == ["罚款", "没收违法所得"]
    assert record["punish_content"] == "处以罚款、没收违法所得，罚款人民币125000元。"
    assert record["fine"] == {"amount": "12.5", "unit": "万元", "currency": "CNY"}
    assert record["confiscated"] == {"amount": "1200.5", "unit": "元", "currency": "CNY"}
    assert (record["severity"], record["finality"], record["state"]) == ("2", "1", "1")
    assert (record["set_time"], record["public_date"]) == ("2026-03-01", "2026-3-8")
    assert record["public_end_date"] == "2027-03-01"
    assert record["keep_end_date"] == "2031-03-01"
    assert record["organ_name"] == "杭州市生态环境局"
    assert record["is_cancelled"] == "0"


@pytest.mark.parametrize(
    ("changes", "info_kind"),
    [
        ({}, "2"),
        ({"procedure": Procedure.SIMPLE}, "1"),
        ({"finality": Finality.APPEAL_OPEN}, "1"),
        ({"finality": Finality.UNDER_REVIEW}, "1"),
        ({"finality": Finality.REVOKED}, "1"),
    ],
)
def test_only_final_and_ordinary_penalties_are_adverse(
    changes: dict[str, object], info_kind: str
) -> None:
    """ZJ 11: decided on the spot, or not final, is basic information at most."""
    penalty: Penalty = msgspec.structs.replace(PENALTY, **changes)

    assert write_penalty(penalty, as_of=AS_OF, on=AS_OF.date())["info_kind"] == info_kind


@pytest.mark.parametrize(
    ("changes", "on", "state"),
    [
        ({}, date(2027, 2, 28), "1"),
        ({}, date(2027, 3, 1), "3"),
        ({"repaired_on": date(2026, 9, 1)}, date(2026, 11, 21), "4"),
        ({"repaired_on": date(2026, 9, 1)}, date(2028, 1, 1), "4"),
        ({"revoked_on": date(2026, 5, 1)}, date(2028, 1, 1), "5"),
    ],
)
def test_the_state_of_a_penalty(changes: dict[str, object], on: date, state: str) -> None:
    """In force to the last day of publication; repaired and revoked stay so."""
    penalty: Penalty = msgspec.structs.replace(PENALTY, **changes)

    assert state_of(penalty, on=on) == state


def test_a_penalty_without_a_fine_names_none() -> None:
    """A warning has no amount, and a revoked one says that its case was withdrawn."""
    warned = msgspec.structs.replace(
        PENALTY,
        kinds=(PenaltyKind.WARNING,),
        fine=Decimal(0),
        confiscated=Decimal(0),
        revoked_on=date(2026, 5, 1),
        disclosure=Disclosure.GOV_ONLY,
    )

    record = write_penalty(warned, as_of=AS_OF, on=AS_OF.date())

    assert (record["fine"], record["confiscated"]) == (None, None)
    assert record["punish_content"] == "处以警告。"
    assert (record["is_cancelled"], record["open_level"]) == ("1", "3")


def test_a_listing_in_the_platforms_words() -> None:
    """The list by its Chinese name; a measure without a basis says so."""
    record = write_listing(LISTING, as_of=AS_OF)

    assert record["list_name"] == "重大税收违法失信主体"
    assert (record["state"], record["remove_date"], record["remove_reason"]) == ("1", None, None)
    assert record["measures"] == [
        {
            "code": "RESTRICT_SUBSIDY",
            "legal_basis": None,
            "basis_published": False,
            "authority": "杭州市生态环境局",
            "from": "2026-03-01",
            "to": "2029-02-28",
        }
    ]


def test_a_removed_listing_says_when_and_why() -> None:
    """State 2, the day, and a reason."""
    removed = msgspec.structs.replace(LISTING, removed_on=date(2026, 10, 1))

    record = write_listing(removed, as_of=AS_OF)

    assert (record["state"], record["remove_date"]) == ("2", "2026-10-01")
    assert record["remove_reason"] == "信用修复或者期限届满"


def test_a_registration_in_the_platforms_words() -> None:
    """Capital in 万元, a division of nine digits, and every spelling of a date."""
    record = write_registration(fixed(Outcome.FOUND), as_of=AS_OF)

    assert record["reg_state"] == "存续"
    assert record["legal_rep"] == "沈沙澄"
    assert record["division"] == "330106000"
    assert record["est_date"] == "2012-5-18"
    assert str(record["approved_date"]).startswith("201205")
    assert record["industry"] == {"edition": "2017", "code": "C", "name": "通用设备制造业"}


def test_spellings() -> None:
    """Dates without padding or dashes, instants in UTC, numbers without an exponent."""
    assert write_loose_date(date(2026, 3, 1)) == "2026-3-1"
    assert write_compact_date(date(2026, 3, 1)) == "20260301"
    assert write_instant(datetime(2026, 3, 1, 2, 3, 4, 999, tzinfo=UTC)) == "2026-03-01T02:03:04Z"
    assert write_decimal(Decimal("1E+4")) == "10000"
    assert write_wan(Decimal(1)) == {"amount": "0.0001", "unit": "万元", "currency": "CNY"}
    assert write_yuan(Decimal("10.00")) == {"amount": "10", "unit": "元", "currency": "CNY"}


@pytest.mark.parametrize(("hour", "delivered"), [(0, 0), (5, 0), (6, 6), (17, 12), (23, 18)])
def test_sources_deliver_every_six_hours(hour: int, delivered: int) -> None:
    """The last delivery is at most six hours old."""
    now = datetime(2026, 11, 21, hour, 59, 59, 5, tzinfo=UTC)

    assert delivered_at(now) == datetime(2026, 11, 21, delivered, tzinfo=UTC)
