"""How one record of each section is read: by the struct of its words, then by its mapping. Pure."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import msgspec

from creditbridge.platforms.provincial.courts import map_judgment
from creditbridge.platforms.provincial.departments import (
    map_abnormality,
    map_licence,
    map_month,
)
from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.records import (
    map_evaluation,
    map_key_person,
    map_listing,
    map_penalty,
    map_registration,
)
from creditbridge.platforms.provincial.schema import (
    TheirEvaluation,
    TheirKeyPerson,
    TheirListing,
    TheirPenalty,
    TheirRecord,
    TheirRegistration,
)
from creditbridge.platforms.provincial.schema.departments import (
    TheirAbnormality,
    TheirInsuredMonth,
    TheirJudgment,
    TheirLicence,
    TheirTax,
)
from creditbridge.platforms.provincial.taxes import map_tax
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.model import QualityNote
from creditbridge.profile.sections import Record

Theirs = TypeVar("Theirs", bound=TheirRecord)
NameRecord: TypeAlias = Callable[[str], str]  # The platform's number of a record -> our id of it.
ReadRecord: TypeAlias = Callable[[msgspec.Raw, NameRecord], tuple[Record, tuple[QualityNote, ...]]]


def reads(
    section: SectionCode,
    decoder: msgspec.json.Decoder[Theirs],
    map_record: Callable[[Theirs, RecordContext, FieldReader], Record],
) -> ReadRecord:
    """Return what reads a record of a section, with the notes on its fields.

    Its digest is of the bytes as they came. It raises `msgspec.ValidationError` on another shape.
    """

    def read(raw: msgspec.Raw, name: NameRecord) -> tuple[Record, tuple[QualityNote, ...]]:
        theirs = decoder.decode(raw)
        record_id = name(theirs.record_no)
        reader = FieldReader(section, record_id)
        digest = hashlib.sha256(bytes(raw)).hexdigest()
        context = RecordContext(record_id=record_id, raw_digest=digest)
        return map_record(theirs, context, reader), reader.notes

    return read


# The whole body has passed the guard of `strict_json` by now; only shapes are left to check.
# A decoder is made once: for a union of types that takes longer than the reading.
READERS: Mapping[SectionCode, ReadRecord] = MappingProxyType(
    {
        SectionCode.REG: reads(
            SectionCode.REG, msgspec.json.Decoder(TheirRegistration), map_registration
        ),
        SectionCode.LIC: reads(SectionCode.LIC, msgspec.json.Decoder(TheirLicence), map_licence),
        SectionCode.PEN: reads(SectionCode.PEN, msgspec.json.Decoder(TheirPenalty), map_penalty),
        SectionCode.ABN: reads(
            SectionCode.ABN, msgspec.json.Decoder(TheirAbnormality), map_abnormality
        ),
        SectionCode.LST: reads(SectionCode.LST, msgspec.json.Decoder(TheirListing), map_listing),
        SectionCode.JUD: reads(
            SectionCode.JUD, msgspec.json.Decoder[TheirJudgment](TheirJudgment), map_judgment
        ),
        SectionCode.TAX: reads(SectionCode.TAX, msgspec.json.Decoder[TheirTax](TheirTax), map_tax),
        SectionCode.SOC: reads(SectionCode.SOC, msgspec.json.Decoder(TheirInsuredMonth), map_month),
        SectionCode.EVA: reads(
            SectionCode.EVA, msgspec.json.Decoder(TheirEvaluation), map_evaluation
        ),
        SectionCode.PSN: reads(
            SectionCode.PSN, msgspec.json.Decoder(TheirKeyPerson), map_key_person
        ),
    }
)
