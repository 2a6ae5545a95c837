"""The closed sets of the profile; the values are the words of the wire and of the ledger.

What a code means, in Chinese and English and since when, stands in `profile.tables`.
"""

from enum import StrEnum


class SectionCode(StrEnum):
    """The sections of a profile. Stored in consents and in the ledger: never renamed."""

    REG = "REG"
    OWN = "OWN"
    CHG = "CHG"
    LIC = "LIC"
    PEN = "PEN"
    ABN = "ABN"
    LST = "LST"
    JUD = "JUD"
    TAX = "TAX"
    SOC = "SOC"
    FIN = "FIN"
    ENV = "ENV"
    SAF = "SAF"
    CUS = "CUS"
    UTL = "UTL"
    IPR = "IPR"
    HON = "HON"
    EVA = "EVA"
    PSN = "PSN"
    DSP = "DSP"
    QRY = "QRY"


class Purpose(StrEnum):
    """Why a bank asks. Stored in consents and in the ledger: never renamed."""

    PRE_LOAN_REVIEW = "PRE_LOAN_REVIEW"
    LOAN_OPERATION = "LOAN_OPERATION"
    POST_LOAN = "POST_LOAN"
    RELATED_PARTY = "RELATED_PARTY"
    LIMIT_APPROVAL = "LIMIT_APPROVAL"
    GUARANTEE_REVIEW = "GUARANTEE_REVIEW"
    OTHER = "OTHER"
    KEY_PERSON_REVIEW = "KEY_PERSON_REVIEW"
    DISPUTE_CHECK = "DISPUTE_CHECK"


class Product(StrEnum):
    """What a bank lends by. Stored in consents and in the ledger: never renamed."""

    LOAN = "LOAN"
    TRADE_FINANCE = "TRADE_FINANCE"
    ACCEPTANCE = "ACCEPTANCE"
    DISCOUNT = "DISCOUNT"
    FACTORING = "FACTORING"
    GUARANTEE = "GUARANTEE"
    LETTER_OF_CREDIT = "LETTER_OF_CREDIT"


class SubjectRole(StrEnum):
    """The enterprise's part in the business. Stored in consents and the ledger: never renamed."""

    BORROWER = "BORROWER"
    GUARANTOR = "GUARANTOR"
    RELATED_PARTY = "RELATED_PARTY"


class KeyPosition(StrEnum):
    """What a natural person is to an enterprise. Stored in consents and the ledger: never renamed.

    Only who the identity service vouches for can consent as one; today the legal representative.
    """

    LEGAL_REP = "LEGAL_REP"
    CONTROLLER = "CONTROLLER"


class Until(StrEnum):
    """What ends a consent's term: its last instant alone, or the business's end before it."""

    TERM = "TERM"
    BUSINESS_END = "BUSINESS_END"  # The last instant is then the hard stop.


class ConsentForm(StrEnum):
    """How the enterprise's yes was made."""

    E_SIGN = "E_SIGN"
    PAPER_SCAN = "PAPER_SCAN"


class OmissionReason(StrEnum):
    """Why a section asked for is not in the profile: a class falls away, never a record."""

    NOT_CONSENTED = "NOT_CONSENTED"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    SUPPRESSED_BY_LAW = "SUPPRESSED_BY_LAW"


class ErrorClass(StrEnum):
    """Why a section is UNKNOWN."""

    SOURCE_DOWN = "SOURCE_DOWN"
    SOURCE_TIMEOUT = "SOURCE_TIMEOUT"
    SOURCE_INVALID = "SOURCE_INVALID"
    PLATFORM_UNAVAILABLE = "PLATFORM_UNAVAILABLE"
    PLATFORM_DEADLINE = "PLATFORM_DEADLINE"
    PLATFORM_UNTRUSTED = "PLATFORM_UNTRUSTED"
    ANSWER_UNREADABLE = "ANSWER_UNREADABLE"
    ENTERPRISE_UNKNOWN = "ENTERPRISE_UNKNOWN"
    SCHEMA_DRIFT = "SCHEMA_DRIFT"
    SECTION_MISSING = "SECTION_MISSING"
    COPY_TOO_OLD = "COPY_TOO_OLD"


class QualityCode(StrEnum):
    """What a reader must know about a value, a section or the subject."""

    PARTIAL = "PARTIAL"
    SOURCE_CONFLICT = "SOURCE_CONFLICT"
    OPEN_ENDED = "OPEN_ENDED"
    SENTINEL_DATE = "SENTINEL_DATE"
    SENTINEL_TEXT = "SENTINEL_TEXT"
    MASKED = "MASKED"
    MASKED_ID = "MASKED_ID"
    BAD_DATE = "BAD_DATE"
    BAD_NUMBER = "BAD_NUMBER"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    PUBLICITY_END_DERIVED = "PUBLICITY_END_DERIVED"
    SIMPLE_FINE_OVER_LIMIT = "SIMPLE_FINE_OVER_LIMIT"
    INNER_CHECK_DIGIT = "INNER_CHECK_DIGIT"


