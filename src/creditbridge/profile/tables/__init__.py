"""The code tables, as versioned data: what a value means, under which scheme, since when."""

from creditbridge.profile.tables.entities import (
    COUNTERPART_TYPE,
    ENTERPRISE_ID_TYPE,
    ENTITY_STATUS,
    INDUSTRY_SECTION,
    LICENCE_CATEGORY,
    PERSON_ID_TYPE,
)
from creditbridge.profile.tables.extents import (
    DATA_CLASS,
    KEY_POSITION,
    PERSON_MEASURE,
    PRODUCT,
    SUBJECT_ROLE,
)
from creditbridge.profile.tables.grades import (
    CUSTOMS_CREDIT,
    ENV_CREDIT,
    PUBLIC_CREDIT_GRADE,
    TAX_CREDIT,
)
from creditbridge.profile.tables.purposes import ENTERPRISE_REASON, PERSONAL_REASON, PURPOSE
from creditbridge.profile.tables.records import (
    ABNORMALITY_REASON,
    EVALUATION_DIMENSION,
    FINALITY,
    KEY_AREA,
    LIST_TYPE,
    MEASURE,
    PAID_STATE,
    PENALTY_KIND,
    PERFORMANCE,
    PROCEDURE,
    SEVERITY,
    TRUSTWORTHY,
)

# In each profile: a new row, or a row ended, is a new version.
CODE_TABLES_VERSION = "2026-11-4"

CODE_TABLES = (
    ABNORMALITY_REASON,
    COUNTERPART_TYPE,
    CUSTOMS_CREDIT,
    DATA_CLASS,
    ENTERPRISE_ID_TYPE,
    ENTERPRISE_REASON,
    ENTITY_STATUS,
    ENV_CREDIT,
    EVALUATION_DIMENSION,
    FINALITY,
    INDUSTRY_SECTION,
    KEY_AREA,
    KEY_POSITION,
    LICENCE_CATEGORY,
    LIST_TYPE,
    MEASURE,
    PAID_STATE,
    PENALTY_KIND,
    PERFORMANCE,
    PERSONAL_REASON,
    PERSON_ID_TYPE,
    PERSON_MEASURE,
    PROCEDURE,
    PRODUCT,
    PUBLIC_CREDIT_GRADE,
    PURPOSE,
    SEVERITY,
    SUBJECT_ROLE,
    TAX_CREDIT,
    TRUSTWORTHY,
)
