"""What an entry says a consent reaches, in the words of the rules. Pure."""

from enum import StrEnum
from typing import TypeVar

from creditbridge.consents.model import Consent, ConsentState
from creditbridge.foundation.errors import Untrusted
from creditbridge.ledger.model import ConsentExtent, Core
from creditbridge.profile.codes import (
    ConsentForm,
    DataClass,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)

T = TypeVar("T", bound=StrEnum)


class LawBroken(Untrusted):
    """An entry that the house's laws do not allow where it stands."""

    code = "law-broken"
    message = "The ledger shows a use or a delivery that no live consent covers."


def consent_of(core: Core, terms: ConsentExtent, state: ConsentState) -> Consent:
    """Return the consent that an entry describes, in the state that it leads to.

    Raises:
        LawBroken: a word that the house does not know.
    """
    return Consent(
        consent_id=core.consent or "",
        version=terms.version,
        state=state,
        bank_id=core.bank or "",
        clients=terms.clients,
        uscc=core.enterprise or "",
        purposes=frozenset(word_of(Purpose, word) for word in terms.purposes),
        sections=frozenset(word_of(SectionCode, word) for word in terms.sections),
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
        max_queries=terms.max_queries,
        used=0,
        business_ref=terms.business_ref,
        business_closed_at=None,
        data_classes=_word_set(DataClass, terms.data_classes),
        products=_word_set(Product, terms.products),
        roles=_word_set(SubjectRole, terms.roles),
        recurring=terms.recurring is not False,
        per_day=terms.per_day,
        min_interval_seconds=terms.min_interval_seconds,
        retention_days=terms.retention_days,
        until=word_of(Until, terms.until or Until.TERM),
        form=word_of(ConsentForm, terms.form or ConsentForm.E_SIGN),
    )


def _word_set(kind: type[T], words: frozenset[str] | None) -> frozenset[T]:
    return frozenset(word_of(kind, word) for word in words or ())


def word_or_none(kind: type[T], word: str | None) -> T | None:
    """Return a word of an entry as a member of a closed set; None where the entry has none."""
    return None if word is None else word_of(kind, word)


def word_of(kind: type[T], word: str) -> T:
    """Return a word of an entry as a member of a closed set.

    Raises:
        LawBroken: it is none.
    """
    try:
        return kind(word)
    except ValueError as error:
        raise LawBroken(detail=f"a word that is no {kind.__name__}") from error
