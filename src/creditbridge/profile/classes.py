"""Which class of data a section holds, and so which class of consent it needs (ZJ 15, 20; CRR 28).

The strict reading: whatever may be in a section must be consented to, or the section is not read.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from creditbridge.profile.codes import DataClass, SectionCode

# Never to a bank on an enterprise's word: the one is the person's own to give, the other nobody's.
CLOSED_CLASSES = frozenset({DataClass.PERSONAL, DataClass.GOV_ONLY})
OPEN_CLASSES = frozenset(DataClass) - CLOSED_CLASSES

_PUBLIC = frozenset({DataClass.PUBLIC})
_BY_QUERY = frozenset({DataClass.PUBLIC, DataClass.QUERY})

NEEDED_CLASSES: Mapping[SectionCode, frozenset[DataClass]] = MappingProxyType(
    {
        SectionCode.REG: _PUBLIC,
        SectionCode.OWN: _PUBLIC,
        SectionCode.CHG: _PUBLIC,
        SectionCode.LIC: _PUBLIC,
        SectionCode.PEN: _PUBLIC,
        SectionCode.ABN: _PUBLIC,
        SectionCode.LST: _PUBLIC,
        SectionCode.JUD: _BY_QUERY,
        # Grades and arrears; a record of amounts is COMMERCIAL, and withheld without that.
        SectionCode.TAX: _BY_QUERY,
        SectionCode.SOC: frozenset({DataClass.COMMERCIAL}),
        SectionCode.FIN: frozenset({DataClass.LENDING}),
        SectionCode.ENV: _PUBLIC,
        SectionCode.SAF: _PUBLIC,
        SectionCode.CUS: _BY_QUERY,
        SectionCode.UTL: frozenset({DataClass.COMMERCIAL}),
        SectionCode.IPR: _PUBLIC,
        SectionCode.HON: _PUBLIC,
        SectionCode.EVA: frozenset({DataClass.QUERY}),
        SectionCode.PSN: frozenset({DataClass.PERSONAL}),
        SectionCode.DSP: _PUBLIC,
        SectionCode.QRY: frozenset({DataClass.QUERY}),
    }
)


def classes_of(sections: Iterable[SectionCode]) -> frozenset[DataClass]:
    """Return the classes that a reader of these sections reads, where nobody narrowed them.

    QUERY is always among them: a source may mark any single record as not public.
    """
    needed = (NEEDED_CLASSES[section] for section in sections)
    return _BY_QUERY.union(*needed)
