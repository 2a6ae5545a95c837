"""PSN: what courts and listing organs hold about key persons, each under their own consent.

The section speaks of those persons alone whom the profile names as consenting: a record of anybody
else is not there, not counted, not hinted at.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from creditbridge.profile.codes import DataClass, KeyPosition, SectionCode
from creditbridge.profile.persons import CoveredPerson, is_covered
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import SectionDefinition, show_as_is


class PersonMeasure(StrEnum):
    """What a record says of a person; a closed set (CRR 14, ZJ 14: nothing else of a person)."""

    JUDGMENT_DEFAULTER = "JUDGMENT_DEFAULTER"
    SERIOUS_LIST = "SERIOUS_LIST"
    EXIT_RESTRICTION = "EXIT_RESTRICTION"
    OTHER = "OTHER"


class KeyPersonRecord(RecordBase, frozen=True, kw_only=True, tag="KEY_PERSON"):
    """One record about a person; `measure_text` is the source's own word. No id number, ever."""

    person: str
    positions: tuple[KeyPosition, ...]
    measure: PersonMeasure
    measure_text: str
    document_no: str | None
    decided: date | None
    ends: date | None
    authority: str
    authority_uscc: str | None


def mask_person(record: RecordBase, persons: Sequence[CoveredPerson]) -> RecordBase | None:
    """Show a record about a person who agreed to it, and no other."""
    if not isinstance(record, KeyPersonRecord):
        return None
    covered = is_covered(persons, record.person, record.positions, SectionCode.PSN)
    return record if covered else None


def identify_person_record(record: RecordBase) -> tuple[str, ...] | None:
    """Name the decision and whom it is about; None where the source gives no number."""
    if not isinstance(record, KeyPersonRecord) or record.document_no is None:
        return None
    return (record.authority_uscc or record.authority, record.document_no, record.person)


KEY_PERSONS = SectionDefinition(
    code=SectionCode.PSN,
    title_zh="关键人员信息",
    title_en="key persons",
    data_class=DataClass.PERSONAL,
    age_max=timedelta(hours=24),
    show=show_as_is,
    identify=identify_person_record,
    mask=mask_person,
    is_adverse=True,
)
