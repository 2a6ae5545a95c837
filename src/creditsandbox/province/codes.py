"""The province's own code words, as its feeds write them."""

from enum import StrEnum


class Category(StrEnum):
    """The categories of entities: the programme's five, sole proprietors, and all others.

    Natural persons have no USCC: they stand in `people.py`, and no code finds them.
    """

    ENTERPRISE = "ENTERPRISE"
    NATURAL_PERSON = "NATURAL_PERSON"
    SOCIAL_ORG = "SOCIAL_ORG"
    PUBLIC_INSTITUTION = "PUBLIC_INSTITUTION"
    GOV_AGENCY = "GOV_AGENCY"
    SOLE_PROPRIETOR = "SOLE_PROPRIETOR"
    OTHER = "OTHER"


class Status(StrEnum):
    """Whether an entity is alive."""

    ACTIVE = "ACTIVE"
    REVOKED_NOT_DEREGISTERED = "REVOKED_NOT_DEREGISTERED"
    DEREGISTERED = "DEREGISTERED"
    SUSPENDED = "SUSPENDED"
    MOVED_OUT = "MOVED_OUT"


class PenaltyKind(StrEnum):
    """The kinds of administrative penalties; one decision may carry several."""

    WARNING = "WARNING"
    FINE = "FINE"
    CONFISCATE_GAINS = "CONFISCATE_GAINS"
    REVOKE_LICENCE = "REVOKE_LICENCE"
    ORDER_SUSPEND = "ORDER_SUSPEND"


class Procedure(StrEnum):
    """How a penalty was decided."""

    SIMPLE = "01"
    ORDINARY = "02"


class Finality(StrEnum):
    """Whether a penalty can still be appealed."""

    FINAL = "FINAL"
    APPEAL_OPEN = "APPEAL_OPEN"
    UNDER_REVIEW = "UNDER_REVIEW"
    REVOKED = "REVOKED"


class Severity(StrEnum):
    """How hard a matter weighs, which sets how long it is published."""

    MINOR = "MINOR"
    GENERAL = "GENERAL"
    SERIOUS = "SERIOUS"


class Disclosure(StrEnum):
    """Who may see a record."""

    PUBLIC = "PUBLIC"
    QUERY = "QUERY"
    GOV_ONLY = "GOV_ONLY"


class LicenceCategory(StrEnum):
    """What kind of licence an organ gave; the values are those of the national tables."""

    ORDINARY = "01"
    CONCESSION = "02"
    ACCREDITATION = "03"
    VERIFICATION = "04"
    REGISTRATION = "05"
    OTHER = "06"


class LicenceState(StrEnum):
    """How a licence stands on a day."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class AbnormalityReason(StrEnum):
    """Why an entity stands among the abnormal."""

    NO_ANNUAL_REPORT = "NO_ANNUAL_REPORT"
    NO_DISCLOSURE_WITHIN_ORDER = "NO_DISCLOSURE_WITHIN_ORDER"
    FALSE_DISCLOSURE = "FALSE_DISCLOSURE"
    UNREACHABLE = "UNREACHABLE"


class JudgmentKind(StrEnum):
    """Two sources, never one: the second is wider than the first."""

    DEFAULTER = "DEFAULTER"
    UNFULFILLED = "UNFULFILLED"


class Performance(StrEnum):
    """How much of a judgment was performed."""

    NONE_PERFORMED = "NONE_PERFORMED"
    PARTLY = "PARTLY"
    FULLY = "FULLY"


class TaxGrade(StrEnum):
    """A taxpayer's grade of a year; none is normal too."""

    A = "A"
    B = "B"
    M = "M"
    C = "C"
    D = "D"


class PaidState(StrEnum):
    """Whether a month's social insurance was paid."""

    PAID = "PAID"
    OWED = "OWED"


class Change(StrEnum):
    """What of a registration changed."""

    NAME = "NAME"
    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    CAPITAL = "CAPITAL"
    ADDRESS = "ADDRESS"
    SCOPE = "SCOPE"