class InfoClass(StrEnum):
    """The three classes of a credit file (ZJ 9)."""

    BASIC = "BASIC"
    ADVERSE = "ADVERSE"
    TRUSTWORTHY = "TRUSTWORTHY"


class DataClass(StrEnum):
    """What kind of consent a datum needs."""

    PUBLIC = "PUBLIC"
    QUERY = "QUERY"
    LENDING = "LENDING"
    COMMERCIAL = "COMMERCIAL"
    PERSONAL = "PERSONAL"
    GOV_ONLY = "GOV_ONLY"


class Disclosure(StrEnum):
    """How far the source lets a record go (ZJ 15)."""

    PUBLIC = "PUBLIC"
    QUERY = "QUERY"
    GOV_ONLY = "GOV_ONLY"


class DepartmentLevel(StrEnum):
    """The level of the department that supplies a record."""

    NATIONAL = "NATIONAL"
    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"


class Severity(StrEnum):
    """How grave an adverse record is, in the levels of credit repair."""

    MINOR = "MINOR"
    GENERAL = "GENERAL"
    SERIOUS = "SERIOUS"
    NA = "NA"


class Finality(StrEnum):
    """Whether a decision can still be appealed. UNKNOWN is read as APPEAL_OPEN: not counted."""

    FINAL = "FINAL"
    APPEAL_OPEN = "APPEAL_OPEN"
    UNDER_REVIEW = "UNDER_REVIEW"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"


class Lifecycle(StrEnum):
    """Whether a record is still in force."""

    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"
    EXPIRED = "EXPIRED"
    REPAIRED = "REPAIRED"
    WITHDRAWN = "WITHDRAWN"


class DisputeState(StrEnum):
    """Where an objection to a record stands."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


class MatchBy(StrEnum):
    """By what a record was matched to the enterprise."""

    USCC = "USCC"
    ORG_CODE = "ORG_CODE"
    REG_NO = "REG_NO"
    TAX_NO = "TAX_NO"
    NAME = "NAME"


class Confidence(StrEnum):
    """How sure a match is; LOW is shown apart and counts for nothing."""

    EXACT = "EXACT"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Assurance(StrEnum):
    """Whether the platform's signature covers the whole answer."""

    HIGH = "HIGH"
    LOW = "LOW"


class FlagCode(StrEnum):
    """The decision flags: facts with evidence, never a verdict."""

    ENTITY_NOT_ALIVE = "ENTITY_NOT_ALIVE"
    JUDGMENT_DEFAULTER = "JUDGMENT_DEFAULTER"
    UNFULFILLED_JUDGMENT = "UNFULFILLED_JUDGMENT"
    SERIOUS_LIST = "SERIOUS_LIST"
    MAJOR_TAX = "MAJOR_TAX"
    TAX_D = "TAX_D"
    TAX_C = "TAX_C"
    TAX_ARREARS = "TAX_ARREARS"
    TAX_NON_NORMAL = "TAX_NON_NORMAL"
    ABNORMAL_ACTIVE = "ABNORMAL_ACTIVE"
    PENALTY_SERIOUS_24M = "PENALTY_SERIOUS_24M"
    LICENCE_EXPIRED = "LICENCE_EXPIRED"
    ENV_RED = "ENV_RED"
    ENV_BLACK = "ENV_BLACK"
    SAFETY_SERIOUS = "SAFETY_SERIOUS"
    CUSTOMS_DISCREDIT = "CUSTOMS_DISCREDIT"
    LEGAL_REP_CHANGED_6M = "LEGAL_REP_CHANGED_6M"
    HEADCOUNT_DROP_30PCT = "HEADCOUNT_DROP_30PCT"
    UTILITY_STOP = "UTILITY_STOP"
    EVA_LOW = "EVA_LOW"
    NAME_MISMATCH = "NAME_MISMATCH"
    DISPUTE_OPEN = "DISPUTE_OPEN"
    DATA_STALE = "DATA_STALE"
    SOURCE_DOWN = "SOURCE_DOWN"


class FlagLevel(StrEnum):
    """How much attention a flag asks for: advice."""

    BLOCK = "BLOCK"
    HIGH = "HIGH"
    WATCH = "WATCH"
    INFO = "INFO"


class FlagState(StrEnum):
    """RAISED by evidence; CLEAR only where every source answered; else INDETERMINATE."""

    RAISED = "RAISED"
    CLEAR = "CLEAR"
    INDETERMINATE = "INDETERMINATE"
