"""The sections that a platform can supply today: one file each, registered in two lines here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias, get_args

from creditbridge.profile.codes import SectionCode
from creditbridge.profile.section import SectionDefinition
from creditbridge.profile.sections.abnormalities import ABNORMALITIES, Abnormality
from creditbridge.profile.sections.evaluations import EVALUATIONS, Evaluation
from creditbridge.profile.sections.insurance import INSURANCE, InsuredMonth
from creditbridge.profile.sections.judgments import JUDGMENTS, Defaulter, UnfulfilledJudgment
from creditbridge.profile.sections.licences import LICENCES, Licence
from creditbridge.profile.sections.listings import LISTINGS, Listing
from creditbridge.profile.sections.penalties import PENALTIES, Penalty
from creditbridge.profile.sections.persons import KEY_PERSONS, KeyPersonRecord
from creditbridge.profile.sections.registration import REGISTRATION, Registration
from creditbridge.profile.sections.taxes import (
    TAXES,
    TaxArrears,
    TaxCredit,
    TaxNonNormal,
    TaxPayment,
)

Record: TypeAlias = (
    Registration
    | Licence
    | Penalty
    | Abnormality
    | Listing
    | Defaulter
    | UnfulfilledJudgment
    | TaxCredit
    | TaxArrears
    | TaxNonNormal
    | TaxPayment
    | InsuredMonth
    | Evaluation
    | KeyPersonRecord
)
RECORD_TYPES: tuple[type[Record], ...] = get_args(Record)

DEFINITIONS: Mapping[SectionCode, SectionDefinition] = MappingProxyType(
    {
        definition.code: definition
        for definition in (
            REGISTRATION,
            LICENCES,
            PENALTIES,
            ABNORMALITIES,
            LISTINGS,
            JUDGMENTS,
            TAXES,
            INSURANCE,
            EVALUATIONS,
            KEY_PERSONS,
        )
    }
)

__all__ = [
    "DEFINITIONS",
    "RECORD_TYPES",
    "Abnormality",
    "Defaulter",
    "Evaluation",
    "InsuredMonth",
    "KeyPersonRecord",
    "Licence",
    "Listing",
    "Penalty",
    "Record",
    "Registration",
    "TaxArrears",
    "TaxCredit",
    "TaxNonNormal",
    "TaxPayment",
    "UnfulfilledJudgment",
]
