"""What is unusual about a request for consent, to be called out before the decision."""

from collections.abc import Set as AbstractSet
from datetime import timedelta

from creditbridge.endpoints.views import Oddity, Terms, Unusual
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
    if Purpose.RELATED_PARTY in terms.purposes:
        found.append(Oddity(sign=Unusual.RELATED_PARTY))
    return tuple(found)
