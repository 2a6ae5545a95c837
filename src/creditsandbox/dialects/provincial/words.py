"""The platform's words and how it spells dates, instants and amounts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

import msgspec

from creditsandbox.province.codes import (
    AbnormalityReason,
    Disclosure,
    Finality,
    LicenceCategory,
    PaidState,
    PenaltyKind,
    Performance,
    Severity,
    Status,
)

YUAN_PER_WAN = 10_000
NO_END = "9999-9-9"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Their word for each of the province's codes, and a few phrases."""

    states: dict[Status, str]
    kinds: dict[PenaltyKind, str]
    lists: dict[str, str]
    severities: dict[Severity, str]
    finalities: dict[Finality, str]
    disclosures: dict[Disclosure, str]
    licences: dict[LicenceCategory, str]
    abnormal_reasons: dict[AbnormalityReason, str]
    performances: dict[Performance, str]
    paid_states: dict[PaidState, str]
    system: str
    remove_reason: str
    fine: str
    no_fine: str


WORDS = msgspec.json.decode(
    (files("creditsandbox.dialects.provincial") / "words.json").read_bytes(), type=Words
)


def write_instant(instant: datetime) -> str:
    """Return an instant in UTC with whole seconds (RFC 3339)."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_date(day: date) -> str:
    """Return a day as the platform's own tables hold it, `2026-03-01`."""
    return day.isoformat()


def write_loose_date(day: date) -> str:
    """Return a day as older systems hold it, `2026-3-1`."""
    return f"{day.year}-{day.month}-{day.day}"


def write_compact_date(day: date) -> str:
    """Return a day as yet others hold it, `20260301`."""
    return f"{day:%Y%m%d}"


def write_date_or_none(day: date | None) -> str | None:
    """Return a day in the platform's own form, or nothing where there is none."""
    return None if day is None else write_date(day)


def write_decimal(number: Decimal) -> str:
    """Return a number as text, without an exponent and without zeros that say nothing."""
    return f"{number.normalize():f}"


def write_yuan(amount: Decimal) -> dict[str, str]:
    """Return an amount in 元."""
    return {"amount": write_decimal(amount), "unit": "元", "currency": "CNY"}


def write_wan(amount_yuan: Decimal) -> dict[str, str]:
    """Return an amount given in 元 as 万元, the unit of most feeds."""
    amount = write_decimal(amount_yuan / YUAN_PER_WAN)
    return {"amount": amount, "unit": "万元", "currency": "CNY"}
