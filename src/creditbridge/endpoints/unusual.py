"""What is unusual about a request for consent, to be called out before the decision."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from math import ceil

from creditbridge.endpoints.views import Oddity, Terms, Unusual
from creditbridge.profile.codes import Purpose, SectionCode, SubjectRole

USUAL_VALIDITY_MAX = timedelta(days=366)
USUAL_QUERIES_MAX = 12
DAYS_OF_YEAR = 366
USUAL_RETENTION_DAYS_MAX = 5 * DAYS_OF_YEAR
# The sections whose data is not public by law (DOMAIN, section 7.5: consent L, C, N).
SENSITIVE: tuple[tuple[Unusual, AbstractSet[SectionCode]], ...] = (
    (Unusual.PERSONAL, frozenset({SectionCode.PSN, SectionCode.OWN})),
    (Unusual.LENDING, frozenset({SectionCode.FIN})),
    (
        Unusual.COMMERCIAL,
        frozenset({SectionCode.SOC, SectionCode.UTL, SectionCode.TAX}),
    ),
)


def list_unusual(terms: Terms) -> tuple[Oddity, ...]:
    """Return what a careful representative would want to be told, gravest first."""
    sections = frozenset(terms.sections)
    # In the order above: who reads only the first line reads the gravest.
    found = [Oddity(sign=sign) for sign, watched in SENSITIVE if sections & watched]
    term = terms.valid_to - terms.valid_from
    if term > USUAL_VALIDITY_MAX:
        found.append(Oddity(sign=Unusual.LONG_VALIDITY, value=term.days))
    if terms.max_queries > USUAL_QUERIES_MAX:
        found.append(Oddity(sign=Unusual.MANY_USES, value=terms.max_queries))
    if _is_related(terms):
        found.append(Oddity(sign=Unusual.RELATED_PARTY))
    return (*found, *_list_lasting(terms))


def _list_lasting(terms: Terms) -> list[Oddity]:
    """Return the signs of what goes on behind the looks themselves."""
    found = list[Oddity]()
    if terms.extent.monitoring:
        found.append(Oddity(sign=Unusual.MONITORING))
    retention = terms.extent.retention_days
    if retention is not None and retention > USUAL_RETENTION_DAYS_MAX:
        found.append(Oddity(sign=Unusual.LONG_RETENTION, value=ceil(retention / DAYS_OF_YEAR)))
    return found


def _is_related(terms: Terms) -> bool:
    roles = terms.extent.roles
    return Purpose.RELATED_PARTY in terms.purposes or SubjectRole.RELATED_PARTY in roles
