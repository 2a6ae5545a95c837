"""The province's own code words, as its feeds write them."""

from enum import StrEnum


class Category(StrEnum):
    """The categories of entities: five, and sole proprietors, who are kept apart."""

    ENTERPRISE = "ENTERPRISE"
    SOCIAL_ORG = "SOCIAL_ORG"
    PUBLIC_INSTITUTION = "PUBLIC_INSTITUTION"
    GOV_AGENCY = "GOV_AGENCY"
    SOLE_PROPRIETOR = "SOLE_PROPRIETOR"


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
