"""The sections that a platform can supply today: one file each, registered in two lines here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias, get_args

from creditbridge.profile.codes import SectionCode
from creditbridge.profile.section import SectionDefinition
from creditbridge.profile.sections.evaluations import EVALUATIONS, Evaluation
from creditbridge.profile.sections.listings import LISTINGS, Listing
from creditbridge.profile.sections.penalties import PENALTIES, Penalty
from creditbridge.profile.sections.persons import KEY_PERSONS, KeyPersonRecord
from creditbridge.profile.sections.registration import REGISTRATION, Registration

Record: TypeAlias = Registration | Penalty | Listing | Evaluation | KeyPersonRecord
RECORD_TYPES: tuple[type[Record], ...] = get_args(Record)

DEFINITIONS: Mapping[SectionCode, SectionDefinition] = MappingProxyType(
    {
        definition.code: definition
        for definition in (REGISTRATION, PENALTIES, LISTINGS, EVALUATIONS, KEY_PERSONS)
    }
)

__all__ = [
    "DEFINITIONS",
    "RECORD_TYPES",
    "Evaluation",
    "KeyPersonRecord",
    "Listing",
    "Penalty",
    "Record",
    "Registration",
]
