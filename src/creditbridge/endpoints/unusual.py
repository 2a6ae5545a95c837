"""What is unusual about a request for consent, to be called out before the decision."""

from collections.abc import Set as AbstractSet
from datetime import timedelta

from creditbridge.endpoints.views import Terms, Unusual
from creditbridge.profile.codes import Purpose, SectionCode

USUAL_VALIDITY_MAX = timedelta(days=366)
USUAL_QUERIES_MAX = 12
# The sections whose data is not public by law (DOMAIN, section 7.5: consent L, C, N).
SENSITIVE: tuple[tuple[Unusual, AbstractSet[SectionCode]], ...] = (
    (Unusual.PERSONAL, frozenset({SectionCode.PSN, SectionCode.OWN})),
    (Unusual.LENDING, frozenset({SectionCode.FIN})),
    (
        Unusual.COMMERCIAL,
        frozenset({SectionCode.SOC, SectionCode.UTL, SectionCode.TAX}),
    ),
)


def list_unusual(terms: Terms) -> tuple[Unusual, ...]:
    """Return what a careful representative would want to be told, gravest first."""
    sections = frozenset(terms.sections)
    # In the order above: who reads only the first line reads the gravest.
    found = [sign for sign, watched in SENSITIVE if sections & watched]
    if terms.valid_to - terms.valid_from > USUAL_VALIDITY_MAX:
        found.append(Unusual.LONG_VALIDITY)
    if terms.max_queries > USUAL_QUERIES_MAX:
        found.append(Unusual.MANY_USES)
    if Purpose.RELATED_PARTY in terms.purposes:
        found.append(Unusual.RELATED_PARTY)
    return tuple(found)
